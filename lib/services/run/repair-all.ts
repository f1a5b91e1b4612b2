import { createHash } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { withTransaction } from '@/db/client';
import { markKeys } from '@/db/queries/dirty';
import { lockTable } from '@/db/queries/facts/lock';
import { OPEN_MISMATCHES_MAX, openMismatches, setRepairing } from '@/db/queries/run-mismatch';
import { planTable } from '@/db/schema';
import type { RepairPreviewView } from '@/lib/contracts/views';
import { AppError } from '@/lib/domain/errors';
import { authorityOf } from '@/lib/domain/plan/stages';
import { type RepairEffect, repairEffect } from '@/lib/domain/run/repair-effect';
import { formatCount } from '@/lib/domain/units';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { hasRole, requireRole } from '../view/require-role';
import { sayKey } from '../view/say-key';

/** Keys named of each effect in a preview. */
const NAMED_MAX = 5;
const SIDE = { source: 'DynamoDB', target: 'TerraScale' } as const;
type Does = RepairEffect['does'];

interface Open {
  ids: string[];
  keyIds: string[];
  counts: Record<Does, number>;
  named: Record<Does, string[]>;
  side: RepairEffect['side'];
  /** Of exactly these mismatches with exactly these effects. */
  hash: string;
}

async function openOf(
  ctx: ServiceContext,
  tableId: string,
): Promise<{ table: typeof planTable.$inferSelect; open: Open }> {
  const [table] = await ctx.db.select().from(planTable).where(eq(planTable.id, tableId));
  if (!table) throw new AppError('table.not_found', 'There is no such table.');
  const authority = authorityOf(table.stage);
  const open: Open = {
    ids: [],
    keyIds: [],
    counts: { creates: 0, overwrites: 0, deletes: 0 },
    named: { creates: [], overwrites: [], deletes: [] },
    side: authority === 'source' ? 'target' : 'source',
    hash: '',
  };
  const digest = createHash('sha256').update(authority);
  for (const row of await openMismatches(ctx.sql, tableId)) {
    const { does } = repairEffect(row.class, authority);
    open.ids.push(row.id);
    open.keyIds.push(row.keyId);
    open.counts[does] += 1;
    if (open.named[does].length < NAMED_MAX) open.named[does].push(row.keyId);
    digest.update(`${row.id} ${does}\n`);
  }
  return { table, open: { ...open, hash: digest.digest('hex') } };
}

/** What repairing every open mismatch of a table would do, with the hash that the act presents. Changes nothing. */
export async function previewRepair(ctx: ServiceContext, actor: Actor, tableId: string): Promise<RepairPreviewView> {
  requireRole(actor, 'operator');
  const { open } = await openOf(ctx, tableId);
  const effects = (['creates', 'overwrites', 'deletes'] as const).map((does) => ({
    does,
    count: open.counts[does],
    keys: open.named[does].map((keyId) => sayKey(keyId, true)),
  }));
  const needsApprover = open.counts.deletes > 0 && !hasRole(actor, 'approver');
  return { hash: open.hash, side: open.side, effects, needsApprover, max: OPEN_MISMATCHES_MAX };
}

/**
 * Repairs every mismatch that a preview named, by marking its key: settles then make the follower what the authority is
 * at that time. Where anything is deleted an approver must ask for it.
 * @throws AppError `table.not_found`, `auth.role_too_low`, `input.stale_form` where it is not what was previewed
 */
export async function repairAll(
  ctx: ServiceContext,
  actor: Actor,
  input: { tableId: string; hash: string },
): Promise<{ repairing: number }> {
  requireRole(actor, 'operator');
  const { table, open } = await openOf(ctx, input.tableId);
  if (open.hash !== input.hash || open.ids.length === 0)
    throw new AppError('input.stale_form', 'The open mismatches are not those of the preview any more; look again.');
  const { counts, side, ids } = open;
  if (counts.deletes > 0 && !hasRole(actor, 'approver'))
    throw new AppError(
      'auth.role_too_low',
      `Repairing these deletes ${formatCount(counts.deletes)} items on ${SIDE[side]}; it needs the role approver.`,
    );
  await withTransaction(ctx.db, async (tx) => {
    await lockTable(tx, table.id);
    await setRepairing(tx, ids);
    const entry = { planId: table.planId, planTableId: table.id, actor, kind: 'mismatch.repair' };
    const sentence = `${table.name}: repairing ${formatCount(ids.length)} mismatches on ${SIDE[side]}: ${formatCount(counts.creates)} created, ${formatCount(counts.overwrites)} overwritten, ${formatCount(counts.deletes)} deleted.`;
    await appendEvent(ctx, tx, { ...entry, sentence });
    const detail = { counts, side, hash: open.hash };
    await appendAudit(ctx, tx, { action: 'mismatch.repair_all', actor, subject: table.id, detail });
  });
  // After the commit, as a single repair: marking is safe to repeat.
  await markKeys(ctx.sql, { planTableId: table.id, schema: table.keySchema, keyIds: open.keyIds, cause: 'mismatch' });
  return { repairing: ids.length };
}
