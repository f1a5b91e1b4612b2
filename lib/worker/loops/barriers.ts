/**
 * Barriers and live channels (PROTOCOL B1, C1). The decisions are the services'; workers only look often enough. Both are
 * safe to run in several processes at once. Fences past their bound are looked for in a loop of their own, because a
 * channel's store may take its time or fail.
 */
import type { WorkerContext } from '../context';

export async function barriersRound(ctx: WorkerContext): Promise<void> {
  await ctx.services.passBarriers();
  await ctx.services.proveChannels();
}
