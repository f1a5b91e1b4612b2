import { sql } from 'drizzle-orm';
import { withTransaction } from '@/db/client';
import { lockTable } from '@/db/queries/facts/lock';
import { approval } from '@/db/schema';
import { AppError } from '@/lib/domain/errors';
import { decide } from '@/lib/domain/plan/decide';
import { moveOf, type Verb } from '@/lib/domain/plan/moves';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { requireRole } from '../view/require-role';
import { loadFacts } from './facts';

export interface ApproveInput {
  tableId: string;
  verb: Verb;
  /** The dry run that the approver saw. */
  planHash: string;
  note?: string;
  readShareMilli?: number;
  long?: boolean;
}

/**
 * A second person's yes to exactly the steps that they saw. It lapses with any change of the table, with time, and when
 * it is used; whoever gave it cannot commit the move.
 * @throws AppError `auth.role_too_low`, `table.not_found`, `table.plan_changed`, `table.move_refused`
 */
export async function approve(
  ctx: ServiceContext,
  actor: Actor,
  input: ApproveInput,
): Promise<{ approvalId: string; expiresAt: string }> {
  requireRole(actor, 'approver');
  const move = moveOf(input.verb);
  if (!move.needsApproval) throw new AppError('table.move_refused', `${move.label} needs no approval.`);
  return await withTransaction(ctx.db, async (tx) => {
    const table = await lockTable(tx, input.tableId);
    const loaded = await loadFacts(ctx, tx, { planTableId: input.tableId, verb: input.verb, actorId: actor.id });
    if (!table || !loaded) throw new AppError('table.not_found', 'There is no such table.');
    const decision = decide(loaded.facts, input.verb, actor, input);
    const planHash = decision.ok ? decision.value.planHash : decision.error.planHash;
    if (planHash === null) throw new AppError('table.move_refused', decision.ok ? move.label : decision.error.sentence);
    if (planHash !== input.planHash)
      throw new AppError('table.plan_changed', `${table.name} changed since the dry run; look at the new steps.`);
    const approvalId = ctx.newId('approval');
    const note = input.note?.trim() || null;
    const rows = await tx
      .insert(approval)
      .values({
        id: approvalId,
        planTableId: table.id,
        verb: input.verb,
        planHash,
        approvedBy: actor.id,
        approvedByName: actor.name,
        note,
        at: sql`clock_timestamp()`,
        expiresAt: sql`clock_timestamp() + ${table.settings.approvalMs}::float8 * interval '1 millisecond'`,
      })
      .returning({ expiresAt: approval.expiresAt });
    const sentence = `${actor.name} approved "${move.label}" of ${table.name}.`;
    const entry = { planId: table.planId, planTableId: table.id, actor, reason: note };
    await appendEvent(ctx, tx, { ...entry, kind: 'approval.given', sentence, after: { verb: input.verb, planHash } });
    const detail = { verb: input.verb, planHash };
    await appendAudit(ctx, tx, { action: 'table.approve', actor, subject: table.id, detail, reason: note });
    const [row] = rows;
    if (!row) throw new Error('invariant: an insert returns its row');
    return { approvalId, expiresAt: row.expiresAt.toISOString() };
  });
}
