/**
 * Suspects of shadow reads, looked at again (PROTOCOL C5): only what is different across two looks at both sides, at
 * least the recheck delay apart, with neither image changed and the key neither dirty nor in flight at any of them, is a
 * mismatch. The later looks are consistent reads of single keys.
 */
import { getItem } from '@/lib/adapters/dynamodb/items';
import type { Clock, Log, WireItem } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';
import { canonicalImage, classifyMismatch, differences } from '@/lib/domain/item/compare';
import { keyFromId } from '@/lib/domain/item/key';
import { isHealedAtOnce, mayShadow } from '@/lib/domain/routing/shadow';
import type { MismatchClass } from '@/lib/domain/run/states';
import type { SafeguardSet } from '@/lib/domain/safeguards';
import type { Intents } from '../../intents/intents';
import { LIMITS } from '../../limits';
import type { DirtyKnown, Marker } from '../marker';
import type { Side, Stores } from '../stores';
import type { Count } from '../traffic';
import type { Views } from '../views';
import { isPastExpiry } from './compare';

/** A mismatch as it was found, with both images; the classes speak of TerraScale, whichever side is the authority. */
export interface ShadowSample {
  planTableId: string;
  keyId: string;
  class: MismatchClass;
  attributes: { attribute: string; class: MismatchClass }[];
  source: WireItem | null;
  target: WireItem | null;
  answeredBy: Side;
  operation: string;
  epoch: number;
  isMarked: boolean;
}

export interface RecheckParts {
  views: Views;
  stores: Stores;
  clock: Clock;
  log: Log;
  safeguards: SafeguardSet;
  intents: Intents;
  marker: Marker;
  dirty: DirtyKnown;
  /** Where samples go; null: they are counted only. */
  onSample: ((sample: ShadowSample) => void) | null;
}

interface Pair {
  source: WireItem | null;
  target: WireItem | null;
}

interface Suspect {
  table: TableRouting;
  keyId: string;
  answeredBy: Side;
  operation: string;
  /** The images of the look before; null where that had parts of them only. */
  first: Pair | null;
}

const COUNT_OF = {
  missing: 'shadowMissing',
  extra: 'shadowExtra',
  different: 'shadowDifferent',
  type: 'shadowType',
} as const satisfies Record<MismatchClass, Count>;

/** Above the longest life of a mirror on its way, one in the lane and one behind it; as a verification waits. */
const recheckDelayMs = (table: TableRouting): number => 2 * table.storeTimeoutMs + 200;

export class Recheck {
  /** By table and key: a suspect that is looked at again is not taken twice. */
  readonly #waiting = new Map<string, { timer: NodeJS.Timeout | null; looks: number }>();
  readonly #ready: Suspect[] = [];
  /** Mismatches counted lately, so that a key read often is one mismatch and not many. */
  readonly #counted = new Map<string, number>();
  #atWork = 0;
  #isStopped = false;

  constructor(private readonly parts: RecheckParts) {}

  get size(): number {
    return this.#waiting.size;
  }

  stop(): void {
    this.#isStopped = true;
    for (const { timer } of this.#waiting.values()) if (timer) clearTimeout(timer);
    this.#waiting.clear();
    this.#ready.length = 0;
  }

  add(suspect: Suspect): void {
    const id = idOf(suspect);
    if (this.#isStopped || this.#waiting.has(id)) return;
    if (this.#waiting.size >= LIMITS.shadowSuspectsMax) {
      this.#add(suspect.table, 'shadowDropped');
      return;
    }
    this.#waiting.set(id, { timer: null, looks: 0 });
    if (this.#isTouched(suspect)) this.#end(suspect, 'shadowSkipped');
    // Tests only: what differs at first sight would be called a mismatch, a write on its way included.
    else if (!this.parts.safeguards.recheck && suspect.first !== null) this.#found(suspect, suspect.first);
    else this.#wait(suspect);
  }

  #wait(suspect: Suspect): void {
    const known = this.#waiting.get(idOf(suspect));
    if (known === undefined) return;
    const timer = setTimeout(() => {
      known.timer = null;
      this.#ready.push(suspect);
      this.#pump();
    }, recheckDelayMs(suspect.table));
    timer.unref();
    known.timer = timer;
  }

  #pump(): void {
    while (this.#ready.length > 0 && this.#atWork < LIMITS.shadowRechecksInFlightMax) {
      const suspect = this.#ready.shift() as Suspect;
      this.#atWork += 1;
      void this.#look(suspect)
        .catch((error: unknown) => {
          this.parts.log.warn({ error, table: suspect.table.tableName }, 'A recheck of a shadow read failed');
          this.#end(suspect, 'shadowErrors');
        })
        .finally(() => {
          this.#atWork -= 1;
          this.#pump();
        });
    }
  }

  async #look(suspect: Suspect): Promise<void> {
    const verdict = await this.#judge(suspect);
    if (verdict === null || typeof verdict === 'string') this.#end(suspect, verdict);
    else if (verdict.isSame) this.#found(suspect, verdict.pair);
    else this.#again({ ...suspect, first: verdict.pair });
  }

