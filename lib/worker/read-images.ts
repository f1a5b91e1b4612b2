/** Consistent reads of many keys of one store, repeated until every key is answered or the work must stop. */
import { BATCH_GET_KEYS_MAX } from '@/lib/adapters/dynamodb/batch';
import { readSlices, type SlicedBatch } from '@/lib/adapters/dynamodb/slices/batch-read';
import type { ItemImage } from '@/lib/adapters/dynamodb/slices/item-image';
import { keyPlacesOf } from '@/lib/adapters/dynamodb/slices/item-key';
import type { SlicedItem } from '@/lib/adapters/dynamodb/slices/sliced-item';
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
  const readOne = async (keyIds: string[]): Promise<void> => {
    const found = await readInOrder(ctx, work, { ...request, keyIds, expired: images.expired });
    for (let at = 0; at < keyIds.length; at += 1) {
      const [id, image] = [keyIds[at] as string, found[at]];
      if (image === undefined) images.unread.add(id);
      else images.read.set(id, image);
    }
  };
  await allEnded(batches.map(readOne));
  return images;
}

/** One batch, and what may stand under its keys, in their order (see batch-read.ts). */
export interface OrderedRequest extends ReadRequest {
  expected?: readonly (SlicedItem | undefined)[];
  /** Takes the keys that are read as absent because they are past their expiry. */
  expired?: Set<string>;
}

/**
 * Reads up to 100 keys; in their order: the item, the expected one itself where the store has its bytes; null for absence;
 * undefined for a key that stayed without an answer.
 */
export async function readInOrder(
  ctx: WorkerContext,
  work: Work,
  request: OrderedRequest,
): Promise<(ItemImage | null | undefined)[]> {
  const { store, table, keyIds, expected } = request;
  const places = keyPlacesOf(request.schema, request.expiry.attribute);
  const images = new Array<ItemImage | null | undefined>(keyIds.length).fill(undefined);
  let pending = keyIds.map((_, at) => at);
  for (let attempt = 1; pending.length > 0; attempt += 1) {
    const cost = { requests: 1, items: pending.length };
    const { timeoutMs, priority } = work;
    const endTurn = await store.pace.turn({ cost, priority, timeoutMs, mayGoOn: () => work.mayGoOn() });
    if (!endTurn) break;
    const isWhole = pending.length === keyIds.length;
    const asked = isWhole
      ? { keyIds, expected }
      : { keyIds: pending.map((at) => keyIds[at] as string), expected: expected && pending.map((at) => expected[at]) };
    const isConsistent = request.isConsistent ?? true;
    const reading = readSlices(store.wire, { table, places, ...asked }, { isConsistent, timeoutMs });
    const batch = await reading.finally(endTurn);
    store.pace.charge(batch.consumedUnits);
    const { trouble } = batch;
    if (trouble) {
      work.fault ??= faultOf(trouble, 'BatchGetItem');
      store.pace.throttled(trouble.kind === 'refused' ? trouble.retryAfterMs : null);
    } else pending = book(ctx, request, { pending, items: batch.items, images });
    if (pending.length === 0 || attempt >= REQUEST_ATTEMPTS_MAX) break;
    const pauseMs = Math.min(1_000, fullJitterMs(attempt, WORKER_BACKOFF, ctx.random()));
    await new Promise<void>((done) => setTimeout(done, pauseMs));
  }
  return images;
}

/** Books what an answer says; returns the places of the keys that it left over. */
function book(
  ctx: WorkerContext,
  request: OrderedRequest,
  answer: { pending: readonly number[]; items: SlicedBatch['items']; images: (ItemImage | null | undefined)[] },
): number[] {
  const { expiry, expired, keyIds } = request;
  const { pending, items, images } = answer;
  const nowMs = ctx.clock.nowMs();
  const again: number[] = [];
  for (let which = 0; which < pending.length; which += 1) {
    const at = pending[which] as number;
    const item = items[which];
    if (item === undefined) {
      again.push(at);
      continue;
    }
    const isGone = item !== null && ctx.safeguards.expiredAbsent && item.isExpired(expiry, nowMs);
    images[at] = isGone ? null : item;
    if (isGone) expired?.add(keyIds[at] as string);
  }
  return again;
}
