/**
 * One page of a backfill: keys stored before the first write (C3), written in groups, each group confirmed against the
 * source by a consistent read that began after the outcomes were known (W3), and only then the checkpoint. Every item
 * is accounted for once: read = written + expired + set aside + marked.
 */
import type { NewSetAside } from '@/db/queries/segment';
import { type ItemImage, sameImage } from '@/lib/adapters/dynamodb/slices/item-image';
import type { SlicedPage } from '@/lib/adapters/dynamodb/slices/scan-slices';
import { bytesOfItems, SlicedItem } from '@/lib/adapters/dynamodb/slices/sliced-item';
import { allEnded } from '../all-ended';
import type { WorkerContext } from '../context';
import { asOnTarget, valuesLeft } from '../mapped-images';
import { readInOrder } from '../read-images';
import type { SegmentWork, Work } from '../segment-work';
import type { Store } from '../stores';
import { type Entry, type Verdict, writeEntries } from '../write-entries';

/** How long confirming what was sent goes on after the work was told to stop; what is left is marked. */
const CONFIRM_GRACE_MS = 1_000;

export type PageEnd = 'done' | 'stopped' | 'lost';

export interface CopySides {
  source: Store;
  target: Store;
}

/**
 * What is written (`image`) for what was read, which the source must confirm: `read`, or `image` itself where nothing
 * maps it on its way.
 */
interface CopyEntry extends Entry {
  image: ItemImage;
  read?: ItemImage;
}

interface Outcome {
  written: number;
  unknown: string[];
  differed: string[];
  setAside: NewSetAside[];
  notSent: number;
}

/** Copies one page. `stopped`: everything sent is confirmed or marked, and nothing of it counts; `lost`: the same. */
export async function copyPage(
  ctx: WorkerContext,
  work: SegmentWork,
  sides: CopySides & { page: SlicedPage /** Keys read beside the items and marked already. */; marked?: number },
): Promise<PageEnd> {
  const { segment, table } = work;
  const { marked = 0 } = sides;
  const { entries, left } = livingOf(ctx, work, sides.page);
  if (ctx.safeguards.pageKeys && entries.length > 0) {
    const isStored = await ctx.ledger.storePageKeys(
      segment,
      entries.map((entry) => entry.keyId),
    );
    if (!isStored) {
      // Lost, or the run was paused since the last renewal: then the segment is still this worker's to give back.
      await work.renew();
      return work.isLost ? 'lost' : 'stopped';
    }
  }
  const outcome = await writeAndConfirm(ctx, work, { ...sides, entries });
  await markOutcome(ctx, work, outcome);
  if (outcome.notSent > 0) return work.isLost || !work.mayWrite() ? 'lost' : 'stopped';
  await ctx.ledger.insertSetAside(outcome.setAside, table.schema);
  const isKept = await ctx.ledger.checkpointSegment(segment, {
    cursor: sides.page.cursor,
    schema: table.schema,
    counts: {
      itemsRead: sides.page.items.length + marked,
      itemsWritten: outcome.written,
      itemsExpired: sides.page.items.length - entries.length,
      itemsSetAside: outcome.setAside.length,
      itemsMarked: outcome.unknown.length + outcome.differed.length + marked,
      valuesLeft: left,
      bytesRead: bytesOfItems(sides.page.items),
      compared: 0,
      suspects: 0,
      hot: 0,
      inFlight: 0,
      mismatches: 0,
    },
  });
  return isKept ? 'done' : 'lost';
}

/**
 * The items that are not past their expiry (PROTOCOL C4), to be written as they were read, but for attributes that are
 * mapped; `left` of these are no epoch number and stay as they are.
 */
function livingOf(ctx: WorkerContext, work: SegmentWork, page: SlicedPage): { entries: CopyEntry[]; left: number } {
  const { table } = work;
  const expiry = { attribute: table.ttlAttribute };
  const nowMs = ctx.clock.nowMs();
  const entries: CopyEntry[] = [];
  let left = 0;
  for (const item of page.items) {
    if (ctx.safeguards.expiredAbsent && item.isExpired(expiry, nowMs)) continue;
    const image = asOnTarget(ctx, table, item.image);
    left += valuesLeft(ctx, table, item.image);
    entries.push(image === item.image ? item : { keyId: item.keyId, image, read: item.image });
  }
  return { entries, left };
}

/**
 * Groups of one page at a time: this segment's part of the lanes of all jobs. A segment cannot be divided among workers,
 * because a scan goes from page to page; so the one that lasts longest has each of its pages divided instead.
 */
export const lanesOf = ({ limits, atWork }: Pick<WorkerContext, 'limits' | 'atWork'>): number =>
  Math.max(limits.groupsAtATime, Math.floor((limits.jobsMax * limits.groupsAtATime) / Math.max(1, atWork.size)));

