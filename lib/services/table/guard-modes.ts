import { eq } from 'drizzle-orm';
import { withTransaction } from '@/db/client';
import { lockTable } from '@/db/queries/facts/lock';
import { planTable } from '@/db/schema';
import { AppError } from '@/lib/domain/errors';
import { GUARDS, type GuardMode, type GuardRule, guardModeOf } from '@/lib/domain/plan/guard-rules';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { invalid } from '../parse-input';
import { requireRole } from '../view/require-role';

export interface GuardModeInput {
  tableId: string;
  rule: GuardRule;
  mode: GuardMode;
  reason: string;
}

const MODE_WORDS: Record<GuardMode, string> = {
  off: 'off',
  dry: 'dry run: it only says what it would do',
  on: 'on: it takes reads back by itself',
};

/**
 * How far a guardrail of a table goes by itself. Rules about the data itself are never off.
 * @throws AppError `auth.role_too_low`, `table.not_found`, `input.invalid`
 */
export async function setGuardMode(ctx: ServiceContext, actor: Actor, input: GuardModeInput): Promise<void> {
  requireRole(actor, 'approver');
  const { rule, mode } = input;
  const reason = input.reason.trim();
  if (reason === '') throw invalid({ reason: 'Say why; it stays in the record.' });
  if (!GUARDS[rule].modes.includes(mode))
    throw invalid({ mode: `${GUARDS[rule].title} may be ${GUARDS[rule].modes.join(' or ')}, not ${mode}.` });
  await withTransaction(ctx.db, async (tx) => {
    const table = await lockTable(tx, input.tableId);
    if (!table) throw new AppError('table.not_found', 'There is no such table.');
    const [row] = await tx.select({ modes: planTable.guardModes }).from(planTable).where(eq(planTable.id, table.id));
    const modes = row?.modes ?? {};
    const before = guardModeOf(rule, modes);
    if (before === mode) return;
    await tx
      .update(planTable)
      .set({ guardModes: { ...modes, [rule]: mode } })
      .where(eq(planTable.id, table.id));
    const sentence = `${table.name}: guardrail "${GUARDS[rule].title}" is ${MODE_WORDS[mode]}.`;
    const entry = { planId: table.planId, planTableId: table.id, actor, reason };
    const change = { before: { rule, mode: before }, after: { rule, mode } };
    await appendEvent(ctx, tx, { ...entry, kind: 'guardrail.mode', sentence, ...change });
    await appendAudit(ctx, tx, { action: 'table.guard_mode', actor, subject: table.id, detail: change, reason });
  });
}
