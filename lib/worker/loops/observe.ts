/**
 * What workers watch over together: ended runs, segments that nobody works on, holds of workers that have ended, jobs
 * of silent ones, due keys, samples for the screens. Every query is safe to run by several workers at once.
 */
import { closeHoldsOfEnded, tablesWithDueKeys } from '@/db/queries/dirty';
import {
  endFinishedRuns,
  insertTableSamples,
  pruneTableSamples,
  queueOrphanedSegments,
  queueSettle,
  tablesToComplete,
} from '@/db/queries/run';
import { queueRepairedMismatches } from '@/db/queries/run-mismatch';
import { unlockSilentWorkers } from '@/db/queries/worker';
import { queueOpenFences } from '@/db/queries/worker-fence';
import { AppError } from '@/lib/domain/errors';
import type { WorkerContext } from '../context';
import { recordEndedHere } from '../process-mark';

/** Rounds between two prunings of samples. */
const PRUNE_EVERY = 300;

export function makeObserveRound(ctx: WorkerContext): () => Promise<void> {
  let rounds = 0;
  return async () => {
    await recordEndedHere(ctx.sql, ctx.log);
    await unlockSilentWorkers(ctx.sql);
    await closeHoldsOfEnded(ctx.sql);
    await queueOrphanedSegments(ctx.sql);
    await queueRepairedMismatches(ctx.sql);
    await queueOpenFences(ctx.sql);
    await endRuns(ctx);
    await insertTableSamples(ctx.sql);
    rounds += 1;
    if (rounds % PRUNE_EVERY === 0) await pruneTableSamples(ctx.sql);
  };
}

/** Ends runs whose segments have ended, and moves tables on whose backfill is done. */
export async function endRuns(ctx: WorkerContext): Promise<void> {
  for (const run of await endFinishedRuns(ctx.sql)) {
    ctx.log.info({ runId: run.runId, kind: run.kind, state: run.state }, 'A run has ended');
    if (run.kind === 'verification' && run.state === 'done') await ctx.services.verificationEnded(run.runId);
  }
  for (const planTableId of await tablesToComplete(ctx.sql)) {
    try {
      await ctx.services.completeBackfill(planTableId);
    } catch (error) {
      // A refusal is no fault: a person has to do something first, or another worker was quicker.
      if (!(error instanceof AppError)) throw error;
      ctx.log.debug({ planTableId, code: error.code }, 'The backfill is done; its stage waits');
    }
  }
}

/** Queues a settle for every table with a due key. Marks wake it at once; this catches what was missed and held. */
export async function settleRound(ctx: WorkerContext): Promise<void> {
  for (const planTableId of await tablesWithDueKeys(ctx.sql)) {
    if (!ctx.gates.isStopped(planTableId)) await queueSettle(ctx.sql, planTableId);
  }
}
