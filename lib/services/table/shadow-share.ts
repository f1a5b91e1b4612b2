import { eq } from 'drizzle-orm';
import { type DbTransaction, withTransaction } from '@/db/client';
import { lockTable } from '@/db/queries/facts/lock';
import { hasOpenFence } from '@/db/queries/plan/plans';
import { publishShadowShare } from '@/db/queries/routing/publish';
import { connection, planTable } from '@/db/schema';
import { AppError } from '@/lib/domain/errors';
import { SHADOW_MILLI_MAX } from '@/lib/domain/routing/shadow';
import { formatShare } from '@/lib/domain/units';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { invalid } from '../parse-input';
import { requireRole } from '../view/require-role';

export interface ShadowShareInput {
  tableId: string;
  shadowMilli: number;
  /** The share that the person saw; another one meanwhile is a conflict. */
  seenMilli: number;
  reason: string;
}

/**
 * The share of reads that gateways repeat on the other store, published at once with an epoch of its own. It is no move:
 * it changes nobody's answers, needs no gate, and leaves stage, version and approvals as they are.
 * @throws AppError `auth.role_too_low`, `table.not_found`, `input.invalid`, `input.stale_form`, `table.move_refused`
 */
export async function setShadowShare(ctx: ServiceContext, actor: Actor, input: ShadowShareInput): Promise<void> {
  requireRole(actor, 'operator');
  const { shadowMilli } = input;
  const reason = input.reason.trim();
  if (reason === '') throw invalid({ reason: 'Say why; it stays in the record.' });
  if (!Number.isInteger(shadowMilli) || shadowMilli < 0 || shadowMilli > SHADOW_MILLI_MAX)
    throw invalid({ shadowMilli: 'A share is from 0 to 100 %, in steps of 0.001.' });
  await withTransaction(ctx.db, async (tx) => {
    const table = await lockTable(tx, input.tableId);
    if (!table) throw new AppError('table.not_found', 'There is no such table.');
    await requireComparable(tx, table.targetConnectionId, shadowMilli);
    const [row] = await tx.select({ milli: planTable.shadowMilli }).from(planTable).where(eq(planTable.id, table.id));
    const before = row?.milli ?? 0;
    if (before !== input.seenMilli)
      throw new AppError(
        'input.stale_form',
        `Shadow reads of ${table.name} were set to ${formatShare(before)} meanwhile. Nothing was changed.`,
      );
    if (before === shadowMilli) return;
    // An epoch of its own would end a fence or a barrier that is under way.
    if (table.isBarrierOpen || (await hasOpenFence(tx, table.id)))
      throw new AppError(
        'table.move_refused',
        `${table.name} is in the middle of a move; the share of shadow reads may change when that is done. Nothing was changed.`,
      );
    await tx.update(planTable).set({ shadowMilli }).where(eq(planTable.id, table.id));
    const published = await publishShadowShare(tx, table.id, shadowMilli);
    const sentence = `${table.name}: shadow reads from ${formatShare(before)} to ${formatShare(shadowMilli)} of reads.`;
    const entry = { planId: table.planId, planTableId: table.id, actor, reason };
    const change = { before: { shadowMilli: before }, after: { shadowMilli } };
    await appendEvent(ctx, tx, {
      ...entry,
      ...change,
      kind: 'table.shadow_share',
      sentence,
      epoch: published?.epoch ?? null,
    });
    await appendAudit(ctx, tx, { action: 'table.shadow_share', actor, subject: table.id, detail: change, reason });
  });
}

/** Reads of applications are repeated as they came; over REST most of them have no counterpart. */
async function requireComparable(tx: DbTransaction, connectionId: string, shadowMilli: number): Promise<void> {
  if (shadowMilli === 0) return;
  const [store] = await tx.select({ kind: connection.kind }).from(connection).where(eq(connection.id, connectionId));
  if (store?.kind === 'terrascale_rest')
    throw invalid({
      shadowMilli: 'This target is spoken to over REST, where reads of applications cannot be repeated.',
    });
}