  /** What a look at both sides says: a count that ends it, or a difference. Null: it says nothing any more. */
  async #judge(suspect: Suspect): Promise<Count | null | { isSame: boolean; pair: Pair }> {
    const table = this.parts.views.current?.byId.get(suspect.table.planTableId);
    // Another direction, or no copy any more: what was seen says nothing of what is.
    if (!table || !mayShadow(table.stage) || table.authority !== suspect.table.authority) return null;
    if (this.#isTouched(suspect)) return 'shadowSkipped';
    const pair = await this.#read(table, suspect.keyId);
    if (pair === null) return 'shadowErrors';
    if (this.#isTouched(suspect)) return 'shadowSkipped';
    const at = { ttlAttribute: table.ttlAttribute, nowMs: this.parts.clock.nowMs() };
    if (isPastExpiry(pair.source, at) || isPastExpiry(pair.target, at)) return 'shadowExpired';
    if (classifyMismatch(pair.source, pair.target) === null) return 'shadowSettled';
    const { first } = suspect;
    const isSame = first !== null && isSameImage(first.source, pair.source) && isSameImage(first.target, pair.target);
    return { isSame, pair };
  }

  #again(suspect: Suspect): void {
    const known = this.#waiting.get(idOf(suspect));
    if (known === undefined) return;
    known.looks += 1;
    // Written at every look: it is somebody's to compare who can hold it still.
    if (known.looks >= LIMITS.shadowLooksMax) this.#end(suspect, 'shadowSkipped');
    else this.#wait(suspect);
  }

  async #read(table: TableRouting, keyId: string): Promise<Pair | null> {
    const key = keyFromId(keyId, table.keySchema);
    const [source, target] = await Promise.all(
      (['source', 'target'] as const).map((side) => {
        const store = this.parts.stores.side(table, side);
        const name = store.tableName ?? table.tableName;
        return getItem(store.wire, { table: name, key }, { timeoutMs: table.storeTimeoutMs });
      }),
    );
    if (source?.kind !== 'ok' || target?.kind !== 'ok') return null;
    return { source: source.value, target: target.value };
  }

  #found(suspect: Suspect, { source, target }: Pair): void {
    const view = this.parts.views.current;
    const table = view?.byId.get(suspect.table.planTableId);
    const kind = classifyMismatch(source, target);
    this.#end(suspect, kind !== null && this.#isNew(suspect) ? COUNT_OF[kind] : null);
    if (kind === null || !view || !table) return;
    const isMarked = isHealedAtOnce({ writes: table.writes, class: kind });
    if (isMarked) this.#mark(table, suspect.keyId);
    const attributes = source && target ? differences(source, target) : [];
    const { keyId, answeredBy, operation } = suspect;
    this.parts.onSample?.({
      planTableId: table.planTableId,
      class: kind,
      attributes: attributes.map(({ attribute, class: each }) => ({ attribute, class: each })),
      ...{ keyId, source, target, answeredBy, operation, isMarked },
      epoch: view.epoch,
    });
  }

  /** The key is settled by a worker, and read from the authority until then. */
  #mark(table: TableRouting, keyId: string): void {
    const { intents, marker } = this.parts;
    if (intents.find(table.planTableId, keyId) !== undefined) return;
    const open = intents.hold(table.planTableId, keyId);
    marker.mark(open, 'mismatch', false);
    intents.end(open);
  }

  #isNew(suspect: Suspect): boolean {
    const nowMs = this.parts.clock.monotonicMs();
    const id = idOf(suspect);
    for (const [known, atMs] of this.#counted) {
      if (nowMs - atMs < LIMITS.shadowCountAgainMs && this.#counted.size < LIMITS.shadowCountedMax) break;
      this.#counted.delete(known);
    }
    if (this.#counted.has(id)) return false;
    this.#counted.set(id, nowMs);
    return true;
  }

  #isTouched({ table, keyId }: Suspect): boolean {
    const { intents, dirty } = this.parts;
    return intents.find(table.planTableId, keyId) !== undefined || dirty.hasKey(table, keyId);
  }

  #end(suspect: Suspect, count: Count | null): void {
    this.#waiting.delete(idOf(suspect));
    if (count !== null) this.#add(suspect.table, count);
  }

  #add(table: TableRouting, count: Count): void {
    const view = this.parts.views.current;
    if (view?.byId.has(table.planTableId)) view.traffic(table.planTableId).add(count);
  }
}

const idOf = (suspect: Suspect): string => `${suspect.table.planTableId}\n${suspect.keyId}`;
const isSameImage = (a: WireItem | null, b: WireItem | null): boolean => canonicalImage(a) === canonicalImage(b);
