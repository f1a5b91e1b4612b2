/** The verbs of the services that workers call by themselves, bound to one context. */
import { careRound } from '@/lib/services/alert/watch';
import type { ServiceContext } from '@/lib/services/context';
import { forgetOldAnswers } from '@/lib/services/evidence/idempotency';
import { pollExports } from '@/lib/services/export/start-export';
import { reapRound } from '@/lib/services/fence/abort';
import { sweepCanaries } from '@/lib/services/fence/canary';
import { retireCredentials } from '@/lib/services/fence/credentials';
import { runFence } from '@/lib/services/fence/run-fence';
import { passByRound } from '@/lib/services/process/passed-by';
import { watchPostgres } from '@/lib/services/process/postgres';
import { completeBackfill } from '@/lib/services/run/complete-backfill';
import { clearVerifyAgain } from '@/lib/services/run/verification';
import { passBarriers } from '@/lib/services/table/barriers';
import { guardRound } from '@/lib/services/table/guard';
import { proveChannels } from '@/lib/services/table/prove-channel';
import { streamLost } from '@/lib/services/table/stream-lost';
import type { WorkerServices } from './context';

export function bindServices(ctx: ServiceContext): WorkerServices {
  return {
    completeBackfill: async (tableId) => void (await completeBackfill(ctx, { tableId })),
    verificationEnded: async (runId) => void (await clearVerifyAgain(ctx, { runId })),
    runFence: async (fenceId, signal, workerId) => void (await runFence(ctx, fenceId, { signal, workerId })),
    reapFences: () => reapRound(ctx),
    passBarriers: async () => {
      await watchPostgres(ctx);
      await passBarriers(ctx);
    },
    proveChannels: async () => void (await proveChannels(ctx)),
    streamLost: (tableId, sentence) => streamLost(ctx, { tableId, sentence }),
    guard: async () => void (await guardRound(ctx)),
    pollExports: () => pollExports(ctx),
    care: async () => {
      await careRound(ctx);
      await retireCredentials(ctx);
      await passByRound(ctx);
      await sweepCanaries(ctx);
      await forgetOldAnswers(ctx);
    },
  };
}
