import type { TaskList } from 'graphile-worker';
import type { WorkerContext } from '../context';
import { backfillSegment } from './backfill-segment';
import { recheckMismatch } from './recheck-mismatch';
import { settle } from './settle';
import { sqlReadBack } from './sql-read-back';
import { verifySegment } from './verify-segment';

/**
 * Tasks of the queue by name. Each is safe to run twice, and on two workers at once. Long ones and urgent ones have
 * slots of their own: a fence holds an application's writes and may not wait for a segment's slice to end.
 */
export function makeTasks(ctx: WorkerContext): { long: TaskList; urgent: TaskList } {
  const long: TaskList = {
    'backfill-segment': (payload) => backfillSegment(ctx, payload as { segmentId: string }),
    'sql-read-back': (payload) => sqlReadBack(ctx, payload as { readBackId: string }),
    'verify-segment': (payload) => verifySegment(ctx, payload as { segmentId: string }),
  };
  const urgent: TaskList = {
    'recheck-mismatch': (payload) => recheckMismatch(ctx, payload as { mismatchId: string }),
    settle: (payload) => settle(ctx, payload as { planTableId: string }),
    'run-fence': (payload) =>
      ctx.services.runFence((payload as { fenceId: string }).fenceId, ctx.stopping, ctx.workerId),
  };
  return { long, urgent };
}
