/** One page of a verification: of the source with its counterparts, or of the target's keys that the source may lack. */

import { NO_COUNTS, type PageCounts } from '@/db/queries/segment';
import { canonicalOf, type ItemImage } from '@/lib/adapters/dynamodb/slices/item-image';
import type { SlicedPage } from '@/lib/adapters/dynamodb/slices/scan-slices';
import { bytesOfItems } from '@/lib/adapters/dynamodb/slices/sliced-item';
import { canonicalImage } from '@/lib/domain/item/compare';
import type { WireItem } from '@/lib/domain/item/item';
import { isInSample } from '@/lib/domain/run/sample';
import type { WorkerContext } from '../context';
import { asOnTarget } from '../mapped-images';
import { readImages } from '../read-images';
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
  const pairs = await pairsOf(ctx, work, { ...ask, living });
  if (pairs === null) return 'stopped';
  const suspects = await suspectsOf(ctx, work, { ...ask, pairs });
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
): { living: Map<string, ItemImage>; expired: number } {
  const { sample } = work.segment;
  const expiry = { attribute: work.table.ttlAttribute };
  const nowMs = ctx.clock.nowMs();
  const living = new Map<string, ItemImage>();
  let expired = 0;
  for (const item of page.items) {
    if (sample !== null && !isInSample(sample, item.keyId)) continue;
    if (ctx.safeguards.expiredAbsent && item.isExpired(expiry, nowMs)) expired += 1;
    else living.set(item.keyId, item.image);
  }
  return { living, expired };
}

/** Each item with its counterpart; null: some could not be read. */
async function pairsOf(
  ctx: WorkerContext,
  work: SegmentWork,
  ask: Sides & { living: Map<string, ItemImage> },
): Promise<Pair[] | null> {
  const { table, living } = ask;
  const isSource = work.segment.side === 'source';
  const others = await readImages(ctx, work, {
    store: isSource ? ask.target : ask.source,
    table: isSource ? table.targetName : table.tableName,
    schema: table.schema,
    keyIds: [...living.keys()],
    expiry: { attribute: table.ttlAttribute },
  });
  if (others.unread.size > 0) return null;
  return [...living].map(([id, item]) => {
    const other = others.read.get(id) ?? null;
    // Of the target's pages keys alone were read, so its pairs only say what is absent on the source.
    if (!isSource) return { keyId: id, source: other, target: item };
    return { keyId: id, source: asOnTarget(ctx, table, item), target: other };
  });
}

/** On the target's side pages hold keys alone, so what the source lacks is read whole before it is judged. */
async function suspectsOf(
  ctx: WorkerContext,
  work: SegmentWork,
  ask: Sides & { pairs: Pair[] },
): Promise<Pair[] | null> {
  if (work.segment.side === 'source') return ask.pairs.filter(isDifferent);
  const keyIds = ask.pairs.filter((pair) => pair.source === null).map((pair) => pair.keyId);
  const both = await readBoth(ctx, work, { ...ask, keyIds });
  if (both.source.unread.size + both.target.unread.size > 0) return null;
  const pairs = keyIds.map((id) => ({
    keyId: id,
    source: both.source.read.get(id) ?? null,
    target: both.target.read.get(id) ?? null,
  }));
  return pairs.filter(isDifferent);
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
