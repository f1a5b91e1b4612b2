import { eq, sql } from 'drizzle-orm';
import { withTransaction } from '@/db/client';
import { markKeys } from '@/db/queries/dirty';
import { mismatch, planTable } from '@/db/schema';
import { AppError } from '@/lib/domain/errors';
import { keyHash } from '@/lib/domain/item/key';
import { authorityOf } from '@/lib/domain/plan/stages';
import { type RepairEffect, repairEffect } from '@/lib/domain/run/repair-effect';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { hasRole, requireRole } from '../view/require-role';

/** Between the settle of dirty keys and a backfill: a person waits for it. */
const RECHECK_PRIORITY = 5;
const SIDE = { source: 'DynamoDB', target: 'TerraScale' } as const;

interface FoundMismatch {
  row: typeof mismatch.$inferSelect;
  table: typeof planTable.$inferSelect;
}

/**
 * Repairs a mismatch by marking its key dirty: a settle then makes the follower what the authority is now. The stored
 * images are never written (PROTOCOL C5). Where that means deleting an item, on whichever side, an approver must ask for it.
 * @throws AppError `mismatch.not_found`, `auth.role_too_low`
 */
export async function repairMismatch(ctx: ServiceContext, actor: Actor, input: { mismatchId: string }): Promise<void> {
  requireRole(actor, 'operator');
  const found = await findMismatch(ctx, input.mismatchId);
  const effect = repairEffect(found.row.class, authorityOf(found.table.stage));
  if (effect.does === 'deletes' && !hasRole(actor, 'approver'))
    throw new AppError(
      'auth.role_too_low',
      `Repairing this deletes an item on ${SIDE[effect.side]}; it needs the role approver.`,
    );
  await mark(ctx, actor, { found, action: 'mismatch.repair', effect });
}

/**
 * Reads both sides of a mismatch again, by a worker; its row closes when they are equal. Changes no item.
 * @throws AppError `mismatch.not_found`, `auth.role_too_low`
 */
export async function recheckMismatch(ctx: ServiceContext, actor: Actor, input: { mismatchId: string }): Promise<void> {
  requireRole(actor, 'operator');
  const { row } = await findMismatch(ctx, input.mismatchId);
  await ctx.db.execute(sql`select graphile_worker.add_job('recheck-mismatch',
    json_build_object('mismatchId', ${row.id}::text), job_key := ${`recheck:${row.id}`}, priority := ${RECHECK_PRIORITY}::int)`);
}

async function findMismatch(ctx: ServiceContext, mismatchId: string): Promise<FoundMismatch> {
  const [found] = await ctx.db
    .select({ row: mismatch, table: planTable })
    .from(mismatch)
    .innerJoin(planTable, eq(planTable.id, mismatch.planTableId))
    .where(eq(mismatch.id, mismatchId));
  if (!found || found.row.state === 'gone')
    throw new AppError('mismatch.not_found', 'There is no such mismatch; it may have been repaired.');
  return found;
}

async function mark(
  ctx: ServiceContext,
  actor: Actor,
  ask: { found: FoundMismatch; action: string; effect: RepairEffect },
): Promise<void> {
  const { row, table } = ask.found;
  const { does, side } = ask.effect;
  await withTransaction(ctx.db, async (tx) => {
    await tx
      .update(mismatch)
      .set({ state: 'repairing', deletesOnTarget: does === 'deletes' && side === 'target' })
      .where(eq(mismatch.id, row.id));
    const entry = { planId: table.planId, planTableId: table.id, actor };
    const what = does === 'deletes' ? `deleting an item on ${SIDE[side]}` : 'settling the key';
    await appendEvent(ctx, tx, {
      ...entry,
      kind: ask.action,
      sentence: `${table.name}: repairing a mismatch by ${what}.`,
    });
    const detail = { mismatchId: row.id, keyHash: keyHash(row.keyId), does, side };
    await appendAudit(ctx, tx, { action: ask.action, actor, subject: table.id, detail });
  });
  // After the commit: marking is safe to repeat, and a mark without its record would be a change nobody asked for.
  await markKeys(ctx.sql, { planTableId: table.id, schema: table.keySchema, keyIds: [row.keyId], cause: 'mismatch' });
}
