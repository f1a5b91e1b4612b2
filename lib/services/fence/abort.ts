import { eq, sql } from 'drizzle-orm';
import { withTransaction } from '@/db/client';
import { lockTable } from '@/db/queries/facts/lock';
import { lockFence, moveStep, overdueFences, readFence } from '@/db/queries/fence/fence';
import { publishRouting } from '@/db/queries/routing/publish';
import { planTable } from '@/db/schema';
import { moveOf } from '@/lib/domain/plan/moves';
import { formatMs } from '@/lib/domain/units';
import { type ServiceContext, SYSTEM } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { retireIssued } from './credentials';
import { fencePlan } from './plan-of';

export const PAST_BOUND = 'the bound of the hold passed';

/**
 * Undoes an open fence: its row and the former routing in one transaction. Before the release no application write ran
 * under the hold, so this is safe at every step; after it only forward (PROTOCOL F2). False: it has ended already.
 */
export async function abortFence(ctx: ServiceContext, fenceId: string, reason: string): Promise<boolean> {
  return await withTransaction(ctx.db, async (tx) => {
    const found = await readFence(tx, fenceId);
    const table = found && (await lockTable(tx, found.planTableId));
    const fence = table && (await lockFence(tx, fenceId));
    if (!table || !fence || fence.step === 'released' || fence.step === 'aborted') return false;
    const published = await publishRouting(tx, table.id, fencePlan(fence, table).former);
    if (!(await moveStep(tx, { fenceId, from: fence.step, to: 'aborted', abortedReason: reason }))) return false;
    await tx
      .update(planTable)
      .set({ version: table.version + 1, lastChangeBy: SYSTEM.name, lastChangeAt: sql`clock_timestamp()` })
      .where(eq(planTable.id, table.id));
    await retireIssued(tx, fence);
    const detail = { fenceId, verb: fence.verb, step: fence.step, pauseMs: Math.round(fence.ageMs), reason };
    await appendEvent(ctx, tx, {
      planId: table.planId,
      planTableId: table.id,
      kind: 'fence.aborted',
      sentence: `${table.name}: ${moveOf(fence.verb).label} was undone after ${formatMs(fence.ageMs)}: ${reason}. Nothing changed.`,
      actor: SYSTEM,
      after: detail,
      epoch: published.epoch,
    });
    await appendAudit(ctx, tx, { action: 'fence.aborted', actor: SYSTEM, subject: table.id, detail });
    return true;
  });
}

/**
 * Ends fences that are past their bound, whoever drove them; for the loops of web and worker, never a gateway. A driver
 * that is alive does it itself. Returns the fences that it ended.
 */
export async function reapFences(ctx: ServiceContext): Promise<string[]> {
  const ended: string[] = [];
  for (const fenceId of await overdueFences(ctx.db)) {
    if (await abortFence(ctx, fenceId, PAST_BOUND)) ended.push(fenceId);
  }
  return ended;
}
