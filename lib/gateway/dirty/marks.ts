/**
 * Marks on their way to Postgres (PROTOCOL D1, D2): at once, in batches, again and again while Postgres is away. The
 * intent of a key stays open until its row is committed, so the log on disk is what remembers.
 */
import type { Mark } from '@/db/queries/gateway/dirty';
import type { Log } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';
import { keyFromId, keyHash } from '@/lib/domain/item/key';
import type { DirtyCause } from '@/lib/domain/routing/dirty';
import type { SafeguardSet } from '@/lib/domain/safeguards';
import { Loop } from '../control/loop';
import type { Intents, OpenKey } from '../intents/intents';
import { LIMITS } from '../limits';
import type { Marker } from '../pipeline/marker';
import type { Views } from '../pipeline/views';
import type { DirtyFeed } from './feed';

interface Waiting {
  key: OpenKey;
  cause: DirtyCause;
  isUnknown: boolean;
  /** Marks of this key that this one row stands for. */
  count: number;
}

export interface MarksOptions {
  /** Commits rows, one a key (`markDirty`). */
  commit(marks: readonly Mark[]): Promise<void>;
  intents: Intents;
  feed: DirtyFeed;
  views: Views;
  log: Log;
  safeguards: SafeguardSet;
}

export class Marks implements Marker {
  #waiting = new Map<string, Waiting>();
  #loop: Loop | null = null;
  /** Marks that a verification stands for, because there was no room for them. */
  dropped = 0;

  constructor(private readonly options: MarksOptions) {}

  start(): void {
    const { log } = this.options;
    this.#loop = new Loop({ name: 'marks', everyMs: LIMITS.markRetryMsMax, log, run: () => this.#flush() });
  }

  async stop(): Promise<void> {
    await this.#loop?.stop();
  }

  get size(): number {
    return this.#waiting.size;
  }

  mark(key: OpenKey, cause: DirtyCause, isUnknown: boolean): void {
    const id = `${key.planTableId}\n${key.keyId}`;
    // With Postgres away marks wait in memory. Past the bound a table that owes a verification anyway (its intents are
    // beyond their own bound too) loses nothing that the verification does not find (PROTOCOL W6).
    const isOwed = this.options.intents.unproven.has(key.planTableId) && !key.isRecorded;
    if (isOwed && this.#waiting.size >= LIMITS.marksWaitingMax && !this.#waiting.has(id)) {
      this.dropped += 1;
      return;
    }
    this.options.intents.beginMark(key);
    const known = this.#waiting.get(id);
    if (known === undefined) this.#waiting.set(id, { key, cause, isUnknown, count: 1 });
    else {
      known.count += 1;
      known.isUnknown ||= isUnknown;
      if (isUnknown) known.cause = cause;
    }
    this.#loop?.kick();
  }

  async #flush(): Promise<void> {
    while (this.#waiting.size > 0) {
      const batch = [...this.#waiting.values()].slice(0, LIMITS.marksPerFlushMax);
      for (const { key } of batch) this.#waiting.delete(`${key.planTableId}\n${key.keyId}`);
      try {
        await this.#commit(batch);
      } catch (error) {
        this.#giveBack(batch);
        throw error;
      }
    }
  }

  async #commit(batch: Waiting[]): Promise<void> {
    const { intents, feed, views } = this.options;
    const wanted = batch.filter(({ key }) => wantsMarks(views.current?.byId.get(key.planTableId)));
    if (wanted.length > 0) await this.options.commit(wanted.map((one) => this.#row(one)));
    for (const { key } of wanted) feed.add(key.planTableId, key.keyId);
    for (const { key, count } of batch) for (let ended = 0; ended < count; ended += 1) intents.endMark(key);
  }

  #row({ key, cause, isUnknown }: Waiting): Mark {
    const { views, safeguards } = this.options;
    const table = views.current?.byId.get(key.planTableId) as TableRouting;
    const text = JSON.stringify(keyFromId(key.keyId, table.keySchema));
    return {
      planTableId: key.planTableId,
      keyId: key.keyId,
      keyHash: keyHash(key.keyId),
      // NUL and lone surrogates cannot stand in jsonb; such a key is shown by its id alone.
      key: /\\u(0000|d[89a-f])/i.test(text) ? {} : JSON.parse(text),
      cause,
      unknownForMs: isUnknown && safeguards.holdUntil ? table.deltaMs : null,
    };
  }

  #giveBack(batch: Waiting[]): void {
    for (const one of batch) {
      const id = `${one.key.planTableId}\n${one.key.keyId}`;
      const newer = this.#waiting.get(id);
      if (newer === undefined) this.#waiting.set(id, one);
      else {
        newer.count += one.count;
        newer.isUnknown ||= one.isUnknown;
      }
    }
  }
}

/** Where `writes` names one side there are no marks (PROTOCOL W8): what abandon left is dropped with the copy. */
const wantsMarks = (table: TableRouting | undefined): boolean =>
  table !== undefined && table.writes !== 'source' && table.writes !== 'target';
