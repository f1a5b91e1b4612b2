/**
 * What a running worker must hear of within a second: limits of connections, how many workers share them, and fences
 * at a step at which workers stop (PROTOCOL F1a).
 */
import { countOpenSegments } from '@/db/queries/pacing';
import { setThrottleReason } from '@/db/queries/run';
import { countLiveWorkers } from '@/db/queries/worker';
import type { WorkerContext } from '../context';

export async function controlRound(ctx: WorkerContext): Promise<void> {
  ctx.liveWorkers = await countLiveWorkers(ctx.sql);
  ctx.segmentsMax = Math.max(1, Math.ceil((await countOpenSegments(ctx.sql)) / ctx.liveWorkers));
  await ctx.stores.refresh(ctx.liveWorkers);
  await obeyFences(ctx);
  await sayWhatHoldsRunsBack(ctx);
}

/** One sentence a run: its own rate first, then the target's, then the source's. */
async function sayWhatHoldsRunsBack(ctx: WorkerContext): Promise<void> {
  const reasons = new Map<string, string | null>();
  for (const { runId, paces } of ctx.atWork.values()) {
    const all = [ctx.runPaces.get(runId), ...paces];
    const reason = all.map((pace) => pace?.reason() ?? null).find((sentence) => sentence !== null) ?? null;
    reasons.set(runId, reasons.get(runId) ?? reason);
  }
  for (const [runId, reason] of reasons) await setThrottleReason(ctx.sql, runId, reason);
}

/** Stops tables whose fence has reached `settled`, says so when nothing is in flight, opens them when it has ended. */
export async function obeyFences(ctx: WorkerContext): Promise<void> {
  // Two looks may overlap, and an answer may come late: it opens only what was stopped before it was asked for.
  const before = new Map(ctx.gates.stopped());
  const fences = await ctx.ledger.fencesThatStopWorkers(ctx.workerId);
  const held = new Set(fences.map((fence) => fence.planTableId));
  for (const [planTableId, fenceId] of before) if (!held.has(planTableId)) ctx.gates.open(planTableId, fenceId);
  await Promise.all(
    fences.map(async ({ fenceId, planTableId, isAcknowledged }) => {
      if (ctx.safeguards.workersStop) {
        ctx.gates.stop(planTableId, fenceId);
        await ctx.gates.drained(planTableId);
      }
      if (!isAcknowledged) await ctx.ledger.acknowledgeFence({ fenceId, workerId: ctx.workerId });
    }),
  );
}
