/** Where reads go in each stage, and what an application sees. */
import {
  BatchGetItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactGetItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type GatewayRig, type RigGateway, startGatewayRig } from '@/lib/testing/gateway-rig';
import { waitFor } from '@/lib/testing/wait-for';

const S = (text: string) => ({ S: text });
const N = (value: number) => ({ N: String(value) });
const NAME = 'orders';
const THERE = 'orders-there';

describe('reads of a table under a plan', () => {
  let rig: GatewayRig;
  let gateway: RigGateway;
  let table: string;
  beforeAll(async () => {
    rig = await startGatewayRig();
    table = await rig.table(NAME, { partition: { name: 'pk', type: 'S' }, sort: { name: 'sk', type: 'N' } }, THERE);
    gateway = await rig.gateway('one');
  });
  beforeEach(async () => {
    for (const store of [rig.source, rig.target]) store.running.faults.clear();
    await rig.database.sql`delete from dirty_key`;
    await rig.database.sql`update routing set sort_order_proven = true`;
    await rig.database.sql`update plan_table set target_probes = '{"sortOrder": true, "consistentRead": true}'`;
    await rig.stageEverywhere(table, 'shift', 100_000);
    await bothSides('probe');
    // Until the gateway has read the table's dirty keys, it reads from the authority alone.
    await waitFor(async () => (await get('probe')) === 'target');
  });
  afterAll(() => rig.stop());

  const key = (pk: string, sk = 1) => ({ pk: S(pk), sk: N(sk) });
  const set = (side: 'source' | 'target', pk: string, from: string, sk = 1) =>
    rig[side].running.engine.run('PutItem', {
      TableName: side === 'source' ? NAME : THERE,
      Item: { ...key(pk, sk), from: S(from) },
    });
  const bothSides = async (pk: string) => {
    await set('source', pk, 'source');
    await set('target', pk, 'target');
  };
  const get = async (pk: string, ConsistentRead = false) =>
    (await gateway.client.send(new GetItemCommand({ TableName: NAME, Key: key(pk), ConsistentRead }))).Item?.from?.S;
  const query = async (pk: string, more: object = {}) =>
    await gateway.client.send(
      new QueryCommand({
        TableName: NAME,
        KeyConditionExpression: '#p = :p',
        ExpressionAttributeNames: { '#p': 'pk' },
        ExpressionAttributeValues: { ':p': S(pk) },
        ...more,
      }),
    );

  it('come from the target for its share of the partitions, strong ones from the authority', async () => {
    await bothSides('a');
    expect(await get('a')).toBe('target');
    expect(await get('a', true)).toBe('source');
    await rig.stageEverywhere(table, 'shift', 0);
    expect(await get('a')).toBe('source');
    await rig.stageEverywhere(table, 'target_first');
    expect([await get('a'), await get('a', true)]).toEqual(['target', 'target']);
  });

  it('fall back to the source for what the target lacks, and mark it', async () => {
    await set('source', 'only', 'source');
    expect(await get('only')).toBe('source');
    const rows = await waitFor(async () => {
      const found = await rig.dirty(table);
      return found.length > 0 ? found : null;
    });
    expect(rows).toMatchObject([{ cause: 'read_missed', held: false }]);
    expect(await get('neither')).toBeUndefined();
  });

  it('fall back to the source while the target fails, without a mark', async () => {
    await bothSides('b');
    rig.target.running.faults.add({ kind: 'server_error' });
    expect(await get('b')).toBe('source');
    expect((await query('b')).Items?.[0]?.from).toEqual(S('source'));
    expect(await rig.dirty(table)).toEqual([]);
  });

  it('of one key pass as they came while all are of the source, and are counted by what they ask for', async () => {
    await bothSides('e');
    await rig.stageEverywhere(table, 'verify');
    const fresh = await rig.gateway('counts', { metrics: { host: '127.0.0.1', port: 0, token: null } });
    const ask = async (more: object, Key: object = key('e')) =>
      (await fresh.client.send(new GetItemCommand({ TableName: NAME, Key: Key as never, ...more }))).Item?.from?.S;
    expect(await ask({})).toBe('source');
    expect(await ask({ ProjectionExpression: '#f', ExpressionAttributeNames: { '#f': 'from' } })).toBe('source');
    expect(await ask({ ConsistentRead: false })).toBe('source');
    expect(await ask({ ConsistentRead: true })).toBe('source');
    await expect(ask({}, { pk: S('e') })).rejects.toThrow('The provided key element does not match the schema');
    const said = await (await fetch(String(fresh.metricsUrl))).text();
    const reads = [...said.matchAll(/event="(reads\w+)"\} (\d+)/g)].map(([, event, count]) => `${event} ${count}`);
    expect(reads.filter((line) => !line.endsWith(' 0')).sort()).toEqual(['readsSource 4', 'readsStrong 1']);
    await fresh.close();
  });

  it('of a batch are split and put together, each key from its own side', async () => {
    await bothSides('in');
    await set('source', 'lacking', 'source');
    const answer = await gateway.client.send(
      new BatchGetItemCommand({ RequestItems: { [NAME]: { Keys: [key('in'), key('lacking'), key('nowhere')] } } }),
    );
    const found = Object.fromEntries((answer.Responses?.[NAME] ?? []).map((item) => [item.pk?.S, item.from?.S]));
    expect(found).toEqual({ in: 'target', lacking: 'source' });
    expect(answer.UnprocessedKeys).toEqual({});
    rig.target.running.faults.add({ kind: 'server_error' });
    const again = await gateway.client.send(
      new BatchGetItemCommand({ RequestItems: { [NAME]: { Keys: [key('in'), key('nowhere')] } } }),
    );
    expect(again.Responses?.[NAME]?.[0]?.from).toEqual(S('source'));
  });

  it('of a partition go by the partition, and page on one side', async () => {
    for (const sk of [1, 2, 3]) {
      await set('source', 'pages', 'source', sk);
      await set('target', 'pages', 'target', sk);
    }
    const first = await query('pages', { Limit: 2 });
    expect(first.Items?.map((item) => item.from?.S)).toEqual(['target', 'target']);
    const rest = await query('pages', { Limit: 2, ExclusiveStartKey: first.LastEvaluatedKey });
    expect(rest.Items?.map((item) => item.sk?.N)).toEqual(['3']);
  });

  it('of a partition stay with the authority while one of its keys is dirty', async () => {
    await bothSides('c');
    rig.target.running.faults.add({ kind: 'throttle', operations: ['PutItem'] });
    await gateway.client.send(new PutItemCommand({ TableName: NAME, Item: { ...key('c', 2), from: S('source') } }));
    expect((await query('c')).Items).toHaveLength(2);
  });

  it('of a transaction and of an index keep to the side that can answer them', async () => {
    await bothSides('d');
    const both = await gateway.client.send(
      new TransactGetItemsCommand({ TransactItems: [{ Get: { TableName: NAME, Key: key('d') } }] }),
    );
    expect(both.Responses?.[0]?.Item?.from).toEqual(S('source'));
    await rig.stageEverywhere(table, 'backup');
    await expect(query('d', { IndexName: 'by-date' })).rejects.toThrow('no secondary indexes');
    const now = await gateway.client.send(
      new TransactGetItemsCommand({ TransactItems: [{ Get: { TableName: NAME, Key: key('d') } }] }),
    );
    expect(now.Responses?.[0]?.Item?.from).toEqual(S('target'));
    await rig.stageEverywhere(table, 'target_first');
  });

  it('of the whole table carry the mark of their store, and start again after the flip', async () => {
    for (let n = 0; n < 5; n += 1) await bothSides(`s${n}`);
    const scan = (ExclusiveStartKey?: Record<string, never>) =>
      gateway.client.send(new ScanCommand({ TableName: NAME, Limit: 2, ExclusiveStartKey }));
    const first = await scan();
    expect(first.Items?.[0]?.from).toEqual(S('source'));
    expect((await scan(first.LastEvaluatedKey as never)).Items).toHaveLength(2);
    await rig.stageEverywhere(table, 'target_first');
    await expect(scan(first.LastEvaluatedKey as never)).rejects.toThrow('start it again');
    expect((await scan()).Items?.[0]?.from).toEqual(S('target'));
  });

  it('and writes find the table under its other name', async () => {
    await rig.stageEverywhere(table, 'target_first');
    const put = await gateway.client.send(
      new PutItemCommand({ TableName: NAME, Item: { ...key('named'), from: S('x') }, ReturnConsumedCapacity: 'TOTAL' }),
    );
    expect(put.ConsumedCapacity?.TableName).toBe(NAME);
    expect(await get('named')).toBe('x');
  });
});
