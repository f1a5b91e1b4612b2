import { and, eq, isNotNull, sql } from 'drizzle-orm';
import { type DbTransaction, withTransaction } from '@/db/client';
import { type LockedTable, lockTable } from '@/db/queries/facts/lock';
import { planTable } from '@/db/schema';
import { AppError } from '@/lib/domain/errors';
import { HOLD_LOOK } from '@/lib/domain/plan/display';
import type { HoldKind } from '@/lib/domain/plan/stages';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { requireRole } from '../view/require-role';

export interface HoldInput {
  tableId: string;
  reason: string;
  /** `operator` unless Landfall holds the table itself. */
  kind?: HoldKind;
}

/**
 * Keeps a table where it is: no move forward until somebody resumes it; going back stays free. A hold is beside the
 * stage, so resuming needs no memory of where the table was.
 * @throws AppError `auth.role_too_low`, `table.not_found`, `table.move_refused` when it is held already
 */
export async function hold(ctx: ServiceContext, actor: Actor, input: HoldInput): Promise<void> {
  requireRole(actor, 'operator');
  const reason = input.reason.trim();
  if (reason === '')
    throw new AppError('input.invalid', {
      sentence: 'Say why; it stays in the record.',
      fields: { reason: 'Say why; it stays in the record.' },
    });
  await withTransaction(ctx.db, async (tx) => {
    const table = await lockTable(tx, input.tableId);
    if (!table) throw new AppError('table.not_found', 'There is no such table.');
    if (table.holdKind !== null) throw new AppError('table.move_refused', `${table.name} is held already.`);
    await placeHold(ctx, tx, { table, actor, kind: input.kind ?? 'operator', reason });
  });
}

/** Places a hold on a locked table inside another change; replaces none. */
export async function placeHold(
  ctx: ServiceContext,
  tx: DbTransaction,
  ask: { table: Pick<LockedTable, 'id' | 'planId' | 'name'>; actor: Actor; kind: HoldKind; reason: string },
): Promise<void> {
  const { table, actor, kind, reason } = ask;
  await tx
    .update(planTable)
    .set({ holdKind: kind, holdReason: reason, holdBy: actor.name, holdSince: sql`clock_timestamp()` })
    .where(eq(planTable.id, table.id));
  const sentence = `${table.name}: ${HOLD_LOOK[kind].label.toLowerCase()}. ${reason}`;
  const entry = { planId: table.planId, planTableId: table.id, actor, reason };
  await appendEvent(ctx, tx, { ...entry, kind: 'hold.placed', sentence, after: { kind } });
  await appendAudit(ctx, tx, { action: 'table.hold', actor, subject: table.id, detail: { kind }, reason });
}

/**
 * Takes the hold away.
 * @throws AppError `auth.role_too_low`, `table.not_found`, `table.move_refused` when nothing holds the table
 */
export async function resume(ctx: ServiceContext, actor: Actor, input: { tableId: string }): Promise<void> {
  requireRole(actor, 'operator');
  await withTransaction(ctx.db, async (tx) => {
    const table = await lockTable(tx, input.tableId);
    if (!table) throw new AppError('table.not_found', 'There is no such table.');
    if (table.holdKind === null) throw new AppError('table.move_refused', `${table.name} is not held.`);
    await liftHold(ctx, tx, { table, actor });
  });
}

/** Lifts the hold of a locked table, only of this kind when one is given; false: there was none. */
export async function liftHold(
  ctx: ServiceContext,
  tx: DbTransaction,
  ask: { table: Pick<LockedTable, 'id' | 'planId' | 'name'>; actor: Actor; kind?: HoldKind },
): Promise<boolean> {
  const { table, actor, kind } = ask;
  const rows = await tx
    .update(planTable)
    .set({ holdKind: null, holdReason: null, holdBy: null, holdSince: null })
    .where(
      and(
        eq(planTable.id, table.id),
        kind === undefined ? isNotNull(planTable.holdKind) : eq(planTable.holdKind, kind),
      ),
    )
    .returning({ id: planTable.id });
  if (rows.length === 0) return false;
  const sentence = `${table.name}: resumed.`;
  const entry = { planId: table.planId, planTableId: table.id, actor };
  await appendEvent(ctx, tx, { ...entry, kind: 'hold.lifted', sentence });
  await appendAudit(ctx, tx, { action: 'table.resume', actor, subject: table.id, detail: { kind: kind ?? null } });
  return true;
}
