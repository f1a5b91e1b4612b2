import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import { withTransaction } from '@/db/client';
import { lockTable } from '@/db/queries/facts/lock';
import { run, setAside } from '@/db/schema';
import { AppError } from '@/lib/domain/errors';
import { formatCount } from '@/lib/domain/units';
import { type Actor, type ServiceContext, SYSTEM } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { liftHold } from '../table/hold';
import { requireRole } from '../view/require-role';
import { completeBackfill } from './complete-backfill';

/**
 * Accepts, by name, that items which could not be written stay behind; all open ones of the run, or only those given.
 * When none is left the backfill completes by itself.
 * @throws AppError `auth.role_too_low`, `run.not_found`
 */
export async function acceptSetAside(
  ctx: ServiceContext,
  actor: Actor,
  input: { runId: string; setAsideIds?: string[]; reason?: string },
): Promise<{ accepted: number; completed: boolean }> {
  requireRole(actor, 'operator');
  const { tableId, accepted } = await withTransaction(ctx.db, async (tx) => {
    const [found] = await tx.select({ tableId: run.planTableId }).from(run).where(eq(run.id, input.runId));
    const table = found && (await lockTable(tx, found.tableId));
    if (!table) throw new AppError('run.not_found', 'There is no such run.');
    const rows = await tx
      .update(setAside)
      .set({ acceptedBy: actor.name, acceptedAt: sql`clock_timestamp()` })
      .where(
        and(
          eq(setAside.runId, input.runId),
          isNull(setAside.acceptedAt),
          input.setAsideIds ? inArray(setAside.id, input.setAsideIds) : undefined,
        ),
      )
      .returning({ id: setAside.id });
    if (rows.length > 0) {
      const sentence = `${table.name}: ${actor.name} accepted ${formatCount(rows.length)} items that stay behind.`;
      const entry = { planId: table.planId, planTableId: table.id, actor, reason: input.reason };
      await appendEvent(ctx, tx, { ...entry, kind: 'run.set_aside_accepted', sentence });
      const detail = { runId: input.runId, setAsideIds: rows.map((row) => row.id) };
      const action = 'run.accept_set_aside';
      await appendAudit(ctx, tx, { action, actor, subject: table.id, detail, reason: input.reason });
    }
    const open = await tx
      .select({ id: setAside.id })
      .from(setAside)
      .where(and(eq(setAside.runId, input.runId), isNull(setAside.acceptedAt)))
      .limit(1);
    // The hold was Landfall's own, for exactly this; any other stays.
    if (open.length === 0 && table.stage === 'backfill')
      await liftHold(ctx, tx, { table, actor: SYSTEM, kind: 'gate' });
    return { tableId: table.id, accepted: rows.length };
  });
  return { accepted, completed: await completeBackfill(ctx, { tableId }) };
}
