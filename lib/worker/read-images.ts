/** Consistent reads of many keys of one store, repeated until every key is answered or the work must stop. */
import { BATCH_GET_KEYS_MAX, batchGet } from '@/lib/adapters/dynamodb/batch';
import type { Trouble } from '@/lib/adapters/dynamodb/call';
import { type ExpiryRule, isExpired } from '@/lib/domain/item/expiry';
import type { KeySchema, WireItem } from '@/lib/domain/item/item';
import { keyFromId } from '@/lib/domain/item/key';
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
  read: Map<string, WireItem | null>;
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
  const { store, schema, table, images } = request;
  let pending = request.keyIds;
  for (let attempt = 1; pending.length > 0; attempt += 1) {
    const cost = { requests: 1, items: pending.length };
    const { timeoutMs, priority } = work;
    const endTurn = await store.pace.turn({ cost, priority, timeoutMs, mayGoOn: () => work.mayGoOn() });
    if (!endTurn) break;
    const keys = pending.map((id) => keyFromId(id, schema));
    const isConsistent = request.isConsistent ?? true;
    const reading = batchGet(store.wire, { table, schema, keys }, { isConsistent, timeoutMs, roundsMax: 1 });
    const result = await reading.finally(endTurn);
    store.pace.charge(result.consumedUnits);
    book(ctx, request, { found: result.found, absent: result.absent });
    pending = [...result.unread.keys()];
    if (pending.length === 0) return;
    const trouble = [...result.unread.values()].find((why): why is Trouble => why !== 'unprocessed');
    if (trouble) {
      work.fault ??= faultOf(trouble, 'BatchGetItem');
      store.pace.throttled(trouble.kind === 'refused' ? trouble.retryAfterMs : null);
    }
    if (attempt >= REQUEST_ATTEMPTS_MAX) break;
    const pauseMs = Math.min(1_000, fullJitterMs(attempt, WORKER_BACKOFF, ctx.random()));
    await new Promise<void>((done) => setTimeout(done, pauseMs));
  }
  for (const id of pending) images.unread.add(id);
}

function book(
  ctx: WorkerContext,
  request: ReadRequest & { images: Images },
  answer: { found: Map<string, WireItem>; absent: Set<string> },
): void {
  const { images, expiry } = request;
  const nowMs = ctx.clock.nowMs();
  for (const id of answer.absent) images.read.set(id, null);
  for (const [id, item] of answer.found) {
    const isGone = ctx.safeguards.expiredAbsent && isExpired(item, expiry, nowMs);
    images.read.set(id, isGone ? null : item);
    if (isGone) images.expired.add(id);
  }
}
