import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from '@/lib/adapters/dynamodb/call';
import { scanPage } from '@/lib/adapters/dynamodb/items';
import { createTable, describeTable } from '@/lib/adapters/dynamodb/tables';
import { createStoreWire } from '@/lib/adapters/dynamodb/wire';
import { createLog } from '@/lib/adapters/log';
import type { StoreWire } from '@/lib/adapters/ports';
import { canonicalImage } from '@/lib/domain/item/compare';
import { createTestDatabase, type TestDatabase } from '@/lib/testing/database';
import { type DynamodbLocal, emulatorMissing, startDynamodbLocal } from '@/lib/testing/dynamodb-local';
import { startTestTarget } from '@/lib/testing/emulator';
import { insertPlan, TEST_SEALING_KEY } from '@/lib/testing/plan-fixture';
import { waitFor } from '@/lib/testing/wait-for';
import { servicesWith } from '@/lib/testing/worker-process';
import { type RunningWorker, startWorker } from './run';

const KEY = { partition: { name: 'pk', type: 'S' as const }, sort: null };
const KEYS = 40;
const WRITES = 600;
const log = createLog({ process: 'worker', level: 'silent' });

describe.skipIf(emulatorMissing() !== null)('the stream of DynamoDB Local', () => {
  let local: DynamodbLocal;
  let target: Awaited<ReturnType<typeof startTestTarget>>;
  let database: TestDatabase;
  let wire: StoreWire;
  let targetWire: StoreWire;
  const workers: RunningWorker[] = [];
  const startOne = async () => {
    const worker = await startWorker({
      databaseUrl: database.url,
      sealingKey: TEST_SEALING_KEY,
      log,
      services: servicesWith(),
      limits: { streamPollMs: 100, streamListMs: 500, streamLeaseMs: 2_000 },
    });
    workers.push(worker);
    return worker;
  };

  beforeAll(async () => {
    [local, target, database] = await Promise.all([startDynamodbLocal(), startTestTarget(), createTestDatabase()]);
    wire = createStoreWire(local.target);
    targetWire = createStoreWire(target.target);
  }, 90_000);
  afterAll(async () => {
    for (const worker of workers) await worker.stop().catch(() => {});
    await Promise.all([wire.close(), targetWire.close()]);
    await Promise.all([local.stop(), target.stop(), database.drop()]);
  });

  const contents = async (of: StoreWire): Promise<Map<string, string>> => {
    const page = await scanPage(of, { table: 'orders', segment: 0, totalSegments: 1 }, { isConsistent: true });
    if (page.kind !== 'ok') throw new Error(JSON.stringify(page));
    return new Map(page.value.items.map((item) => [JSON.stringify(item.pk), canonicalImage(item)]));
  };

  it('carries every write of a writer that knows no gateway, though a reader is killed meanwhile', async () => {
    await createTable(wire, { table: 'orders', key: KEY });
    await waitFor(async () => (await describeTable(wire, 'orders')).kind === 'ok', { what: 'the table' });
    await target.createTable('orders', KEY);
    const settings = { storeTimeoutMs: 900, deltaMs: 300, recheckDelayMs: 50 };
    const { planTableId } = await insertPlan(database.sql, {
      source: local.target,
      target: target.target,
      table: 'orders',
      schema: KEY,
      settings,
    });
    await database.sql`update plan_table set live_channel = 'gateway_stream' where id = ${planTableId}`;
    const first = await startOne();
    await waitFor(async () => (await database.sql`select 1 from table_stream where state = 'open'`).length === 1, {
      what: 'the position of the stream',
    });
    for (let at = 0; at < WRITES; at += 1) {
      const pk = { S: `key ${at % KEYS}` };
      const [operation, input] =
        at % 7 === 6
          ? ['DeleteItem', { TableName: 'orders', Key: { pk } }]
          : ['PutItem', { TableName: 'orders', Item: { pk, v: { N: String(at) }, tags: { SS: ['b', 'a'] } } }];
      const answer = await call(wire, { operation, input } as never);
      expect(answer.kind).toBe('ok');
      if (at === WRITES / 3) {
        await first.crash();
        workers.splice(workers.indexOf(first), 1);
        await database.sql`update worker set state = 'exited', ended_at = now() where id = ${first.id}`;
        await startOne();
      }
    }
    await waitFor(
      async () => {
        const [source, copy] = [await contents(wire), await contents(targetWire)];
        expect(copy).toEqual(source);
        return true;
      },
      { what: 'both stores to be equal', timeoutMs: 60_000, everyMs: 250 },
    );
    const lag = await waitFor(
      async () => {
        const [row] = await database.sql`select extract(epoch from clock_timestamp() - min(through_at))::float8 as lag,
          bool_and(checkpoint is not null) as has from stream_shard where plan_table_id = ${planTableId} and state = 'reading'`;
        return row?.has && row.lag < 2 ? row.lag : null;
      },
      { what: 'the lag to be small' },
    );
    expect(lag).toBeLessThan(2);
  });
});
