/** Settles the dirty keys of a table, batch by batch, for a bounded time. One job a table; claims keep two apart. */
import type { WorkTable } from '@/db/queries/run';
import { allEnded } from '../all-ended';
import type { WorkerContext } from '../context';
import { leaseMsFor } from '../limits';
import { type SettleSides, settleBatch } from '../settle/batch';

/** Short, because fences share its slots; what is left is queued again within a second. */
const SETTLE_MS_MAX = 2_000;

export async function settle(ctx: WorkerContext, payload: { planTableId: string }): Promise<void> {
  const { planTableId } = payload;
  const endsAtMs = ctx.clock.monotonicMs() + Math.min(ctx.limits.sliceMsMax, SETTLE_MS_MAX);
  const endActivity = ctx.activity.begin('settle', planTableId);
  try {
    await allEnded(
      Array.from({ length: ctx.limits.settleBatchesAtATime }, async (_, at) => {
        while (ctx.clock.monotonicMs() < endsAtMs && (await settleOnce(ctx, planTableId, at === 0)));
      }),
    );
  } finally {
    endActivity();
  }
}

/** One batch; false: nothing is due, or the table may not be settled now. */
async function settleOnce(ctx: WorkerContext, planTableId: string, isFirst: boolean): Promise<boolean> {
  if (ctx.stopping.aborted) return false;
  const leave = ctx.gates.enter(planTableId);
  if (!leave) return false;
  try {
    // Inside the gate, so that a fence that begins now waits for this batch; the direction is that of the epoch now.
    const table = await ctx.ledger.loadWorkTable(planTableId);
    if (!table || !maySettle(ctx, table)) return false;
    const { schema, deltaMs } = table;
    const leaseMs = leaseMsFor(ctx.limits, table.storeTimeoutMs);
    if (isFirst) await ctx.ledger.expireClaims({ planTableId, schema, deltaMs, mark: ctx.safeguards.takeOverMarks });
    const keysMax = ctx.limits.settleKeysMax;
    const claimed = await ctx.ledger.claimKeys({ planTableId, owner: ctx.workerId, leaseMs, keysMax });
    if (claimed.length === 0) return false;
    await settleBatch(ctx, await sidesOf(ctx, table), claimed);
    return true;
  } finally {
    leave();
  }
}

/** Nothing is settled where writes name one side (W8), nor once a fence has reached the step at which workers stop. */
function maySettle(ctx: WorkerContext, table: WorkTable): boolean {
  if (table.writes === 'source' || table.writes === 'target') return false;
  return table.stoppedByFence === null || !ctx.safeguards.workersStop;
}

async function sidesOf(ctx: WorkerContext, table: WorkTable): Promise<SettleSides> {
  const [source, target] = await Promise.all([
    ctx.stores.get(table.sourceConnectionId),
    ctx.stores.get(table.targetConnectionId),
  ]);
  return table.authority === 'source'
    ? { table, authority: source, authorityTable: table.tableName, follower: target, followerTable: table.targetName }
    : { table, authority: target, authorityTable: table.targetName, follower: source, followerTable: table.tableName };
}
