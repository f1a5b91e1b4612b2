/** The verbs of the services that workers call by themselves, bound to one context. */
import type { ServiceContext } from '@/lib/services/context';
import { passBarriers } from '@/lib/services/table/barriers';
import { proveChannels } from '@/lib/services/table/prove-channel';
import type { WorkerServices } from './context';

export function bindServices(ctx: ServiceContext): WorkerServices {
  return {
    completeBackfill: async () => {},
    runFence: async () => {},
    reapFences: async () => {},
    passBarriers: async () => void (await passBarriers(ctx)),
    proveChannels: async () => void (await proveChannels(ctx)),
  };
}
