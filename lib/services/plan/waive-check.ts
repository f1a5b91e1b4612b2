import { type DbTransaction, withTransaction } from '@/db/client';
import { lockTable } from '@/db/queries/facts/lock';
import { type PlanTableRow, readPlanTable, setTableColumns } from '@/db/queries/plan/plans';
import { CHECKS } from '@/lib/domain/assessment/checks';
import { AppError } from '@/lib/domain/errors';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { invalid } from '../parse-input';
import { requireRole } from '../view/require-role';

export const WAIVER_REASON_CHARS_MAX = 500;

/**
 * Lets a table go on in spite of one check, by name and reason. The gates that rest on the same fact by themselves (the
 * proven target, the quota) are not waived with it. Role approver.
 * @throws AppError `table.not_found`, `input.invalid`, `table.move_refused`
 */
export async function waiveCheck(
  ctx: ServiceContext,
  actor: Actor,
  input: { tableId: string; check: string; reason: string },
): Promise<void> {
  requireRole(actor, 'approver');
  const reason = input.reason.trim();
  if (reason === '') throw invalid({ reason: 'Say why the table may go on in spite of it.' });
  if (reason.length > WAIVER_REASON_CHARS_MAX)
    throw invalid({ reason: `At most ${WAIVER_REASON_CHARS_MAX} characters.` });
  if (!CHECKS.some((check) => check === input.check)) throw invalid({ check: 'There is no such check.' });
  await withTransaction(ctx.db, async (tx) => {
    const table = await requireLocked(tx, input.tableId);
    const result = table.assessment?.find((one) => one.check === input.check);
    if (result?.state !== 'failed' && result?.state !== 'unknown')
      throw invalid({ check: 'Only a check that failed, or that could not be made, is waived.' });
    const others = table.waivers.filter((waiver) => waiver.check !== input.check);
    const waiver = { check: input.check, by: actor.name, reason, atMs: ctx.clock.nowMs() };
    await setTableColumns(tx, table.id, { waivers: [...others, waiver] });
    const sentence = `${actor.name} waived the check "${input.check.replaceAll('_', ' ')}" of ${table.name}.`;
    await record(ctx, tx, { actor, table, kind: 'assessment.waived', sentence, reason, check: input.check });
  });
}

/** Takes a waiver back. */
export async function withdrawWaiver(
  ctx: ServiceContext,
  actor: Actor,
  input: { tableId: string; check: string },
): Promise<void> {
  requireRole(actor, 'approver');
  await withTransaction(ctx.db, async (tx) => {
    const table = await requireLocked(tx, input.tableId);
    const waivers = table.waivers.filter((waiver) => waiver.check !== input.check);
    if (waivers.length === table.waivers.length) return;
    await setTableColumns(tx, table.id, { waivers });
    const sentence = `${actor.name} withdrew the waiver of "${input.check.replaceAll('_', ' ')}" of ${table.name}.`;
    await record(ctx, tx, {
      actor,
      table,
      kind: 'assessment.waiver_withdrawn',
      sentence,
      reason: null,
      check: input.check,
    });
  });
}

async function requireLocked(tx: DbTransaction, tableId: string): Promise<PlanTableRow> {
  await lockTable(tx, tableId);
  const table = await readPlanTable(tx, tableId);
  if (!table) throw new AppError('table.not_found', 'There is no such table.');
  if (table.stage === 'planned') return table;
  throw new AppError('table.move_refused', `${table.name} is under way; its assessment stays as it is.`);
}

interface Recorded {
  actor: Actor;
  table: PlanTableRow;
  kind: string;
  sentence: string;
  reason: string | null;
  check: string;
}

async function record(ctx: ServiceContext, tx: DbTransaction, entry: Recorded): Promise<void> {
  const { actor, table, kind, sentence, reason, check } = entry;
  const at = { planId: table.planId, planTableId: table.id };
  await appendEvent(ctx, tx, { ...at, kind, sentence, actor, reason, after: { check } });
  await appendAudit(ctx, tx, { action: kind, actor, subject: table.id, detail: { check }, reason });
}
