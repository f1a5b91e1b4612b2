/**
 * Drives the stored step machine of a fence (PROTOCOL F1, F2): hold → gateways quiet → settled → workers stopped →
 * flipped → canary proven → released, or aborted. Every step is a conditional update of the fence's row, so any worker
 * may drive it, two may drive it at once, and one that dies at any point is replaced by the next. Waiting is polling:
 * gateways report within milliseconds, and a hold lasts two seconds at most.
 */
import { eq } from 'drizzle-orm';
import { beginDriving, endDriving } from '@/db/queries/fence/drivers';
import { dirtyOf, type FenceRow, moveStep, readFence, workersAtWork } from '@/db/queries/fence/fence';
import { plan } from '@/db/schema';
import { formatCount } from '@/lib/domain/units';
import { type ServiceContext, SYSTEM } from '../context';
import { abortFence, PAST_BOUND } from './abort';
import { proveCanary, removeCanary } from './canary';
import { issueCredentials, retireCredentials } from './credentials';
import { DONE, flip, gatewaysQuiet, type Verdict } from './flip';
import { release } from './release';
import { proveSourceRefusal } from './source-refusal';

const POLL_MS = 15;
/** Rounds in a row that may fail (Postgres away) before the task is given back to the queue. */
const FAILURES_MAX = 40;
const FAILURE_PAUSE_MS = 50;

export interface FenceOutcome {
  /** `open`: the signal came first, or there is no such fence. */
  outcome: 'released' | 'aborted' | 'open';
  waitedFor: string | null;
}

/** Drives a fence until it has ended or the signal comes. Safe to run twice and anywhere. */
export async function runFence(
  ctx: ServiceContext,
  fenceId: string,
  options: { signal?: AbortSignal; workerId?: string } = {},
): Promise<FenceOutcome> {
  const driver = { fenceId, driverId: ctx.random(), workerId: options.workerId ?? null };
  const isThere = await beginDriving(ctx.db, driver);
  try {
    return isThere ? await drive(ctx, fenceId, options.signal) : { outcome: 'open', waitedFor: null };
  } finally {
    // Nothing of this driver is on its way any more: a canary that it wrote is there by now, or was never sent.
    await endDriving(ctx.db, driver).catch((error: unknown) =>
      ctx.log.warn({ fenceId, error }, 'A driver ended unsaid'),
    );
  }
}

async function drive(ctx: ServiceContext, fenceId: string, signal: AbortSignal | undefined): Promise<FenceOutcome> {
  let failures = 0;
  let waitedFor: string | null = null;
  let issuing: Promise<boolean> | null = null;
  while (!signal?.aborted) {
    try {
      const fence = await readFence(ctx.db, fenceId);
      if (!fence) return { outcome: 'open', waitedFor };
      if (fence.step === 'released' || fence.step === 'aborted') {
        await afterFence(ctx, fence);
        return { outcome: fence.step, waitedFor };
      }
      if (fence.step === 'hold') issuing ??= issueCredentials(ctx, fence);
      // Gateways take the new credentials up with the flip's own epoch, so they must stand before it, whoever of several
      // drivers began to issue them.
      let isIssued = true;
      if (fence.step === 'workers_stopped') {
        isIssued = await (issuing ?? issueCredentials(ctx, fence));
        issuing = isIssued ? issuing : null;
      }
      const verdict: Verdict = isIssued ? await stepFence(ctx, fence) : NOT_ISSUED;
      failures = 0;
      if (verdict.kind === 'done') continue;
      if (verdict.kind === 'impossible') {
        if (!(await abortFence(ctx, fenceId, verdict.reason))) await rest(POLL_MS);
        continue;
      }
      waitedFor = verdict.sentence;
      const isOver = fence.isPastBound && (await abortFence(ctx, fenceId, `${PAST_BOUND}, ${verdict.sentence}`));
      if (!isOver) await rest(POLL_MS);
    } catch (error) {
      failures += 1;
      if (failures >= FAILURES_MAX) throw error;
      ctx.log.warn({ fenceId, error }, 'A step of the fence failed; it is tried again.');
      await rest(FAILURE_PAUSE_MS);
    }
  }
  return { outcome: 'open', waitedFor };
}

