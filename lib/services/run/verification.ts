import { and, eq, lt, sql } from 'drizzle-orm';
import { type DbTransaction, withTransaction } from '@/db/client';
import { lockTable } from '@/db/queries/facts/lock';
import { plan, planTable, run } from '@/db/schema';
import { AppError } from '@/lib/domain/errors';
import { STAGE_LOOK } from '@/lib/domain/plan/display';
import type { Stage } from '@/lib/domain/plan/stages';
import { SAMPLE_ITEMS_MAX, SAMPLE_ITEMS_MIN } from '@/lib/domain/run/sample';
import { formatCount } from '@/lib/domain/units';
import { type Actor, type ServiceContext, SYSTEM } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { once } from '../evidence/idempotency';
import { invalid } from '../parse-input';
import { requireRole } from '../view/require-role';
import { createRun } from './create-run';

/** Stages in which both sides are meant to be equal, so that comparing them says something. */
const VERIFIABLE: readonly Stage[] = ['verify', 'shift', 'target_first'];

/**
 * The table, locked, where its stage lets the two sides be held against each other.
 * @throws AppError `table.not_found`, `table.move_refused` by stage
 */
export async function lockVerifiable(tx: DbTransaction, tableId: string, purpose: 'compare' | 'read back') {
  const table = await lockTable(tx, tableId);
  if (!table) throw new AppError('table.not_found', 'There is no such table.');
  if (!VERIFIABLE.includes(table.stage))
    throw new AppError(
      'table.move_refused',
      `${table.name} is in stage ${STAGE_LOOK[table.stage].label}; there is no finished copy to ${purpose}.`,
    );
  return table;
}

export interface StartVerificationInput {
  tableId: string;
  /** It stops when it has found so many. */
  mismatchesMax?: number;
  /** About so many items are drawn and compared; left out: all. */
  sampleItems?: number;
  idempotencyKey: string | null;
}

export const MISMATCHES_STOP_MAX = 100_000;

/**
 * Starts a verification: both sides are read and compared, item by item, all of them or those of a sample. No gate takes
 * a sample for a full one.
 * @throws AppError `auth.role_too_low`, `table.not_found`, `table.move_refused` by stage, `run.already_running`,
 * `input.invalid`
 */
export async function startVerification(
  ctx: ServiceContext,
  actor: Actor,
  input: StartVerificationInput,
): Promise<{ runId: string }> {
  requireRole(actor, 'operator');
  checkInput(input);
  return await withTransaction(ctx.db, (tx) => {
    const ask = { key: input.idempotencyKey, action: 'run.verify', actorId: actor.id, payload: input };
    return once(tx, ask, async () => {
      const table = await lockVerifiable(tx, input.tableId, 'compare');
      const { mismatchesMax, sampleItems } = input;
      const runId = await createRun(ctx, tx, {
        tableId: table.id,
        kind: 'verification',
        startedBy: actor,
        mismatchesMax,
        sampleItems,
      });
      const entry = { planId: table.planId, planTableId: table.id, actor };
      const what =
        sampleItems === undefined ? 'verification' : `verification of about ${formatCount(sampleItems)} items`;
      await appendEvent(ctx, tx, { ...entry, kind: 'run.started', sentence: `${table.name}: ${what} started.` });
      const detail = { runId, mismatchesMax, sampleItems };
      await appendAudit(ctx, tx, { action: 'run.verify', actor, subject: table.id, detail });
      return { runId };
    });
  });
}

function checkInput({ mismatchesMax, sampleItems }: StartVerificationInput): void {
  const fields: Record<string, string> = {};
  const isWhole = (value: number, least: number, most: number) =>
    Number.isInteger(value) && value >= least && value <= most;
  if (mismatchesMax !== undefined && !isWhole(mismatchesMax, 1, MISMATCHES_STOP_MAX))
    fields.mismatchesMax = `Stop after a whole number of mismatches, from 1 to ${formatCount(MISMATCHES_STOP_MAX)}.`;
  if (sampleItems !== undefined && !isWhole(sampleItems, SAMPLE_ITEMS_MIN, SAMPLE_ITEMS_MAX))
    fields.sampleItems = `A sample has from ${formatCount(SAMPLE_ITEMS_MIN)} to ${formatCount(SAMPLE_ITEMS_MAX)} items.`;
  if (Object.keys(fields).length > 0) throw invalid(fields);
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
    const isFull = found?.run.stopReason === null && found.run.samplePpm === null;
    if (!found || !isFull || found.run.startedAt === null) return false;
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
