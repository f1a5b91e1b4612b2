import { and, eq, lt, sql } from 'drizzle-orm';
import { withTransaction } from '@/db/client';
import { lockTable } from '@/db/queries/facts/lock';
import { plan, planTable, run } from '@/db/schema';
import { AppError } from '@/lib/domain/errors';
import { STAGE_LOOK } from '@/lib/domain/plan/display';
import type { Stage } from '@/lib/domain/plan/stages';
import { type Actor, type ServiceContext, SYSTEM } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { once } from '../evidence/idempotency';
import { requireRole } from '../view/require-role';
import { createRun } from './create-run';

/** Stages in which both sides are meant to be equal, so that comparing them says something. */
const VERIFIABLE: readonly Stage[] = ['verify', 'shift', 'target_first'];

export interface StartVerificationInput {
  tableId: string;
  mismatchesMax?: number;
  idempotencyKey: string | null;
}

/**
 * Starts a full verification: both sides are read and compared, item by item.
 * @throws AppError `auth.role_too_low`, `table.not_found`, `table.move_refused` by stage, `run.already_running`
 */
export async function startVerification(
  ctx: ServiceContext,
  actor: Actor,
  input: StartVerificationInput,
): Promise<{ runId: string }> {
  requireRole(actor, 'operator');
  return await withTransaction(ctx.db, (tx) => {
    const ask = { key: input.idempotencyKey, action: 'run.verify', actorId: actor.id, payload: input };
    return once(tx, ask, async () => {
      const table = await lockTable(tx, input.tableId);
      if (!table) throw new AppError('table.not_found', 'There is no such table.');
      if (!VERIFIABLE.includes(table.stage))
        throw new AppError(
          'table.move_refused',
          `${table.name} is in stage ${STAGE_LOOK[table.stage].label}; there is no finished copy to compare.`,
        );
      const { mismatchesMax } = input;
      const runId = await createRun(ctx, tx, {
        tableId: table.id,
        kind: 'verification',
        startedBy: actor,
        mismatchesMax,
      });
      const entry = { planId: table.planId, planTableId: table.id, actor };
      await appendEvent(ctx, tx, { ...entry, kind: 'run.started', sentence: `${table.name}: verification started.` });
      await appendAudit(ctx, tx, { action: 'run.verify', actor, subject: table.id, detail: { runId, mismatchesMax } });
      return { runId };
    });
  });
}

/**
 * What a verification that ended clean clears: "verify again since …" set before it began. The workers' loop calls it
 * after a run ends; safe to repeat. True: something was cleared.
 */
export async function clearVerifyAgain(ctx: ServiceContext, input: { runId: string }): Promise<boolean> {
  return await withTransaction(ctx.db, async (tx) => {
    const [found] = await tx
      .select({ run, planId: plan.id, name: planTable.name })
      .from(run)
      .innerJoin(planTable, eq(planTable.id, run.planTableId))
      .innerJoin(plan, eq(plan.id, planTable.planId))
      .where(and(eq(run.id, input.runId), eq(run.kind, 'verification'), eq(run.state, 'done')));
    if (!found || found.run.stopReason !== null || found.run.startedAt === null) return false;
    const open = await tx.execute(
      sql`select 1 from mismatch where run_id = ${input.runId} and state <> 'gone' limit 1`,
    );
    if (open.length > 0) return false;
    const rows = await tx
      .update(planTable)
      .set({ verifyAgainSince: null, verifyAgainReason: null })
      .where(and(eq(planTable.id, found.run.planTableId), lt(planTable.verifyAgainSince, found.run.startedAt)))
      .returning({ id: planTable.id });
    if (rows.length === 0) return false;
    await appendEvent(ctx, tx, {
      planId: found.planId,
      planTableId: found.run.planTableId,
      kind: 'verification.fresh',
      sentence: `${found.name}: a verification begun later is clean; nothing is owed any more.`,
      actor: SYSTEM,
    });
    return true;
  });
}
