/** One page of a verification: of the source with its counterparts, or of the target's keys that the source may lack. */

import { NO_COUNTS, type PageCounts } from '@/db/queries/segment';
import { BATCH_GET_KEYS_MAX } from '@/lib/adapters/dynamodb/batch';
import { canonicalOf, type ItemImage, sameImage } from '@/lib/adapters/dynamodb/slices/item-image';
import type { SlicedPage } from '@/lib/adapters/dynamodb/slices/scan-slices';
import { bytesOfItems, type SlicedItem } from '@/lib/adapters/dynamodb/slices/sliced-item';
import { canonicalImage } from '@/lib/domain/item/compare';
import type { WireItem } from '@/lib/domain/item/item';
import { isInSample } from '@/lib/domain/run/sample';
import { allEnded } from '../all-ended';
import type { WorkerContext } from '../context';
import { asOnTarget } from '../mapped-images';
import { readInOrder } from '../read-images';
import type { SegmentWork } from '../segment-work';
import { isDifferent, judge, type Mismatch, type Pair, readBoth, type Sides } from './compare';

export const MISMATCH_SEAL = 'mismatch';

export type VerifyEnd = 'done' | 'stopped' | 'lost' | 'limit';

/** Compares one page and checkpoints it; nothing is written to any store. */
export async function verifyPage(
  ctx: WorkerContext,
  work: SegmentWork,
  ask: Sides & { page: SlicedPage },
): Promise<VerifyEnd> {
  const { page, table } = ask;
  const { living, expired } = livingOf(ctx, work, page);
  const unlike = await unlikeOf(ctx, work, { ...ask, living: [...living.values()] });
  if (unlike === null) return 'stopped';
  const suspects = await suspectsOf(ctx, work, { ...ask, unlike });
  if (suspects === null) return 'stopped';
  const verdicts = await judge(ctx, work, { ...ask, suspects });
  if (verdicts.unread > 0 || !work.mayGoOn()) return work.isLost ? 'lost' : 'stopped';
  for (const mismatch of verdicts.mismatches) await record(ctx, work, mismatch);
  const counts: PageCounts = {
    ...NO_COUNTS,
    itemsRead: page.items.length,
    itemsExpired: expired,
    bytesRead: bytesOfItems(page.items),
    compared: living.size,
    suspects: suspects.length,
    hot: verdicts.hot,
    inFlight: verdicts.inFlight,
    mismatches: verdicts.mismatches.length,
  };
  const isKept = await ctx.ledger.checkpointSegment(work.segment, {
    cursor: page.cursor,
    schema: table.schema,
    counts,
  });
  if (!isKept) return 'lost';
  if (verdicts.mismatches.length > 0 && (await ctx.ledger.stopRunAtLimit(work.segment.runId))) return 'limit';
  return 'done';
}

/** Items by key id that are in the sample and not past their expiry: expired ones are counted apart (PROTOCOL C4). */
function livingOf(
  ctx: WorkerContext,
  work: SegmentWork,
  page: SlicedPage,
): { living: Map<string, SlicedItem>; expired: number } {
  const { sample } = work.segment;
  const expiry = { attribute: work.table.ttlAttribute };
  const nowMs = ctx.clock.nowMs();
  const living = new Map<string, SlicedItem>();
  let expired = 0;
  for (const item of page.items) {
    if (sample !== null && !isInSample(sample, item.keyId)) continue;
    if (ctx.safeguards.expiredAbsent && item.isExpired(expiry, nowMs)) expired += 1;
    else living.set(item.keyId, item);
  }
  return { living, expired };
}

/**
 * Pairs at which something may be wrong: where the counterpart differs; on the target's side, whose pages hold keys alone,
 * where there is none. Each batch is compared when it comes, while its bytes are at hand. Null: some could not be read.
 */
async function unlikeOf(
  ctx: WorkerContext,
  work: SegmentWork,
  ask: Sides & { living: SlicedItem[] },
): Promise<Pair[] | null> {
  const { living } = ask;
  const batches: Promise<Pair[] | null>[] = [];
  for (let at = 0; at < living.length; at += BATCH_GET_KEYS_MAX) {
    batches.push(unlikeOfBatch(ctx, work, { ...ask, living: living.slice(at, at + BATCH_GET_KEYS_MAX) }));
  }
  const unlike: Pair[] = [];
  for (const pairs of await allEnded(batches)) {
    if (pairs === null) return null;
    unlike.push(...pairs);
  }
  return unlike;
}

