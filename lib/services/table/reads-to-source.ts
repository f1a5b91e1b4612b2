import { eq, sql } from 'drizzle-orm';
import { withTransaction } from '@/db/client';
import { lockTable } from '@/db/queries/facts/lock';
import { currentRouting } from '@/db/queries/routing/current';
import { publishRouting } from '@/db/queries/routing/publish';
import { planTable } from '@/db/schema';
import { AppError } from '@/lib/domain/errors';
import { STAGE_LOOK } from '@/lib/domain/plan/display';
import { formatShare } from '@/lib/domain/units';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { requireRole } from '../view/require-role';

export interface ReadsToSourceResult {
  tableId: string;
  version: number;
  epoch: number;
  /** False: all reads were on the source already. */
  changed: boolean;
}

/**
 * All reads of a table in `shift` back to the source, at once and without a precondition, under an open fence too
 * (PROTOCOL F2a): it carries only the share, so a held table stays held. A fence that is under way aborts by itself,
 * because its flip requires the routing that its hold published.
 * @throws AppError `auth.role_too_low`, `table.not_found`, `table.move_unknown` outside `shift`
 */
export async function readsToSource(
  ctx: ServiceContext,
  actor: Actor,
  input: { tableId: string; reason?: string; actorKind?: 'person' | 'guardrail' },
): Promise<ReadsToSourceResult> {
  requireRole(actor, 'operator');
  return await withTransaction(ctx.db, async (tx) => {
    const table = await lockTable(tx, input.tableId);
    if (!table) throw new AppError('table.not_found', 'There is no such table.');
    if (table.stage !== 'shift')
      throw new AppError(
        'table.move_unknown',
        `${table.name} is in stage ${STAGE_LOOK[table.stage].label}; only a read share can be taken back.`,
      );
    const routing = await currentRouting(tx, table.id);
    if (!routing) throw new Error('invariant: a table in shift has routing');
    const share = routing.stage === 'shift' ? routing.readShareMilli : 0;
    if (table.readShareMilli === 0 && share === 0)
      return { tableId: table.id, version: table.version, epoch: routing.epoch, changed: false };
    // Under a flip's own epoch the table's reads are the target's until it is undone; the share alone goes to 0.
    const change = routing.stage === 'shift' ? { ...routing, readShareMilli: 0 } : routing;
    const published = await publishRouting(tx, table.id, change);
    const rows = await tx
      .update(planTable)
      .set({
        readShareMilli: 0,
        shareSince: sql`clock_timestamp()`,
        version: sql`${planTable.version} + 1`,
        lastChangeBy: actor.name,
        lastChangeAt: sql`clock_timestamp()`,
      })
      .where(eq(planTable.id, table.id))
      .returning({ version: planTable.version });
    const reason = input.reason?.trim() || null;
    await appendEvent(ctx, tx, {
      planId: table.planId,
      planTableId: table.id,
      kind: 'move.reads_to_source',
      sentence: `${table.name}: read share from ${formatShare(table.readShareMilli)} to 0 %, at once.`,
      actor,
      actorKind: input.actorKind,
      before: { readShareMilli: table.readShareMilli },
      after: { readShareMilli: 0 },
      reason,
      epoch: published.epoch,
    });
    const detail = { from: table.readShareMilli, epoch: published.epoch };
    await appendAudit(ctx, tx, { action: 'table.reads_to_source', actor, subject: table.id, detail, reason });
    return { tableId: table.id, version: rows[0]?.version ?? 0, epoch: published.epoch, changed: true };
  });
}
