/**
 * Writes images and deletes to a store and says what became of each (PROTOCOL W7): what was left unprocessed or
 * throttled is sent again, what the store refuses for itself is told from what it refuses for its load, and an outcome
 * that nobody knows is reported as unknown and never repeated here.
 */
import { type SliceEntry, type SliceWriteResult, writeSlices } from '@/lib/adapters/dynamodb/slices/batch-slices';
import type { KeySchema } from '@/lib/domain/item/item';
import { fullJitterMs, WORKER_BACKOFF } from '@/lib/domain/pacing/backoff';
import { DYNAMODB_BATCH, packBatches, TERRASCALE_BATCH } from '@/lib/domain/pacing/pack';
import { invariant } from '@/lib/domain/result';
import { isTerraScale } from '@/lib/domain/store-kind';
import { allEnded } from './all-ended';
import type { WorkerContext } from './context';
import { REQUEST_ATTEMPTS_MAX } from './limits';
import type { Work } from './segment-work';
import { faultOf, isItemRefusal } from './store-fault';
import type { Store } from './stores';

/** What is to stand under a key: the bytes of an item, cut from an answer or written from a decoded one, or null for a delete. */
export type Entry = SliceEntry;

export type Verdict =
  | { kind: 'written' }
  /** Perhaps applied, now or later. */
  | { kind: 'unknown' }
  /** Not applied: the store refuses this item. */
  | { kind: 'refused'; errorType: string; reason: string }
  /** Not applied: nothing was sent, or it was turned away for the store's load until the work had to stop. */
  | { kind: 'not_sent' };

export interface WriteRequest {
  store: Store;
  table: string;
  schema: KeySchema;
  entries: readonly Entry[];
}

const LARGEST = {
  errorType: 'RequestTooLarge',
  reason: 'The item is larger than a whole request to the target may be.',
};

/** Outcomes of one writing by key id. Nearly all entries are written, so only the others are kept by their names. */
export class Verdicts {
  readonly #others = new Map<string, Verdict>();
  /** Entries whose outcome was booked; the rest has none yet. */
  booked = 0;

  /** Of an entry of this writing, when all are booked. */
  get(keyId: string): Verdict {
    return this.#others.get(keyId) ?? WRITTEN;
  }

  get isAllWritten(): boolean {
    return this.#others.size === 0;
  }

  written(entries: number): void {
    this.booked += entries;
  }

  set(entry: Entry, verdict: Verdict): void {
    this.booked += 1;
    this.#others.set(entry.keyId, verdict);
  }
}

/** Outcomes by key id, one for each entry. Never throws for what a store says. */
export async function writeEntries(ctx: WorkerContext, work: Work, request: WriteRequest): Promise<Verdicts> {
  const verdicts = new Verdicts();
  const limits = isTerraScale(request.store.kind) ? TERRASCALE_BATCH : DYNAMODB_BATCH;
  const packed = packBatches(request.entries, limits, bytesOf);
  for (const entry of packed.oversized) verdicts.set(entry, { kind: 'refused', ...LARGEST });
  await allEnded(packed.batches.map((batch) => writeBatch(ctx, work, { ...request, entries: batch, verdicts })));
  const sent = packed.batches.reduce((sum, batch) => sum + batch.length, packed.oversized.length);
  invariant(verdicts.booked === sent, 'every entry has an outcome');
  return verdicts;
}

/** Bytes of an entry in a request beside its item: its operation, braces and comma. */
const FRAME_BYTES = 32;
/** Of a delete, names and types of its key besides; an id holds the values as they are written. */
const KEY_FRAME_BYTES = 1_024;

const bytesOf = ({ keyId, image }: Entry): number =>
  image === null ? keyId.length * 3 + KEY_FRAME_BYTES : image.bytesLength + FRAME_BYTES;

type BatchRequest = WriteRequest & { verdicts: Verdicts };

async function writeBatch(ctx: WorkerContext, work: Work, request: BatchRequest): Promise<void> {
  const { store, verdicts } = request;
  let pending = request.entries;
  for (let attempt = 1; pending.length > 0; attempt += 1) {
    const endTurn = await store.pace.turn({
      cost: { requests: 1, items: pending.length },
      priority: work.priority,
      timeoutMs: work.timeoutMs,
      mayGoOn: () => work.mayGoOn() && work.mayWrite(),
    });
    if (!endTurn || !work.mayWrite()) {
      endTurn?.();
      return setAll(verdicts, pending, { kind: 'not_sent' });
    }
    const result = await send(work, request, pending).finally(endTurn);
    throttle(store, result);
    if (result.trouble && isItemRefusal(result.trouble) && pending.length > 1) {
      return await writeSingly(ctx, work, { ...request, entries: pending });
    }
    pending = take(work, { result, pending, verdicts });
    if (pending.length === 0) return;
    if (attempt >= REQUEST_ATTEMPTS_MAX) {
      work.fault ??= { sentence: `${store.pace.name} keeps turning writes away.`, isLasting: false };
      return setAll(verdicts, pending, { kind: 'not_sent' });
    }
    if (!result.trouble) await pause(fullJitterMs(attempt, WORKER_BACKOFF, ctx.random()));
  }
}

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, Math.min(ms, 1_000)));

/** A store refuses a batch whole for one item in it, so each goes alone. */
async function writeSingly(ctx: WorkerContext, work: Work, request: BatchRequest): Promise<void> {
  for (const entry of request.entries) await writeBatch(ctx, work, { ...request, entries: [entry] });
}

const send = (work: Work, request: BatchRequest, pending: readonly Entry[]): Promise<SliceWriteResult> =>
  writeSlices(
    request.store.wire,
    { table: request.table, schema: request.schema, entries: pending },
    { timeoutMs: work.timeoutMs },
  );

/** Books the outcomes of one request; returns what is to be sent again. */
function take(
  work: Work,
  answer: { result: SliceWriteResult; pending: readonly Entry[]; verdicts: Verdicts },
): readonly Entry[] {
  const { pending, verdicts } = answer;
  const { trouble, unprocessed } = answer.result;
  if (trouble === null) {
    const left = unprocessed.size === 0 ? [] : pending.filter((entry) => unprocessed.has(entry.keyId));
    verdicts.written(pending.length - left.length);
    return left;
  }
  if (trouble.kind === 'refused' && trouble.isThrottle) return pending;
  if (trouble.kind === 'unknown') setAll(verdicts, pending, { kind: 'unknown' });
  else if (isItemRefusal(trouble)) {
    setAll(verdicts, pending, { kind: 'refused', errorType: trouble.errorType, reason: sentenceOf(trouble) });
  } else {
    work.fault ??= faultOf(trouble, 'BatchWriteItem');
    setAll(verdicts, pending, { kind: 'not_sent' });
  }
  return [];
}

const WRITTEN: Verdict = Object.freeze({ kind: 'written' });

/** The store's own words are kept short and never decide anything. */
const sentenceOf = (refusal: { message: string; errorType: string }): string =>
  refusal.message.slice(0, 300) || `The target refused the item: ${refusal.errorType}.`;

/** Any sign of overload slows the connection down; only a named one says for how long. */
function throttle(store: Store, { trouble, unprocessed }: SliceWriteResult): void {
  if (trouble?.kind === 'refused') store.pace.throttled(trouble.retryAfterMs);
  else if (trouble !== null || unprocessed.size > 0) store.pace.throttled(null);
}

const setAll = (verdicts: Verdicts, entries: readonly Entry[], verdict: Verdict): void => {
  for (const entry of entries) verdicts.set(entry, verdict);
};
