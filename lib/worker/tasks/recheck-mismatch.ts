/** Looks at one mismatch again, twice, the recheck delay apart: gone, or as it stands now. */
import { closeMismatch, loadMismatch } from '@/db/queries/run-mismatch';
import type { WorkerContext } from '../context';
import { SettleWork } from '../settle/settle-work';
import { judge, readBoth } from '../verify/compare';
import { firstSeen, sealImage } from '../verify/page';

export async function recheckMismatch(ctx: WorkerContext, payload: { mismatchId: string }): Promise<void> {
  const row = await loadMismatch(ctx.sql, payload.mismatchId);
  if (!row || row.state === 'gone') return;
  const leave = ctx.gates.enter(row.planTableId);
  if (!leave) throw new Error('a fence has the table stopped; the queue tries again');
  const endActivity = ctx.activity.begin('recheck', row.planTableId);
  try {
    const table = await ctx.ledger.loadWorkTable(row.planTableId);
    if (!table) return;
    const [source, target] = await Promise.all([
      ctx.stores.get(table.sourceConnectionId),
      ctx.stores.get(table.targetConnectionId),
    ]);
    const work = new SettleWork(ctx, table);
    const sides = { table, source, target };
    const { keyId } = row;
    const now = await readBoth(ctx, work, { ...sides, keyIds: [keyId] });
    const pair = { keyId, source: now.source.read.get(keyId), target: now.target.read.get(keyId) };
    if (pair.source === undefined || pair.target === undefined) throw new Error('a side did not answer; tried again');
    const suspect = { keyId, source: pair.source, target: pair.target };
    const verdicts = await judge(ctx, work, { ...sides, suspects: [suspect] });
    if (verdicts.settled === 1) await closeMismatch(ctx.sql, row.id);
    const [mismatch] = verdicts.mismatches;
    if (!mismatch) return;
    if (mismatch.source === mismatch.target) return await closeMismatch(ctx.sql, row.id);
    const firstSeenAt = await firstSeen(ctx, row.planTableId, mismatch);
    const sealed = { sourceSealed: sealImage(ctx, mismatch.source), targetSealed: sealImage(ctx, mismatch.target) };
    const { class: kind, attributes } = mismatch;
    const { id, runId, planTableId } = row;
    const renewed = { id, runId, planTableId, keyId, class: kind, attributes, ...sealed, firstSeenAt };
    await ctx.ledger.insertMismatch(renewed, table.schema);
  } finally {
    endActivity();
    leave();
  }
}