async function unlikeOfBatch(
  ctx: WorkerContext,
  work: SegmentWork,
  ask: Sides & { living: SlicedItem[] },
): Promise<Pair[] | null> {
  const { table, living } = ask;
  const isSource = work.segment.side === 'source';
  const others = await readInOrder(ctx, work, {
    store: isSource ? ask.target : ask.source,
    table: isSource ? table.targetName : table.tableName,
    schema: table.schema,
    keyIds: living.map((item) => item.keyId),
    expected: isSource ? living : undefined,
    expiry: { attribute: table.ttlAttribute },
  });
  const unlike: Pair[] = [];
  for (let at = 0; at < living.length; at += 1) {
    const [item, other] = [living[at] as SlicedItem, others[at]];
    if (other === undefined) return null;
    if (isSource) {
      const source = asOnTarget(ctx, table, item.image);
      if (!sameImage(source, other)) unlike.push({ keyId: item.keyId, source, target: other });
    } else if (other === null) unlike.push({ keyId: item.keyId, source: null, target: item });
  }
  return unlike;
}

/**
 * What seems unlike is read on both sides at one time before it is judged. A page and its counterparts were not: a key
 * that was deleted between the two, and made again as it was while the second look was taken, would look like one that
 * had been missing all along.
 */
async function suspectsOf(
  ctx: WorkerContext,
  work: SegmentWork,
  ask: Sides & { unlike: Pair[] },
): Promise<Pair[] | null> {
  if (ask.unlike.length === 0) return [];
  const keyIds = ask.unlike.map((pair) => pair.keyId);
  const both = await readBoth(ctx, work, { ...ask, keyIds });
  if (both.source.unread.size + both.target.unread.size > 0) return null;
  const isSource = work.segment.side === 'source';
  const seen = ask.unlike.map((pair) => {
    const { keyId } = pair;
    const now = { keyId, source: both.source.read.get(keyId) ?? null, target: both.target.read.get(keyId) ?? null };
    // From the page on, where it had the item: one that was written since is hot. The target's pages hold keys alone.
    return { first: isSource ? pair : now, now };
  });
  return seen.filter(({ now }) => isDifferent(now)).map(({ first }) => first);
}

async function record(ctx: WorkerContext, work: SegmentWork, mismatch: Mismatch): Promise<void> {
  const { planTableId, schema } = work.table;
  await ctx.ledger.insertMismatch(
    {
      id: ctx.newId('mismatch'),
      runId: work.segment.runId,
      planTableId,
      keyId: mismatch.keyId,
      class: mismatch.class,
      attributes: mismatch.attributes,
      sourceSealed: sealImage(ctx, mismatch.source),
      targetSealed: sealImage(ctx, mismatch.target),
      firstSeenAt: await firstSeen(ctx, planTableId, mismatch),
    },
    schema,
  );
}

export const sealImage = (ctx: WorkerContext, image: ItemImage | null): string | null =>
  image === null ? null : ctx.sealer.seal(image.text, MISMATCH_SEAL);

/** Age counts from when these very images were first seen against each other; a write to the key starts it again. */
export async function firstSeen(ctx: WorkerContext, planTableId: string, pair: Pair): Promise<Date | null> {
  const earlier = await ctx.ledger.lastMismatchOf(planTableId, pair.keyId);
  if (!earlier) return null;
  const isSame = isImage(ctx, earlier.sourceSealed, pair.source) && isImage(ctx, earlier.targetSealed, pair.target);
  return isSame ? earlier.firstSeenAt : null;
}

function isImage(ctx: WorkerContext, sealed: string | null, image: ItemImage | null): boolean {
  if (sealed === null) return image === null;
  const opened = ctx.sealer.open(sealed, MISMATCH_SEAL);
  return opened.ok && canonicalImage(JSON.parse(opened.value) as WireItem) === canonicalOf(image);
}
