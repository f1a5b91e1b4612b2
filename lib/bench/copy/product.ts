/**
 * The worker's own code over its own wire: leases, page keys, pace, verdicts, confirming reads and checkpoints in a real
 * Postgres. Nothing of it is replaced; only the queue that would wake the segments up is left out.
 */
import { openDatabase } from '@/db/client';
import { registerWorker } from '@/db/queries/worker';
import { createLog } from '@/lib/adapters/log';
import type { StoreTarget } from '@/lib/adapters/ports';
import { ALL_SAFEGUARDS, without } from '@/lib/domain/safeguards';
import { insertPlan, insertRun, TEST_SEALING_KEY } from '@/lib/testing/plan-fixture';
import { servicesWith } from '@/lib/testing/worker-process';
import { makeWorkerContext } from '@/lib/worker/run';
import { backfillSegment } from '@/lib/worker/tasks/backfill-segment';
import { verifySegment } from '@/lib/worker/tasks/verify-segment';
import { BENCH_CREDENTIALS, BENCH_REGION, BENCH_SCHEMA, BENCH_TABLE } from './items';
import type { BenchVariant, ClientInput } from './protocol';

/** As many as a worker process works on at a time. */
const SEGMENTS = 6;
/** Before a segment whose task ended early is taken up again. */
const AGAIN_MS = 100;
/** Longer than any measurement: the end of it stops the segments, as the end of a process would. */
const SLICE_MS = 600_000;

export async function productVariant(input: ClientInput, isConfirmed: boolean): Promise<BenchVariant> {
  const { sql } = openDatabase('test', input.databaseUrl);
  const store = (endpoint: string, kind: StoreTarget['kind']): StoreTarget => ({
    connectionId: kind,
    kind,
    endpoint,
    region: BENCH_REGION,
    credentials: BENCH_CREDENTIALS,
    timeoutMs: 10_000,
  });
  const { planTableId } = await insertPlan(sql, {
    source: store(input.source, 'dynamodb'),
    target: store(input.target, 'terrascale'),
    table: BENCH_TABLE,
    schema: BENCH_SCHEMA,
    settings: { storeTimeoutMs: 2_000 },
    limits: { requestsPerSecond: 1e6, itemsPerSecond: 1e7 },
  });
  const kind = input.work === 'backfill' ? ('backfill' as const) : ('verification' as const);
  let runId = '';
  let suspects = 0;

  async function run(end: AbortSignal): Promise<void> {
    const made = await insertRun(sql, planTableId, { kind, segments: SEGMENTS, mismatchesMax: 1_000_000 });
    runId = made.runId;
    const context = makeWorkerContext(
      {
        databaseUrl: input.databaseUrl,
        sealingKey: TEST_SEALING_KEY,
        services: servicesWith(),
        log: createLog({ process: 'worker', level: 'warn' }),
        safeguards: isConfirmed ? ALL_SAFEGUARDS : without('confirm'),
        limits: { sliceMsMax: SLICE_MS },
      },
      { sql, stopping: end },
    );
    await registerWorker(sql, { id: context.workerId, host: 'bench', pid: process.pid, version: 'bench' });
    const task = kind === 'backfill' ? backfillSegment : verifySegment;
    // In place of the queue: a segment whose task ended early (a lease that ran out, a fault) is taken up again.
    const work = async (segmentId: string): Promise<void> => {
      while (!end.aborted) {
        await task(context, { segmentId });
        if (!end.aborted) await new Promise<void>((done) => setTimeout(done, AGAIN_MS));
      }
    };
    await Promise.all(made.segmentIds.slice(0, SEGMENTS).map(work));
    await sql`update run set state = 'cancelled' where id = ${runId}`;
    const [sum] = await sql`select sum(suspects)::int as suspects, sum(items_read - items_written - items_expired
      - items_set_aside - items_marked)::int as lost from segment where run_id = ${runId}`;
    suspects += Number(sum?.suspects);
    if (kind === 'backfill' && sum?.lost !== 0) throw new Error(`${sum?.lost} items are not accounted for`);
    await context.stores.close();
  }

  /** What checkpoints have counted: an item whose page is not confirmed does not count. */
  async function items(): Promise<number> {
    const [sum] = await sql<{ n: number }[]>`
      select coalesce(sum(case when ${kind === 'backfill'} then items_written else compared end), 0)::int as n
      from segment where run_id = ${runId}`;
    return sum?.n ?? 0;
  }
  return { run, items, found: () => suspects };
}
