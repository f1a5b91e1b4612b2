import { and, eq, inArray, max, sql } from 'drizzle-orm';
import type { DbTransaction } from '@/db/client';
import { exportSource, planTable, run, segment } from '@/db/schema';
import { AppError } from '@/lib/domain/errors';
import type { SegmentFile } from '@/lib/domain/export/export';
import { samplePpm as shareOfSample } from '@/lib/domain/run/sample';
import { segmentsFor } from '@/lib/domain/run/segments';
import type { Actor, ServiceContext } from '../context';

/** Tries of a segment's job before the queue gives up on it; the orphan sweep of the workers queues it again. */
const JOB_ATTEMPTS_MAX = 25;
const TASK = { backfill: 'backfill-segment', verification: 'verify-segment' } as const;
/** The settle of dirty keys runs before a backfill, a backfill before a verification. */
const PRIORITY = { backfill: 10, verification: 20 } as const;
/** Rows of one statement, far below what one may bind. */
const ROWS_A_STATEMENT = 500;
const UNFINISHED = ['waiting', 'running', 'paused'] as const;

export interface NewRun {
  tableId: string;
  kind: 'backfill' | 'verification';
  startedBy: Actor;
  mismatchesMax?: number;
  /** Items that a sampled verification compares, about; all where the table has hardly more. */
  sampleItems?: number;
}

/**
 * Creates a run with its segments and queues them, in the caller's transaction, which holds the table's lock. A
 * verification reads both sides, so it has twice the segments in the same layout.
 * @throws AppError `run.already_running`, `table.not_found`
 */
export async function createRun(ctx: ServiceContext, tx: DbTransaction, ask: NewRun): Promise<string> {
  const [table] = await tx.select().from(planTable).where(eq(planTable.id, ask.tableId));
  if (!table) throw new AppError('table.not_found', 'There is no such table.');
  const sameKind = and(eq(run.planTableId, ask.tableId), eq(run.kind, ask.kind));
  const open = await tx
    .select({ id: run.id })
    .from(run)
    .where(and(sameKind, inArray(run.state, [...UNFINISHED])));
  if (open.length > 0)
    throw new AppError('run.already_running', `A ${ask.kind} of ${table.name} is not finished; cancel it or wait.`);
  const [last] = await tx
    .select({ generation: max(run.generation) })
    .from(run)
    .where(sameKind);
  const runId = ctx.newId('run');
  const files = ask.kind === 'backfill' ? await filesOf(tx, ask.tableId) : null;
  const segments = files?.length ?? segmentsFor(table.shape);
  await tx.insert(run).values({
    id: runId,
    planTableId: ask.tableId,
    kind: ask.kind,
    generation: (last?.generation ?? 0) + 1,
    segmentsTotal: segments,
    source: files === null ? 'scan' : 'export',
    itemsEstimate: files?.reduce((sum, file) => sum + file.itemCount, 0) ?? table.shape.itemCount,
    itemsPerSecondMax: table.itemsPerSecondMax,
    startedBy: ask.startedBy.name,
    createdAt: sql`clock_timestamp()`,
    keysSettledBefore: sql`coalesce((select keys from settle_count where plan_table_id = ${ask.tableId}), 0)`,
    ...(ask.mismatchesMax === undefined ? {} : { mismatchesMax: ask.mismatchesMax }),
    ...sampleOf(ctx, { wanted: ask.sampleItems, itemCount: table.shape.itemCount }),
  });
  const sides = ask.kind === 'verification' ? (['source', 'target'] as const) : (['source'] as const);
  const rows = sides.flatMap((side) =>
    Array.from({ length: segments }, (_, number) => {
      const file = files?.[number] ?? null;
      return { id: ctx.newId('segment'), runId, number, side, file };
    }),
  );
  for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT)
    await tx.insert(segment).values(rows.slice(at, at + ROWS_A_STATEMENT));
  await queueSegments(tx, runId);
  return runId;
}

function sampleOf(ctx: ServiceContext, of: { wanted: number | undefined; itemCount: number }) {
  const samplePpm = of.wanted === undefined ? null : shareOfSample(of.wanted, of.itemCount);
  return samplePpm === null ? {} : { samplePpm, sampleSalt: ctx.newId('run') };
}

/** Every file of the export that was chosen, those of the full one first; null: the table is scanned. */
async function filesOf(tx: DbTransaction, tableId: string): Promise<SegmentFile[] | null> {
  const [row] = await tx.select().from(exportSource).where(eq(exportSource.planTableId, tableId));
  if (!row) return null;
  if (row.state !== 'ready') throw new AppError('table.move_refused', 'The export is not complete.');
  return row.manifests.flatMap(({ files, type }) => files.map((file) => ({ ...file, type })));
}

/** Queues every segment of a run that is not done, under its job key: one that waits already is not doubled. */
export async function queueSegments(tx: DbTransaction, runId: string): Promise<void> {
  const [found] = await tx.select({ kind: run.kind }).from(run).where(eq(run.id, runId));
  if (!found) return;
  const { kind } = found;
  await tx.execute(sql`
    select graphile_worker.add_job(${TASK[kind]}, json_build_object('segmentId', s.id), job_key := 'segment:' || s.id,
      max_attempts := ${JOB_ATTEMPTS_MAX}::int, priority := ${PRIORITY[kind]}::int)
    from segment s where s.run_id = ${runId} and s.state in ('waiting', 'running') order by s.side, s.number`);
}

/** Ends every unfinished run of a table; workers notice at their next checkpoint. */
export async function cancelRuns(
  tx: DbTransaction,
  ask: { tableId: string; kind?: 'backfill' | 'verification'; reason: string },
): Promise<number> {
  const cancelled = await tx
    .update(run)
    .set({ state: 'cancelled', stopReason: ask.reason, throttleReason: null, finishedAt: sql`clock_timestamp()` })
    .where(
      and(
        eq(run.planTableId, ask.tableId),
        inArray(run.state, [...UNFINISHED]),
        ask.kind ? eq(run.kind, ask.kind) : undefined,
      ),
    )
    .returning({ id: run.id });
  return cancelled.length;
}
