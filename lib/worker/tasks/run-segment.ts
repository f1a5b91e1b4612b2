/**
 * What backfill and verification share: take the segment's lease, work page by page for a bounded time, give it back
 * and queue it again. The queue only wakes; a second job on the same segment finds the lease taken and ends.
 */
import type { TakenSegment } from '@/db/queries/segment';
import type { WireItem } from '@/lib/domain/item/item';
import { fullJitterMs } from '@/lib/domain/pacing/backoff';
import type { WorkerContext } from '../context';
import { SegmentWork } from '../segment-work';

/** Times between attempts of a segment that ended in a fault. */
const SEGMENT_BACKOFF = { baseMs: 500, capMs: 20_000 };

/** A refusal that only a person can mend is not tried for long: the run fails and says why. */
const LASTING_ATTEMPTS_MAX = 3;
/** How long a worker beyond its part leaves a segment to others at most, and when it looks again meanwhile. */
const LEFT_MS_MAX = 3_000;
const LEFT_AGAIN_MS = 300;

export type PageResult =
  | { kind: 'next'; cursor: WireItem }
  | { kind: 'finished' }
  /** Given up between or within pages; everything sent is confirmed or marked. */
  | { kind: 'stopped' }
  | { kind: 'lost' };

export type SegmentJob = Pick<TakenSegment, 'segmentId' | 'kind'>;

export type MakePager = (work: SegmentWork) => Promise<(cursor: WireItem | null) => Promise<PageResult>>;

/** Works on one segment until it is finished, its slice is over, it must stop, or its lease is lost. */
export async function runSegment(ctx: WorkerContext, job: SegmentJob, makePager: MakePager): Promise<void> {
  const { segmentId } = job;
  if (ctx.stopping.aborted || ctx.inHand.has(segmentId)) return;
  if (await leaveToOthers(ctx, job)) return;
  ctx.inHand.add(segmentId);
  try {
    await takeAndRun(ctx, segmentId, makePager);
  } finally {
    ctx.inHand.delete(segmentId);
  }
}

/** When a segment was first left to others, by its id; forgotten when it is taken. */
const leftSinceMs = new WeakMap<WorkerContext, Map<string, number>>();

/**
 * Whoever came first would else hold all segments of a run while others have nothing to do. Beyond its part a worker
 * lets them go first for a bounded time, and takes the segment when nobody came.
 */
async function leaveToOthers(ctx: WorkerContext, { segmentId, kind }: SegmentJob): Promise<boolean> {
  const left = leftSinceMs.get(ctx) ?? new Map<string, number>();
  leftSinceMs.set(ctx, left);
  const nowMs = ctx.clock.monotonicMs();
  const sinceMs = left.get(segmentId) ?? nowMs;
  // Of segments that others took nothing is heard any more.
  for (const [id, ms] of left) if (nowMs - ms > 2 * LEFT_MS_MAX) left.delete(id);
  if (ctx.liveWorkers <= 1 || ctx.inHand.size < ctx.segmentsMax || nowMs - sinceMs >= LEFT_MS_MAX) {
    left.delete(segmentId);
    return false;
  }
  left.set(segmentId, sinceMs);
  await ctx.ledger.queueSegment({ segmentId, kind, afterMs: LEFT_AGAIN_MS });
  return true;
}

async function takeAndRun(ctx: WorkerContext, segmentId: string, makePager: MakePager): Promise<void> {
  const takenAtMs = ctx.clock.monotonicMs();
  const segment = await ctx.ledger.takeSegment({
    segmentId,
    owner: ctx.workerId,
    leaseMs: ctx.limits.leaseMs,
    markTakeOver: ctx.safeguards.takeOverMarks,
  });
  if (!segment) return;
  if (segment.takenOver > 0) {
    const { formerOwner, takenOver } = segment;
    ctx.log.info({ segmentId, formerOwner, takenOver }, 'Took a segment over; the keys of its open page are marked');
  }
  const table = await ctx.ledger.loadWorkTable(segment.planTableId);
  if (!table) return;
  const work = new SegmentWork(ctx, segment, table, takenAtMs);
  const endActivity = ctx.activity.begin(`${segment.kind} segment ${segment.number + 1}`, table.planTableId);
  try {
    await work.renew();
    const end = await pages(ctx, work, makePager);
    if (end === 'slice') await giveBack(ctx, work, 0);
    else if (end === 'stopped') await stop(ctx, work);
  } finally {
    ctx.atWork.delete(segmentId);
    endActivity();
    work.end();
  }
}

type End = 'slice' | 'stopped' | 'finished' | 'lost';

async function pages(ctx: WorkerContext, work: SegmentWork, makePager: MakePager): Promise<End> {
  const { sliceMsMax, exportSliceMsMax, turnPages } = ctx.limits;
  const isScan = work.segment.file === null;
  const sliceEndsAtMs = ctx.clock.monotonicMs() + (isScan ? sliceMsMax : exportSliceMsMax);
  let pagesDone = 0;
  const page = await makePager(work);
  let cursor: WireItem | null = work.segment.cursor;
  for (;;) {
    if (work.isLost) return 'lost';
    if (!work.mayGoOn()) return 'stopped';
    const leave = ctx.gates.enter(work.table.planTableId);
    if (!leave) return 'stopped';
    try {
      const result = await page(cursor);
      if (result.kind === 'finished' || result.kind === 'lost' || result.kind === 'stopped') return result.kind;
      cursor = result.cursor;
    } finally {
      leave();
    }
    pagesDone += 1;
    if (isScan && work.isWaitedFor && pagesDone >= turnPages) return 'slice';
    if (ctx.clock.monotonicMs() >= sliceEndsAtMs) return 'slice';
  }
}

/** Stopped by a fault, a pause, a fence or the end of the process. */
async function stop(ctx: WorkerContext, work: SegmentWork): Promise<void> {
  const { fault, segment } = work;
  if (!fault) {
    // A pause and a fence queue the segment again when they end; the end of a process hands it on at once.
    await ctx.ledger.releaseSegment(segment);
    if (ctx.stopping.aborted) await requeue(ctx, segment, 0);
    return;
  }
  const attemptsMax = fault.isLasting ? LASTING_ATTEMPTS_MAX : ctx.limits.segmentAttemptsMax;
  const isFinal = segment.attempts + 1 >= attemptsMax;
  ctx.log.warn({ segmentId: segment.segmentId, fault: fault.sentence, isFinal }, 'A segment stopped at a fault');
  await ctx.ledger.releaseSegment(segment, { error: fault.sentence, isFinal });
  if (!isFinal) await requeue(ctx, segment, 500 + fullJitterMs(segment.attempts + 1, SEGMENT_BACKOFF, ctx.random()));
}

async function giveBack(ctx: WorkerContext, work: SegmentWork, afterMs: number): Promise<void> {
  if (await ctx.ledger.releaseSegment(work.segment)) await requeue(ctx, work.segment, afterMs);
}

const requeue = (ctx: WorkerContext, segment: TakenSegment, afterMs: number): Promise<void> =>
  ctx.ledger.queueSegment({ segmentId: segment.segmentId, kind: segment.kind, afterMs });
