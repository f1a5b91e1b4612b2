/**
 * Dirty keys of a static gateway (PROTOCOL D1, D2). There is no Postgres, so a dirty key is an intent that stays open
 * until its key was settled: the log on disk remembers it, reads of it go to the authority as of any key in flight, and
 * after a kill the next start finds it there and marks it again. What is kept in memory beside it (generation, hold,
 * turn) may be lost, because a start takes the most careful value of each.
 */
import type { Clock, Log } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';
import { keyHash } from '@/lib/domain/item/key';
import type { DirtyCause } from '@/lib/domain/routing/dirty';
import type { SafeguardSet } from '@/lib/domain/safeguards';
import type { Intents, OpenKey } from '../intents/intents';
import type { DirtyKnown, Marker } from '../pipeline/marker';
import type { Views } from '../pipeline/views';

export interface DirtyKey {
  key: OpenKey;
  cause: DirtyCause;
  generation: number;
  /** Monotonic time before which a settle may make it equal and not let it go; null: none. */
  holdUntilMs: number | null;
  /** Marks that its open intent counts. */
  marks: number;
  attempts: number;
  nextAtMs: number;
  isClaimed: boolean;
}

export interface DirtyKeysOptions {
  intents: Intents;
  views: Views;
  clock: Clock;
  log: Log;
  safeguards: SafeguardSet;
  /** Longest life of an abandoned request, of a table that need not be learnt yet. */
  deltaMsOf(table: string): number;
}

export class DirtyKeys implements Marker, DirtyKnown {
  readonly #keys = new Map<string, DirtyKey>();
  #generation = 0;
  onMark: () => void = () => {};

  constructor(private readonly options: DirtyKeysOptions) {}

  get size(): number {
    return this.#keys.size;
  }

  mark(key: OpenKey, cause: DirtyCause, isUnknown: boolean): void {
    const { intents, clock, log } = this.options;
    const table = this.options.views.current?.byId.get(key.planTableId);
    intents.beginMark(key);
    // A mark that rests on a read has no record yet.
    if (!key.isRecorded && table !== undefined) void this.#record(table, key.keyId);
    const id = `${key.planTableId}\n${key.keyId}`;
    const known = this.#keys.get(id);
    const nowMs = clock.monotonicMs();
    const isHeld = isUnknown && this.options.safeguards.holdUntil;
    const holdUntilMs = isHeld ? nowMs + this.options.deltaMsOf(key.planTableId) : null;
    this.#generation += 1;
    if (known === undefined) {
      const generation = this.#generation;
      const turn = { marks: 1, attempts: 0, nextAtMs: nowMs, isClaimed: false };
      this.#keys.set(id, { key, cause, generation, holdUntilMs, ...turn });
      log.info({ table: key.planTableId, keyHash: keyHash(key.keyId), cause }, 'A key is dirty');
    } else {
      known.marks += 1;
      known.cause = cause;
      known.generation = this.#generation;
      known.nextAtMs = Math.min(known.nextAtMs, nowMs);
      if (holdUntilMs !== null) known.holdUntilMs = Math.max(known.holdUntilMs ?? 0, holdUntilMs);
    }
    this.onMark();
  }

  /** What an earlier life left open may have been carried out (PROTOCOL D4, F5). */
  markLeft(): void {
    for (const key of this.options.intents.left.splice(0)) {
      this.mark(key, 'restart', true);
      this.options.intents.end(key);
    }
  }

  /** Takes up to `max` keys of one table whose turn it is; each is given back or dropped. */
  claim(max: number): DirtyKey[] {
    const nowMs = this.options.clock.monotonicMs();
    const claimed: DirtyKey[] = [];
    for (const one of this.#keys.values()) {
      if (one.isClaimed || one.nextAtMs > nowMs) continue;
      if (claimed.length > 0 && one.key.planTableId !== claimed[0]?.key.planTableId) continue;
      one.isClaimed = true;
      one.attempts += 1;
      claimed.push(one);
      if (claimed.length >= max) break;
    }
    return claimed;
  }

  /** Whether nobody has marked it since `generation` was taken (PROTOCOL D1). */
  isUnchanged(one: DirtyKey, generation: number): boolean {
    return one.generation === generation || !this.options.safeguards.generations;
  }

  /** Its intent may go: it is settled, its table is gone, or is written on one side only (PROTOCOL W8). */
  drop(one: DirtyKey): void {
    if (!this.#keys.delete(`${one.key.planTableId}\n${one.key.keyId}`)) return;
    for (let ended = 0; ended < one.marks; ended += 1) this.options.intents.endMark(one.key);
  }

  dropTable(table: string): void {
    for (const one of this.#keys.values()) if (one.key.planTableId === table && !one.isClaimed) this.drop(one);
  }

  giveBack(one: DirtyKey, afterMs: number): void {
    one.isClaimed = false;
    one.nextAtMs = this.options.clock.monotonicMs() + afterMs;
  }

  /** Milliseconds until the next key's turn; null without one. */
  nextInMs(): number | null {
    let atMs = Number.POSITIVE_INFINITY;
    for (const one of this.#keys.values()) if (!one.isClaimed) atMs = Math.min(atMs, one.nextAtMs);
    return atMs === Number.POSITIVE_INFINITY ? null : Math.max(0, atMs - this.options.clock.monotonicMs());
  }

  /** A dirty key has an open intent, and the pipeline asks those itself (PROTOCOL R1). */
  hasKey(): boolean {
    return false;
  }

  hasPartition(): boolean {
    return false;
  }

  async #record(table: TableRouting, keyId: string): Promise<void> {
    const { intents, log } = this.options;
    const { keys, recorded } = intents.open(table, [keyId]);
    await recorded?.catch((error: unknown) => log.error({ error }, 'A dirty key could not be recorded on disk'));
    for (const key of keys) intents.end(key);
  }
}