/** Groups of keys, a few at a time, so that confirming one group overlaps writing the next. */
async function writeAndConfirm(
  ctx: WorkerContext,
  work: SegmentWork,
  page: CopySides & { entries: CopyEntry[] },
): Promise<Outcome> {
  const outcome: Outcome = { written: 0, unknown: [], differed: [], setAside: [], notSent: 0 };
  const groups: CopyEntry[][] = [];
  for (let at = 0; at < page.entries.length; at += ctx.limits.groupItems) {
    groups.push(page.entries.slice(at, at + ctx.limits.groupItems));
  }
  let next = 0;
  const runner = async (): Promise<void> => {
    while (next < groups.length) {
      const group = groups[next] as CopyEntry[];
      next += 1;
      await copyGroup(ctx, work, { ...page, entries: group, outcome });
    }
  };
  await allEnded(Array.from({ length: Math.min(lanesOf(ctx), groups.length) }, runner));
  return outcome;
}

async function copyGroup(
  ctx: WorkerContext,
  work: SegmentWork,
  group: CopySides & { entries: CopyEntry[]; outcome: Outcome },
): Promise<void> {
  const { table } = work;
  const { entries, outcome } = group;
  const request = { store: group.target, table: table.targetName, schema: table.schema, entries };
  const verdicts = await writeEntries(ctx, work, request);
  const { isAllWritten } = verdicts;
  const written = isAllWritten ? entries : entries.filter((entry) => verdicts.get(entry.keyId).kind === 'written');
  if (!isAllWritten) {
    for (const entry of entries) bookVerdict(ctx, work, { entry, outcome, verdict: verdicts.get(entry.keyId) });
  }
  if (!ctx.safeguards.confirm) {
    outcome.written += written.length;
    return;
  }
  const read = written.map((entry) => entry.read ?? entry.image);
  const images = await readInOrder(ctx, graceful(ctx, work), {
    store: group.source,
    table: table.tableName,
    schema: table.schema,
    keyIds: written.map((entry) => entry.keyId),
    expected: read.map((image) => (image instanceof SlicedItem ? image : undefined)),
    expiry: { attribute: table.ttlAttribute },
  });
  for (let at = 0; at < written.length; at += 1) {
    const now = images[at];
    if (now !== undefined && sameImage(read[at] as ItemImage, now)) outcome.written += 1;
    else outcome.differed.push((written[at] as CopyEntry).keyId);
  }
}

function bookVerdict(
  ctx: WorkerContext,
  work: SegmentWork,
  one: { entry: Entry; outcome: Outcome; verdict: Verdict },
): void {
  const { entry, outcome, verdict } = one;
  if (verdict.kind === 'not_sent') outcome.notSent += 1;
  else if (verdict.kind === 'unknown') outcome.unknown.push(entry.keyId);
  else if (verdict.kind === 'refused') {
    outcome.setAside.push({
      id: ctx.newId('setAside'),
      runId: work.segment.runId,
      planTableId: work.table.planTableId,
      keyId: entry.keyId,
      reason: verdict.reason,
      errorType: verdict.errorType,
    });
  }
}

/** The same work, that may still read for a moment after it was told to stop: what was sent must be confirmed. */
function graceful(ctx: WorkerContext, work: SegmentWork): Work {
  let stoppedAtMs: number | null = null;
  return {
    priority: work.priority,
    timeoutMs: work.timeoutMs,
    mayGoOn: () => {
      if (work.mayGoOn()) return true;
      stoppedAtMs ??= ctx.clock.monotonicMs();
      return ctx.clock.monotonicMs() - stoppedAtMs < CONFIRM_GRACE_MS;
    },
    mayWrite: () => false,
    get fault() {
      return work.fault;
    },
    set fault(fault) {
      work.fault = fault;
    },
  };
}

/**
 * Marks before the checkpoint, so that no key is forgotten between the two. A lost lease changes nothing here: whoever
 * sent something marks it. Stale images are never written again.
 */
async function markOutcome(ctx: WorkerContext, work: SegmentWork, outcome: Outcome): Promise<void> {
  const { planTableId, schema, deltaMs } = work.table;
  if (outcome.differed.length > 0) {
    await ctx.ledger.markKeys({ planTableId, schema, keyIds: outcome.differed, cause: 'confirm_differed' });
  }
  if (outcome.unknown.length === 0) return;
  const unknownForMs = ctx.safeguards.holdUntil ? deltaMs : undefined;
  const marks = { planTableId, schema, keyIds: outcome.unknown, unknownForMs };
  if (ctx.safeguards.unknownOutcomes) await ctx.ledger.markKeys({ ...marks, cause: 'unknown_outcome' });
}