const NOT_ISSUED: Verdict = { kind: 'wait', sentence: 'waiting for the service that issues keys' };
const rest = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Tries the one step that the row is at. Exported for tests that stop between any two steps. */
export async function stepFence(ctx: ServiceContext, fence: FenceRow): Promise<Verdict> {
  switch (fence.step) {
    case 'hold':
      return await awaitGateways(ctx, fence);
    case 'gateways_quiet':
      return await settleRest(ctx, fence);
    case 'settled':
      return await stopWorkers(ctx, fence);
    case 'workers_stopped':
      return await flip(ctx, fence);
    case 'flipped': {
      const verdict = await proveCanary(ctx, fence);
      // Two drivers share one canary: the one that was disturbed by the other looks at the row again.
      if (verdict.kind !== 'done') return (await readFence(ctx.db, fence.id))?.step === 'flipped' ? verdict : DONE;
      await moveStep(ctx.db, { fenceId: fence.id, from: 'flipped', to: 'canary_proven' });
      return DONE;
    }
    case 'canary_proven':
      return await release(ctx, fence);
    case 'released':
    case 'aborted':
      return DONE;
  }
}

async function awaitGateways(ctx: ServiceContext, fence: FenceRow): Promise<Verdict> {
  if (fence.verb === 'freeze') return await release(ctx, fence);
  const unknown = await unknownOutcome(ctx, fence);
  if (unknown) return unknown;
  const sourceConnectionId = await sourceOf(ctx, fence);
  const quiet = await gatewaysQuiet(ctx, ctx.db, { fence, sourceConnectionId });
  if (quiet.kind === 'done') await moveStep(ctx.db, { fenceId: fence.id, from: 'hold', to: 'gateways_quiet' });
  return quiet;
}

async function settleRest(ctx: ServiceContext, fence: FenceRow): Promise<Verdict> {
  const unknown = await unknownOutcome(ctx, fence);
  if (unknown) return unknown;
  const dirty = await dirtyOf(ctx.db, fence.planTableId);
  if (dirty.count > 0) return { kind: 'wait', sentence: `settling ${formatCount(dirty.count)} dirty keys` };
  await moveStep(ctx.db, { fenceId: fence.id, from: 'gateways_quiet', to: 'settled' });
  return DONE;
}

async function stopWorkers(ctx: ServiceContext, fence: FenceRow): Promise<Verdict> {
  // Tests only: a worker may then still be writing to the follower while authority changes.
  if (ctx.safeguards.workersStop) {
    const atWork = await workersAtWork(ctx.db, fence.id);
    if (atWork.length > 0) return { kind: 'wait', sentence: `waiting for workers: ${atWork.join(', ')}` };
  }
  await moveStep(ctx.db, { fenceId: fence.id, from: 'settled', to: 'workers_stopped' });
  return DONE;
}

/** An unknown outcome ends a short hold at once; a long one waits for its Δ (PROTOCOL F1b). */
async function unknownOutcome(ctx: ServiceContext, fence: FenceRow): Promise<Verdict | null> {
  if (fence.long) return null;
  const { waiting } = await dirtyOf(ctx.db, fence.planTableId);
  if (waiting === 0) return null;
  return { kind: 'impossible', reason: `${formatCount(waiting)} writes with an unknown outcome` };
}

async function sourceOf(ctx: ServiceContext, fence: FenceRow): Promise<string> {
  const [row] = await ctx.db.select({ id: plan.sourceConnectionId }).from(plan).where(eq(plan.id, fence.planId));
  if (!row) throw new Error('invariant: a fence has a plan');
  return row.id;
}

/** What follows a fence but never holds it up: retired credentials are revoked, a closed source is proven closed. */
async function afterFence(ctx: ServiceContext, fence: FenceRow): Promise<void> {
  try {
    if (fence.step === 'aborted') await removeCanary(ctx, fence);
    await retireCredentials(ctx);
    if (fence.verb === 'close_source' && fence.step === 'released')
      await proveSourceRefusal(ctx, SYSTEM, { tableId: fence.planTableId });
  } catch (error) {
    ctx.log.warn({ fenceId: fence.id, error }, 'What follows the fence is not done yet; the loop tries it again.');
  }
}
