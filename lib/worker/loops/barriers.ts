/**
 * Barriers, live channels and fences past their bound (PROTOCOL B1, C1, F2). The decisions are the services'; workers
 * only look often enough. Every one of them is safe to run in several processes at once.
 */
import type { WorkerContext } from '../context';

export async function barriersRound(ctx: WorkerContext): Promise<void> {
  await ctx.services.passBarriers();
  await ctx.services.proveChannels();
  await ctx.services.reapFences();
}
