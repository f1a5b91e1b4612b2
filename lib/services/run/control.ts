import { and, eq, inArray, sql } from 'drizzle-orm';
import { type DbTransaction, withTransaction } from '@/db/client';
import { planTable, run } from '@/db/schema';
import { AppError } from '@/lib/domain/errors';
import type { RunState } from '@/lib/domain/run/states';
import { formatCount } from '@/lib/domain/units';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { requireRole } from '../view/require-role';
import { queueSegments } from './create-run';

export const ITEMS_PER_SECOND_MAX = 1_000_000;

interface FoundRun {
  id: string;
  kind: 'backfill' | 'verification';
  tableId: string;
  planId: string;
  tableName: string;
}

/** Workers finish the page that they are at and stop. @throws AppError `run.not_found`, `run.not_running` */
export const pauseRun = (ctx: ServiceContext, actor: Actor, input: { runId: string }): Promise<void> =>
  changeState(ctx, actor, {
    runId: input.runId,
    from: ['waiting', 'running'],
    change: { state: 'paused', pausedBy: actor.name, throttleReason: null },
    verb: 'paused',
  });

/** Goes on from the stored cursors. @throws AppError `run.not_found`, `run.not_running` */
export const resumeRun = (ctx: ServiceContext, actor: Actor, input: { runId: string }): Promise<void> =>
  changeState(ctx, actor, {
    runId: input.runId,
    from: ['paused'],
    change: { state: 'waiting', pausedBy: null },
    verb: 'resumed',
    after: (tx) => queueSegments(tx, input.runId),
  });

/** Ends a run for good; another may be started. @throws AppError `run.not_found`, `run.not_running` */
export const cancelRun = (
  ctx: ServiceContext,
  actor: Actor,
  input: { runId: string; reason?: string },
): Promise<void> =>
  changeState(ctx, actor, {
    runId: input.runId,
    from: ['waiting', 'running', 'paused'],
    change: {
      state: 'cancelled',
      stopReason: input.reason?.trim() || `Cancelled by ${actor.name}.`,
      throttleReason: null,
    },
    verb: 'cancelled',
    reason: input.reason,
  });

async function changeState(
  ctx: ServiceContext,
  actor: Actor,
  ask: {
    runId: string;
    from: RunState[];
    change: Partial<typeof run.$inferInsert>;
    verb: string;
    reason?: string;
    after?: (tx: DbTransaction) => Promise<void>;
  },
): Promise<void> {
  requireRole(actor, 'operator');
  await withTransaction(ctx.db, async (tx) => {
    const found = await findRun(tx, ask.runId);
    const ended = ask.change.state === 'cancelled' ? { finishedAt: sql`clock_timestamp()` } : {};
    const rows = await tx
      .update(run)
      .set({ ...ask.change, ...ended })
      .where(and(eq(run.id, ask.runId), inArray(run.state, ask.from)))
      .returning({ id: run.id });
    if (rows.length === 0) throw new AppError('run.not_running', `The ${found.kind} cannot be ${ask.verb} now.`);
    await ask.after?.(tx);
    const sentence = `${found.tableName}: ${found.kind} ${ask.verb}.`;
    await record(ctx, tx, { found, actor, kind: `run.${ask.verb}`, sentence, detail: {}, reason: ask.reason });
  });
}

/**
 * Sets the rate of a run while it runs; workers take it up within two seconds. Null: only the connections limit it.
 * @throws AppError `run.not_found`, `input.invalid`
 */
export async function setRunLimit(
  ctx: ServiceContext,
  actor: Actor,
  input: { runId: string; itemsPerSecondMax: number | null },
): Promise<void> {
  requireRole(actor, 'operator');
  const limit = input.itemsPerSecondMax;
  if (limit !== null && (!Number.isInteger(limit) || limit < 1 || limit > ITEMS_PER_SECOND_MAX)) {
    const sentence = `The limit is a whole number from 1 to ${formatCount(ITEMS_PER_SECOND_MAX)}, or none.`;
    throw new AppError('input.invalid', { sentence, fields: { itemsPerSecondMax: sentence } });
  }
  await withTransaction(ctx.db, async (tx) => {
    const found = await findRun(tx, input.runId);
    await tx.update(run).set({ itemsPerSecondMax: limit }).where(eq(run.id, input.runId));
    await tx.update(planTable).set({ itemsPerSecondMax: limit }).where(eq(planTable.id, found.tableId));
    const said = limit === null ? 'only the connections limit it' : `at most ${formatCount(limit)} items/s`;
    const sentence = `${found.tableName}: ${found.kind}, ${said}.`;
    const detail = { itemsPerSecondMax: limit };
    await record(ctx, tx, { found, actor, kind: 'run.limited', sentence, detail });
  });
}

async function findRun(tx: DbTransaction, runId: string): Promise<FoundRun> {
  const [row] = await tx
    .select({ id: run.id, kind: run.kind, tableId: planTable.id, planId: planTable.planId, tableName: planTable.name })
    .from(run)
    .innerJoin(planTable, eq(planTable.id, run.planTableId))
    .where(eq(run.id, runId));
  if (!row) throw new AppError('run.not_found', 'There is no such run.');
  return row;
}

async function record(
  ctx: ServiceContext,
  tx: DbTransaction,
  it: { found: FoundRun; actor: Actor; kind: string; sentence: string; detail: object; reason?: string },
): Promise<void> {
  const { found, actor, kind, sentence, reason } = it;
  const entry = { planId: found.planId, planTableId: found.tableId, actor, reason };
  await appendEvent(ctx, tx, { ...entry, kind, sentence });
  const detail = { runId: found.id, ...it.detail };
  await appendAudit(ctx, tx, { action: kind, actor, subject: found.tableId, detail, reason });
}
