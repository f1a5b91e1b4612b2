/**
 * A worker that is alive acknowledges that nothing it had sent is still on its way (PROTOCOL F1a): a segment or a claim
 * was taken over from it, the marks wait for it to end, and everything it had in hand then has ended since.
 */
import type { WorkerContext } from '../context';

export async function holdsRound(ctx: WorkerContext): Promise<void> {
  const held = await ctx.ledger.tablesHeldOpenFor(ctx.workerId);
  await Promise.all(
    held.map(async ({ planTableId, seenAt }) => {
      await ctx.gates.drained(planTableId);
      await ctx.ledger.acknowledgeHolds({ workerId: ctx.workerId, planTableId, seenAt });
    }),
  );
}
