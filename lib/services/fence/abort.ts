import { eq, sql } from 'drizzle-orm';
import { withTransaction } from '@/db/client';
import { lockTable } from '@/db/queries/facts/lock';
import { type FenceRow, lockFence, moveStep, nextBoundMs, overdueFences, readFence } from '@/db/queries/fence/fence';
import { publishRouting } from '@/db/queries/routing/publish';
import { planTable } from '@/db/schema';
import type { FenceStep } from '@/lib/domain/plan/fence';
import { moveOf } from '@/lib/domain/plan/moves';
import { formatMs } from '@/lib/domain/units';
import { type ServiceContext, SYSTEM } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { isPostgresKnown } from '../process/postgres';
import { markCanary } from './canary';
import { retireIssued } from './credentials';
import { fencePlan } from './plan-of';

export const PAST_BOUND = 'the bound of the hold passed';

/**
 * Undoes an open fence: its row and the former routing in one transaction. Before the release no application write ran
 * under the hold, so this is safe at every step; after it only forward (PROTOCOL F2). False: it has ended already, or
 * another Postgres is here and it is not known yet what gateways obey (F6).
 */
export async function abortFence(ctx: ServiceContext, fenceId: string, reason: string): Promise<boolean> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const found = await readFence(ctx.db, fenceId);
    if (!found || hasEnded(found.step)) return false;
    // Its driver may have written the canary and died before deleting it.
    const isMarked = found.step === 'flipped';
    if (isMarked) await markCanary(ctx, found);
    const undone = await undo(ctx, { found, reason, isMarked });
    if (undone !== 'mark_first') return undone === 'done';
  }
  throw new Error('invariant: a fence moves on at most once a step');
}

/** Steps of a fence, with room: one that is driven while it is undone moves at most through all of them. */
const ROUNDS_MAX = 10;
const hasEnded = (step: FenceStep): boolean => step === 'released' || step === 'aborted';

async function undo(
  ctx: ServiceContext,
  ask: { found: FenceRow; reason: string; isMarked: boolean },
): Promise<'done' | 'ended' | 'not_now' | 'mark_first'> {
  const { reason } = ask;
  const fenceId = ask.found.id;
  return await withTransaction(ctx.db, async (tx) => {
    const table = await lockTable(tx, ask.found.planTableId);
    const fence = table && (await lockFence(tx, fenceId));
    if (!table || !fence || hasEnded(fence.step)) return 'ended';
    if (fence.step === 'flipped' && !ask.isMarked) return 'mark_first';
    if (!(await isPostgresKnown(ctx, tx))) return 'not_now';
    const published = await publishRouting(tx, table.id, fencePlan(fence, table).former);
    if (!(await moveStep(tx, { fenceId, from: fence.step, to: 'aborted', abortedReason: reason }))) return 'ended';
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
    return 'done';
  });
}

/**
 * Ends fences that are past their bound, whoever drove them; for the loops of web and worker, never a gateway. A driver
 * that is alive does it itself. Returns the fences that it ended.
 */
export async function reapFences(ctx: ServiceContext): Promise<string[]> {
  const ended: string[] = [];
  for (const fenceId of await overdueFences(ctx.db)) {
    try {
      if (await abortFence(ctx, fenceId, PAST_BOUND)) ended.push(fenceId);
    } catch (error) {
      // One that cannot be undone now keeps no other table held.
      ctx.log.warn({ fenceId, error }, 'A fence past its bound could not be undone; it is tried again.');
    }
  }
  return ended;
}

/** A driver that is alive undoes its fence itself, in words that say what it waited for: it has this long to do so. */
const DRIVER_FIRST_MS = 40;

/**
 * `reapFences`, and when it is worth to look again, in ms: just past the bound of the next open fence; null where none
 * is open. By looks at even distance alone, a hold that nobody drives outlived its bound by up to the whole distance.
 */
export async function reapRound(ctx: ServiceContext): Promise<number | null> {
  await reapFences(ctx);
  const ms = await nextBoundMs(ctx.db);
  return ms === null ? null : Math.max(0, ms) + DRIVER_FIRST_MS;
}
