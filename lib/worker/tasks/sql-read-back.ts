/** Draws copied keys and looks at them through the target's SQL; what it finds is a row for people and moves nothing. */

import type { WorkTable } from '@/db/queries/run';
import { endReadBack, type OpenReadBack, type ReadBackResult, takeReadBack } from '@/db/queries/sql-read-back';
import type { WorkerContext } from '../context';
import type { Work } from '../segment-work';
import { drawKeys } from '../verify/draw-keys';
import { lookBySql } from '../verify/sql-look';

const NOTHING = { drawn: 0, equal: 0, moving: 0, expired: 0, unreadable: 0, differences: [], statements: 0 };

export async function sqlReadBack(ctx: WorkerContext, payload: { readBackId: string }): Promise<void> {
  const row = await takeReadBack(ctx.sql, payload.readBackId);
  if (!row) return;
  const leave = ctx.gates.enter(row.planTableId);
  if (!leave) throw new Error('a fence has the table stopped; the queue tries again');
  const endActivity = ctx.activity.begin('sql-read-back', row.planTableId);
  try {
    const table = await ctx.ledger.loadWorkTable(row.planTableId);
    if (table) await endReadBack(ctx.sql, row.id, await look(ctx, row, table));
  } finally {
    endActivity();
    leave();
  }
}

async function look(ctx: WorkerContext, row: OpenReadBack, table: WorkTable): Promise<ReadBackResult> {
  const [source, target] = await Promise.all([
    ctx.stores.get(table.sourceConnectionId),
    ctx.stores.get(table.targetConnectionId),
  ]);
  const work: Work = {
    priority: 'verify',
    timeoutMs: table.storeTimeoutMs,
    fault: null,
    mayGoOn: () => work.fault === null && !ctx.stopping.aborted && !ctx.gates.isStopped(table.planTableId),
    mayWrite: () => false,
  };
  const failed = (drawn: number): ReadBackResult => {
    if (work.fault === null) throw new Error('the work was told to stop; the queue tries again');
    return { ...NOTHING, drawn, state: 'failed', reason: work.fault.sentence };
  };
  const { itemsMax: items, itemsEstimate } = row;
  const keyIds = await drawKeys(ctx, work, { table, source, items, itemsEstimate });
  if (keyIds === null) return failed(0);
  const drawn = keyIds.length;
  const found = await lookBySql(ctx, work, { table, source, target, keyIds });
  if (found.kind === 'stopped') return failed(drawn);
  if (found.kind === 'not_offered') return { ...NOTHING, state: 'not_offered', reason: found.why };
  const { kind: _, ...counts } = found;
  return { ...counts, drawn, state: 'done', reason: null };
}
