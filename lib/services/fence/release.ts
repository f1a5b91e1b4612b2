import { and, eq, sql } from 'drizzle-orm';
import { type DbTransaction, withTransaction } from '@/db/client';
import { type LockedTable, lockTable } from '@/db/queries/facts/lock';
import { type FenceRow, lockFence, moveStep, routingEpoch } from '@/db/queries/fence/fence';
import { publishRouting } from '@/db/queries/routing/publish';
import { dirtyKey, planTable } from '@/db/schema';
import { STAGE_LOOK } from '@/lib/domain/plan/display';
import { moveOf } from '@/lib/domain/plan/moves';
import { formatMs } from '@/lib/domain/units';
import { type ServiceContext, SYSTEM } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { isPostgresKnown } from '../process/postgres';
import { retireOldDirection } from './credentials';
import { DONE, gatewaysQuiet, OTHER_POSTGRES, ROUTING_CHANGED, type Verdict } from './flip';
import { fencePlan } from './plan-of';

/**
 * The release: the stage changes and gateways act on the new routing as soon as they see it; from here only forward. A
 * freeze releases straight from its hold, once every gateway is quiet.
 */
export async function release(ctx: ServiceContext, fence: FenceRow): Promise<Verdict> {
  return await withTransaction(ctx.db, async (tx) => {
    const table = await lockTable(tx, fence.planTableId);
    const locked = table && (await lockFence(tx, fence.id));
    if (!table || !locked || locked.step !== fence.step) return DONE;
    if (!(await isPostgresKnown(ctx, tx))) return OTHER_POSTGRES;
    const plan = fencePlan(locked, table);
    const expected = plan.isFreeze ? locked.holdEpoch : locked.flipEpoch;
    if ((await routingEpoch(tx, table.id)) !== expected) return { kind: 'impossible', reason: ROUTING_CHANGED };
    if (plan.isFreeze) {
      if (locked.isPastBound) return { kind: 'wait', sentence: 'past its bound' };
      const quiet = await gatewaysQuiet(ctx, tx, { fence: locked, sourceConnectionId: table.sourceConnectionId });
      if (quiet.kind !== 'done') return quiet;
    }
    const { epoch } = await publishRouting(tx, table.id, plan.release);
    await changeStage(tx, { table, fence: locked, readShareMilli: plan.release.readShareMilli });
    await moveStep(tx, { fenceId: fence.id, from: locked.step, to: 'released', releaseEpoch: epoch });
    if (fence.verb === 'close_source') await tx.delete(dirtyKey).where(eq(dirtyKey.planTableId, table.id));
    const kept = await retireOldDirection(tx, { fence: locked, table });
    await record(ctx, tx, { table, fence: locked, epoch, kept });
    return DONE;
  });
}

async function changeStage(
  tx: DbTransaction,
  done: { table: LockedTable; fence: FenceRow; readShareMilli: number },
): Promise<void> {
  const { table, fence, readShareMilli } = done;
  const now = sql`clock_timestamp()`;
  const backup = {
    backupSince: now,
    backupUntil: sql`clock_timestamp() + ${table.settings.backupMs}::float8 * interval '1 millisecond'`,
    sourceRefusalProvenAt: null,
  };
  const rows = await tx
    .update(planTable)
    .set({
      stage: moveOf(fence.verb).to,
      stageSince: now,
      version: table.version + 1,
      readShareMilli,
      shareSince: now,
      lastChangeBy: fence.openedBy,
      lastChangeAt: now,
      ...(fence.verb === 'close_source' ? backup : {}),
    })
    .where(and(eq(planTable.id, table.id), eq(planTable.stage, table.stage)))
    .returning({ id: planTable.id });
  if (rows.length === 0) throw new Error('invariant: a locked table keeps its stage');
}

async function record(
  ctx: ServiceContext,
  tx: DbTransaction,
  done: { table: LockedTable; fence: FenceRow; epoch: number; kept: string | null },
): Promise<void> {
  const { table, fence, epoch, kept } = done;
  const move = moveOf(fence.verb);
  const pauseMs = Math.round(fence.ageMs);
  const before = { stage: table.stage };
  const after = { stage: move.to, pauseMs, fenceId: fence.id };
  const moved = `from ${STAGE_LOOK[table.stage].label} to ${STAGE_LOOK[move.to].label}`;
  await appendEvent(ctx, tx, {
    planId: table.planId,
    planTableId: table.id,
    kind: `move.${fence.verb}`,
    sentence: `${table.name}: ${move.label}, ${moved}. Writes paused for ${formatMs(pauseMs)}.${kept ? ` ${kept}` : ''}`,
    actor: { ...SYSTEM, name: fence.openedBy },
    actorKind: 'person',
    before,
    after,
    reason: fence.reason || null,
    epoch,
  });
  const detail = { before, after, epoch, openedBy: fence.openedBy };
  await appendAudit(ctx, tx, { action: `fence.released`, actor: SYSTEM, subject: table.id, detail });
}
