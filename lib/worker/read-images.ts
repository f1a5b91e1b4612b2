/** Consistent reads of many keys of one store, repeated until every key is answered or the work must stop. */
import { BATCH_GET_KEYS_MAX } from '@/lib/adapters/dynamodb/batch';
import { readSlices, type SlicedBatch } from '@/lib/adapters/dynamodb/slices/batch-slices';
import type { ItemImage } from '@/lib/adapters/dynamodb/slices/item-image';
import { keyPlacesOf } from '@/lib/adapters/dynamodb/slices/item-key';
import type { ExpiryRule } from '@/lib/domain/item/expiry';
import type { KeySchema } from '@/lib/domain/item/item';
import { fullJitterMs, WORKER_BACKOFF } from '@/lib/domain/pacing/backoff';
import { allEnded } from './all-ended';
import type { WorkerContext } from './context';
import { REQUEST_ATTEMPTS_MAX } from './limits';
import type { Work } from './segment-work';
import { faultOf } from './store-fault';
import type { Store } from './stores';

export interface ReadRequest {
  store: Store;
  table: string;
  schema: KeySchema;
  keyIds: readonly string[];
  /** Expired items count as absent (PROTOCOL C4). */
  expiry: ExpiryRule;
  isConsistent?: boolean;
}

export interface Images {
  /** By key id: the item, or null for absence. */
  read: Map<string, ItemImage | null>;
  /** Of those read as absent, the ones that are there and past their expiry. */
  expired: Set<string>;
  /** Keys without an answer: never taken for absent. */
  unread: Set<string>;
}

/** Reads keys in batches of 100; what stays without an answer is in `unread`. */
export async function readImages(ctx: WorkerContext, work: Work, request: ReadRequest): Promise<Images> {
  const images: Images = { read: new Map(), expired: new Set(), unread: new Set() };
  const batches: string[][] = [];
  for (let at = 0; at < request.keyIds.length; at += BATCH_GET_KEYS_MAX) {
    batches.push(request.keyIds.slice(at, at + BATCH_GET_KEYS_MAX));
  }
  await allEnded(batches.map((keyIds) => readBatch(ctx, work, { ...request, keyIds, images })));
  return images;
}

async function readBatch(ctx: WorkerContext, work: Work, request: ReadRequest & { images: Images }): Promise<void> {
  const { store, table, images } = request;
  const places = keyPlacesOf(request.schema, request.expiry.attribute);
  let pending = request.keyIds;
  for (let attempt = 1; pending.length > 0; attempt += 1) {
    const cost = { requests: 1, items: pending.length };
    const { timeoutMs, priority } = work;
    const endTurn = await store.pace.turn({ cost, priority, timeoutMs, mayGoOn: () => work.mayGoOn() });
    if (!endTurn) break;
    const isConsistent = request.isConsistent ?? true;
    const reading = readSlices(store.wire, { table, places, keyIds: pending }, { isConsistent, timeoutMs });
    const batch = await reading.finally(endTurn);
    store.pace.charge(batch.consumedUnits);
    const { trouble } = batch;
    if (trouble) {
      work.fault ??= faultOf(trouble, 'BatchGetItem');
      store.pace.throttled(trouble.kind === 'refused' ? trouble.retryAfterMs : null);
    } else pending = book(ctx, request, { pending, batch });
    if (pending.length === 0) return;
    if (attempt >= REQUEST_ATTEMPTS_MAX) break;
    const pauseMs = Math.min(1_000, fullJitterMs(attempt, WORKER_BACKOFF, ctx.random()));
    await new Promise<void>((done) => setTimeout(done, pauseMs));
  }
  for (const id of pending) images.unread.add(id);
}

/** Books what an answer says; returns the keys that it left over. */
function book(
  ctx: WorkerContext,
  request: ReadRequest & { images: Images },
  answer: { pending: readonly string[]; batch: SlicedBatch },
): string[] {
  const { images, expiry } = request;
  const { found, left } = answer.batch;
  const nowMs = ctx.clock.nowMs();
  const again: string[] = [];
  for (const id of answer.pending) {
    const one = found.get(id);
    if (one === undefined) {
      if (left.has(id)) again.push(id);
      else images.read.set(id, null);
      continue;
    }
    const isGone = ctx.safeguards.expiredAbsent && one.isExpired(expiry, nowMs);
    images.read.set(id, isGone ? null : one.image);
    if (isGone) images.expired.add(id);
  }
  return again;
}
