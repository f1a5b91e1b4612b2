import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '@/lib/adapters/log';
import { createTestDatabase, type TestDatabase } from '@/lib/testing/database';
import { startTestSource, startTestTarget } from '@/lib/testing/emulator';
import { insertPlan, insertRun, TEST_SEALING_KEY } from '@/lib/testing/plan-fixture';
import { waitFor } from '@/lib/testing/wait-for';
import { servicesWith } from '@/lib/testing/worker-process';
import { type RunningWorker, startWorker } from './run';

const SCHEMA = { partition: { name: 'pk', type: 'S' as const }, sort: { name: 'sk', type: 'N' as const } };
const log = createLog({ process: 'worker', level: 'warn' });

describe('a backfill', () => {
  let database: TestDatabase;
  let source: Awaited<ReturnType<typeof startTestSource>>;
  let target: Awaited<ReturnType<typeof startTestTarget>>;
  let worker: RunningWorker;
  const completed: string[] = [];

  beforeAll(async () => {
    [database, source, target] = await Promise.all([createTestDatabase(), startTestSource(), startTestTarget()]);
    worker = await startWorker({
      databaseUrl: database.url,
      sealingKey: TEST_SEALING_KEY,
      log,
      services: servicesWith({ completeBackfill: async (id) => void completed.push(id) }),
    });
  });
  afterAll(async () => {
    await worker.stop();
    await Promise.all([source.stop(), target.stop()]);
    await database.drop();
  });

  it('copies every item and accounts for each: read = written + expired + set aside + marked', async () => {
    await Promise.all([source.createTable('orders', SCHEMA), target.createTable('orders', SCHEMA)]);
    for (let at = 0; at < 1_000; at += 1) {
      await source.running.engine.run('PutItem', {
        TableName: 'orders',
        Item: { pk: { S: `p${at % 37}` }, sk: { N: String(at) }, body: { S: 'x'.repeat(200) } },
      });
    }
    const { planTableId } = await insertPlan(database.sql, {
      source: source.target,
      target: target.target,
      table: 'orders',
      schema: SCHEMA,
      settings: { storeTimeoutMs: 2_500, deltaMs: 1_000 },
    });
    const { runId } = await insertRun(database.sql, planTableId, { kind: 'backfill', segments: 4 });
    const run = await waitFor(
      async () => {
        const [row] = await database.sql`select state, throttle_reason from run where id = ${runId}`;
        return row?.state === 'done' ? row : null;
      },
      { what: 'the run', timeoutMs: 30_000 },
    );
    expect(run.state).toBe('done');
    const [sum] = await database.sql`select sum(items_read)::int as read,
      sum(items_written + items_expired + items_set_aside + items_marked)::int as accounted
      from segment where run_id = ${runId}`;
    expect(sum).toEqual({ read: 1_000, accounted: 1_000 });
    await waitFor(async () => (await database.sql`select 1 from dirty_key limit 1`).length === 0, {
      what: 'what a time-out left open to be settled',
    });
    const there = (await target.running.engine.run('Scan', { TableName: 'orders', Select: 'COUNT' })) as {
      Count: number;
    };
    expect(there.Count).toBe(1_000);
    await waitFor(() => completed.includes(planTableId), { what: 'the stage to move on' });
  });
});
