import type { TaskList } from 'graphile-worker';
import type { WorkerContext } from '../context';
import { backfillSegment } from './backfill-segment';
import { settle } from './settle';

/** Tasks of the queue by name. Each is safe to run twice, and on two workers at once. */
export function makeTasks(ctx: WorkerContext): TaskList {
  return {
    'backfill-segment': (payload) => backfillSegment(ctx, payload as { segmentId: string }),
    settle: (payload) => settle(ctx, payload as { planTableId: string }),
    'run-fence': (payload) => ctx.services.runFence((payload as { fenceId: string }).fenceId),
  };
}
