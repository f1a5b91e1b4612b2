import { withTransaction } from '@/db/client';
import { lockTable } from '@/db/queries/facts/lock';
import { type ServiceContext, SYSTEM } from '../context';
import { appendEvent } from '../evidence/event';
import { placeHold } from './hold';

/**
 * Holds a table whose stream lost records before they were read: what they told of may be missing on the target, and
 * nothing but a new copy finds it. The gates refuse the cut-over for as long, whether the hold stands or not.
 */
export async function streamLost(ctx: ServiceContext, of: { tableId: string; sentence: string }): Promise<void> {
  await withTransaction(ctx.db, async (tx) => {
    const table = await lockTable(tx, of.tableId);
    if (!table) return;
    const entry = { planId: table.planId, planTableId: table.id, actor: SYSTEM };
    await appendEvent(ctx, tx, { ...entry, kind: 'stream.lost', sentence: `${table.name}: ${of.sentence}` });
    if (table.holdKind !== null) return;
    await placeHold(ctx, tx, { table, actor: SYSTEM, kind: 'fault', reason: of.sentence });
  });
}
