/** Mapped attributes from end to end: an application with an SDK, a gateway, a worker, and both stores read directly. */
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '@/lib/adapters/log';
import type { WireItem } from '@/lib/adapters/ports';
import { without } from '@/lib/domain/safeguards';
import { type RunningWorker, startWorker } from '@/lib/worker/run';
import { type GatewayRig, type RigGateway, startGatewayRig } from './gateway-rig';
import { insertRun } from './plan-fixture';
import { waitFor } from './wait-for';
import { servicesWith } from './worker-process';

const NAME = 'events';
const THERE = 'events-there';
const NOW = 1_700_000_000;
const ISO = '2023-11-14T22:13:2';
const LIMITS = { requestsPerSecond: 50_000, itemsPerSecond: 500_000, liveReserveMilli: 0 };

describe('a table with a mapped attribute', () => {
  let rig: GatewayRig;
  let gateway: RigGateway;
  let worker: RunningWorker;
  let table: string;
  beforeAll(async () => {
    rig = await startGatewayRig({ settings: { storeTimeoutMs: 700, mirrorWaitMsMax: 2_000, deltaMs: 300 } });
    const { sql } = rig.database;
    await sql`update connection set limits = ${sql.json({ ...LIMITS, readUnitsPerSecond: null, requestsPerMonth: null })}`;
    const keys = { partition: { name: 'pk', type: 'S' as const }, sort: { name: 'sk', type: 'N' as const } };
    table = await rig.table(NAME, keys, THERE);
    await sql`update plan_table set target_probes = '{"sortOrder": true, "consistentRead": true}',
      mappings = '[{"attribute": "created", "kind": "epoch_seconds"}]'`;
    gateway = await rig.gateway('one');
    const log = createLog({ process: 'worker', level: 'silent' });
    const options = { databaseUrl: rig.database.url, sealingKey: rig.sealingKey, log, services: servicesWith() };
    worker = await startWorker(options);
  });
  afterAll(async () => {
    await worker?.stop();
    await rig?.stop();
  });

  const key = (pk: string, sk = 1) => ({ pk: { S: pk }, sk: { N: String(sk) } });
  const at = (pk: string, seconds: number, sk = 1) => ({ ...key(pk, sk), created: { N: String(NOW + seconds) } });
  const itemsOn = async (side: 'source' | 'target') => {
    const TableName = side === 'source' ? NAME : THERE;
    const items = (await rig[side].running.engine.run('Scan', { TableName })).Items as WireItem[];
    return new Map(items.map((item) => [`${item.pk?.S}/${item.sk?.N}`, item.created]));
  };
  async function run(kind: 'backfill' | 'verification') {
    const { sql } = rig.database;
    const { runId } = await insertRun(sql, table, { kind, segments: 2 });
    const isDone = async () => (await sql`select 1 from run where id = ${runId} and state = 'done'`).length > 0;
    await waitFor(isDone, { what: `the ${kind}`, timeoutMs: 30_000, everyMs: 50 });
    return (await sql`select key_id, class from mismatch where run_id = ${runId}`) as {
      key_id: string;
      class: string;
    }[];
  }

  it('is dates on TerraScale and numbers to the application, through dual write, backfill, verification and shift', async () => {
    const { client } = gateway;
    for (let sk = 1; sk <= 8; sk += 1)
      await rig.source.running.engine.run('PutItem', { TableName: NAME, Item: at('old', sk, sk) });
    await rig.stageEverywhere(table, 'dual_write');
    await client.send(new PutItemCommand({ TableName: NAME, Item: at('put', 0) }));
    await client.send(
      new UpdateItemCommand({
        ...{ TableName: NAME, Key: key('old', 2) },
        UpdateExpression: 'SET created = created + :n',
        ExpressionAttributeValues: { ':n': { N: '2' } },
        ConditionExpression: 'attribute_exists(created)',
      }),
    );
    await client.send(
      new BatchWriteItemCommand({
        RequestItems: {
          [NAME]: [{ PutRequest: { Item: at('batch', 1) } }, { PutRequest: { Item: at('batch', 2, 2) } }],
        },
      }),
    );
    const text = { ...key('text'), created: { S: `${ISO}0Z` } };
    const puts = [at('transact', 3), text].map((Item) => ({ Put: { TableName: NAME, Item } }));
    await client.send(new TransactWriteItemsCommand({ TransactItems: puts }));
    await run('backfill');
    const settled = async () => (await rig.dirty(table)).length === 0;
    await waitFor(settled, { what: 'nothing dirty', everyMs: 50 });
    const [here, there] = [await itemsOn('source'), await itemsOn('target')];
    expect(here.size).toBe(13);
    expect(there.size).toBe(13);
    for (const [id, created] of here) {
      const seconds = Number(created?.N) - NOW;
      expect([id, there.get(id)]).toEqual([id, { S: id === 'text/1' ? `${ISO}0.0Z` : `${ISO}${seconds}Z` }]);
    }
    expect(await run('verification')).toEqual([]);

    await rig.stageEverywhere(table, 'shift', 100_000);
    const Key = key('put');
    expect((await client.send(new GetItemCommand({ TableName: NAME, Key }))).Item).toEqual(at('put', 0));
    expect((await client.send(new GetItemCommand({ TableName: NAME, Key: key('text') }))).Item).toEqual(text);
    const Keys = [key('batch'), key('batch', 2)];
    const batch = await client.send(new BatchGetItemCommand({ RequestItems: { [NAME]: { Keys } } }));
    expect(batch.Responses?.[NAME]).toEqual(expect.arrayContaining([at('batch', 1), at('batch', 2, 2)]));
    const query = { TableName: NAME, KeyConditionExpression: 'pk = :p' };
    const values = { ':p': { S: 'old' } };
    const all = await client.send(new QueryCommand({ ...query, ExpressionAttributeValues: values }));
    expect(all.Items?.map((item) => item.created?.N)).toEqual([1, 4, 3, 4, 5, 6, 7, 8].map((n) => String(NOW + n)));
    const [traffic] = await waitFor(
      async () => {
        const rows = await rig.database.sql`select sum(reads_target)::int as target from traffic_sample`;
        return Number(rows[0]?.target) >= 5 ? rows : null;
      },
      { what: 'the reads to be counted on the target' },
    );
    expect(traffic?.target).toBe(5);
    // A condition on it means the number, so the source answers.
    const late = await client.send(
      new QueryCommand({
        ...{ ...query, FilterExpression: 'created > :then' },
        ExpressionAttributeValues: { ...values, ':then': { N: String(NOW + 6) } },
      }),
    );
    expect(late.Count).toBe(2);
    expect((await client.send(new ScanCommand({ TableName: NAME }))).Count).toBe(13);
  });

  it('mappings: a gateway that leaves them out is found by the verification', async () => {
    const other = await rig.gateway('two', { safeguards: without('mappings') });
    await other.client.send(new PutItemCommand({ TableName: NAME, Item: at('wrong', 5) }));
    await waitFor(async () => (await itemsOn('target')).has('wrong/1'), { what: 'the image' });
    expect((await itemsOn('target')).get('wrong/1')).toEqual({ N: String(NOW + 5) });
    expect(await run('verification')).toEqual([{ key_id: '["S#wrong","N#1"]', class: 'type' }]);
  });
});
