import { and, eq, sql } from 'drizzle-orm';
import { withTransaction } from '@/db/client';
import { markKeys } from '@/db/queries/dirty';
import { planTable, shadowSample } from '@/db/schema';
import { AppError } from '@/lib/domain/errors';
import { keyHash } from '@/lib/domain/item/key';
import { authorityOf, isMirroring, writesOf } from '@/lib/domain/plan/stages';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { hasRole, requireRole } from '../view/require-role';
import { requireTable } from '../view/require-table';

/**
 * Repairs an item that shadow reads found different by marking its key: a settle then makes the follower what the
 * authority is at that time. Where that deletes an item, on whichever side, an approver must ask for it.
 * @throws AppError `mismatch.not_found`, `auth.role_too_low`, `table.move_refused` where nothing is mirrored
 */
export async function repairShadowSample(
  ctx: ServiceContext,
  actor: Actor,
  input: { tableId: string; sampleId: string },
): Promise<void> {
  requireRole(actor, 'operator');
  await requireTable(ctx, input.tableId);
  const [found] = await ctx.db
    .select({
      sample: shadowSample,
      table: planTable,
      strategy: sql<'big_bang' | 'dual_write'>`(select strategy from plan where id = ${planTable.planId})`,
    })
    .from(shadowSample)
    .innerJoin(planTable, eq(planTable.id, shadowSample.planTableId))
    .where(and(eq(shadowSample.id, input.sampleId), eq(shadowSample.planTableId, input.tableId)));
  if (!found) throw new AppError('mismatch.not_found', 'There is no such difference on this table.');
  const { sample, table, strategy } = found;
  if (!isMirroring(writesOf(strategy, table.stage)))
    throw new AppError('table.move_refused', `${table.name} is not written on both sides in this stage.`);
  const follower = authorityOf(table.stage) === 'source' ? 'target' : 'source';
  const isDeletion = sample.class === (follower === 'target' ? 'extra' : 'missing');
  if (isDeletion && !hasRole(actor, 'approver'))
    throw new AppError(
      'auth.role_too_low',
      `Repairing this deletes an item on ${follower === 'target' ? 'TerraScale' : 'DynamoDB'}; it needs the role approver.`,
    );
  await withTransaction(ctx.db, async (tx) => {
    await tx
      .update(shadowSample)
      .set({ repairedBy: actor.name, repairedAt: sql`now()` })
      .where(eq(shadowSample.id, sample.id));
    const what = isDeletion ? 'deleting an item' : 'settling the key';
    const entry = { planId: table.planId, planTableId: table.id, actor, kind: 'mismatch.repair' };
    await appendEvent(ctx, tx, {
      ...entry,
      sentence: `${table.name}: repairing a difference of a shadow read by ${what}.`,
    });
    const detail = { sampleId: sample.id, keyHash: keyHash(sample.keyId), isDeletion, follower };
    await appendAudit(ctx, tx, { action: 'shadow.repair', actor, subject: table.id, detail });
  });
  // After the commit, as a mismatch of a verification: marking is safe to repeat.
  await markKeys(ctx.sql, {
    planTableId: table.id,
    schema: table.keySchema,
    keyIds: [sample.keyId],
    cause: 'mismatch',
  });
}
