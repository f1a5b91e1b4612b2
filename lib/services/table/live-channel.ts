import { eq, sql } from 'drizzle-orm';
import { withTransaction } from '@/db/client';
import { lockTable } from '@/db/queries/facts/lock';
import { planTable } from '@/db/schema';
import { AppError } from '@/lib/domain/errors';
import type { LiveChannel } from '@/lib/domain/plan/stages';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { requireRole } from '../view/require-role';

const SAYS: Record<LiveChannel, string> = {
  gateway: 'gateways alone carry its live writes',
  gateway_stream: 'its stream is read beside the gateways, for writers that bypass them',
};

/**
 * Chooses what carries the live writes of a table, while it is planned: the proof of a channel belongs to one cycle.
 * @throws AppError `auth.role_too_low`, `table.not_found`, `table.move_refused` by stage or strategy
 */
export async function setLiveChannel(
  ctx: ServiceContext,
  actor: Actor,
  input: { tableId: string; liveChannel: LiveChannel },
): Promise<void> {
  requireRole(actor, 'operator');
  await withTransaction(ctx.db, async (tx) => {
    const table = await lockTable(tx, input.tableId);
    if (!table) throw new AppError('table.not_found', 'There is no such table.');
    if (table.stage !== 'planned')
      throw new AppError(
        'table.move_refused',
        `${table.name} is on its way; abandon it to choose another live channel.`,
      );
    if (table.strategy === 'big_bang' && input.liveChannel !== 'gateway')
      throw new AppError('table.move_refused', 'In a big bang nobody writes during the copy, so no stream is read.');
    await tx
      .update(planTable)
      .set({ liveChannel: input.liveChannel, version: sql`${planTable.version} + 1` })
      .where(eq(planTable.id, table.id));
    const sentence = `${table.name}: ${SAYS[input.liveChannel]}.`;
    await appendEvent(ctx, tx, {
      planId: table.planId,
      planTableId: table.id,
      actor,
      kind: 'channel.chosen',
      sentence,
    });
    const detail = { liveChannel: input.liveChannel };
    await appendAudit(ctx, tx, { action: 'table.live_channel', actor, subject: table.id, detail });
  });
}
