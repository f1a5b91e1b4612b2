import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GatewayRig, type RigGateway, startGatewayRig } from '@/lib/testing/gateway-rig';
import { waitFor } from '@/lib/testing/wait-for';

const S = (text: string) => ({ S: text });
const N = (value: number) => ({ N: String(value) });

describe('dual write', () => {
  let rig: GatewayRig;
  let gateway: RigGateway;
  let table: string;
  beforeAll(async () => {
    rig = await startGatewayRig({ settings: { mirrorWaitMsMax: 2_000 } });
    gateway = await rig.gateway('one');
    table = await rig.table('orders', { partition: { name: 'pk', type: 'S' }, sort: { name: 'sk', type: 'N' } });
    await rig.stageEverywhere(table, 'dual_write');
  });
  afterAll(() => rig.stop());

  const key = (pk: string, sk = 1) => ({ pk: S(pk), sk: N(sk) });
  const on = async (side: 'source' | 'target', pk: string, sk = 1) => {
    const { Item } = (await rig[side].running.engine.run('GetItem', { TableName: 'orders', Key: key(pk, sk) })) as {
      Item?: unknown;
    };
    return Item ?? null;
  };
  const both = async (pk: string, sk = 1) => [await on('source', pk, sk), await on('target', pk, sk)];

  it('puts, updates and deletes on both sides', async () => {
    const item = { ...key('a'), n: N(1), tags: { SS: ['x', 'y'] } };
    await gateway.client.send(new PutItemCommand({ TableName: 'orders', Item: item }));
    expect(await both('a')).toEqual([item, item]);
    await gateway.client.send(new DeleteItemCommand({ TableName: 'orders', Key: key('a') }));
    expect(await both('a')).toEqual([null, null]);
  });

  it('sends an update as the image that it made, and answers as the application asked', async () => {
    const update = (ReturnValues?: 'ALL_NEW' | 'UPDATED_OLD' | 'NONE') =>
      gateway.client.send(
        new UpdateItemCommand({
          TableName: 'orders',
          Key: key('count'),
          UpdateExpression: 'ADD n :one',
          ExpressionAttributeValues: { ':one': N(1) },
          ReturnValues,
          ReturnConsumedCapacity: 'TOTAL',
        }),
      );
    const first = await update();
    expect(first.Attributes).toBeUndefined();
    expect(first.ConsumedCapacity?.TableName).toBe('orders');
    expect((await update('ALL_NEW')).Attributes).toMatchObject({ n: N(2) });
    expect((await update('UPDATED_OLD')).Attributes).toEqual({ n: N(2) });
    expect(await both('count')).toEqual([
      { ...key('count'), n: N(3) },
      { ...key('count'), n: N(3) },
    ]);
    expect(rig.target.running.stats.byOperation.UpdateItem).toBeUndefined();
  });

  it('forwards nothing where a condition failed', async () => {
    const before = rig.target.running.stats.requests;
    const failed = gateway.client.send(
      new PutItemCommand({ TableName: 'orders', Item: key('nope'), ConditionExpression: 'attribute_exists(pk)' }),
    );
    await expect(failed).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
    expect(await both('nope')).toEqual([null, null]);
    expect(rig.target.running.stats.requests).toBe(before);
  });

  it('mirrors batches and transactions', async () => {
    await gateway.client.send(
      new BatchWriteItemCommand({
        RequestItems: {
          orders: Array.from({ length: 10 }, (_, n) => ({ PutRequest: { Item: { ...key('batch', n), n: N(n) } } })),
        },
      }),
    );
    for (let n = 0; n < 10; n += 1) expect(await on('target', 'batch', n)).toEqual({ ...key('batch', n), n: N(n) });
    await gateway.client.send(
      new TransactWriteItemsCommand({
        TransactItems: [
          { Put: { TableName: 'orders', Item: { ...key('t', 1), n: N(1) } } },
          { Delete: { TableName: 'orders', Key: key('batch', 0) } },
          {
            Update: {
              TableName: 'orders',
              Key: key('t', 2),
              UpdateExpression: 'SET n = :n',
              ExpressionAttributeValues: { ':n': N(7) },
            },
          },
        ],
      }),
    );
    expect(await on('target', 't', 1)).toEqual({ ...key('t', 1), n: N(1) });
    expect(await on('target', 't', 2)).toEqual({ ...key('t', 2), n: N(7) });
    expect(await on('target', 'batch', 0)).toBeNull();
    expect(rig.target.running.stats.byOperation.TransactWriteItems).toBe(1);
  });

  it('never fails an application for the target, and marks what the target may lack', async () => {
    const fault = rig.target.running.faults.add({ kind: 'server_error', bodyIncludes: 'trouble' });
    await gateway.client.send(new PutItemCommand({ TableName: 'orders', Item: { ...key('trouble'), n: N(1) } }));
    const rows = await waitFor(async () => {
      const found = await rig.dirty(table);
      return found.length === 1 ? found : null;
    });
    expect(rows[0]).toMatchObject({ cause: 'unknown_outcome', held: true });
    expect(rows[0]?.key_id).toContain('trouble');
    rig.target.running.faults.remove(fault.id);
    await rig.database.sql`delete from dirty_key`;
    const { Item } = await gateway.client.send(new GetItemCommand({ TableName: 'orders', Key: key('trouble') }));
    expect(Item).toMatchObject({ n: N(1) });
  });

  it('counts what it did', async () => {
    const sums = await waitFor(async () => {
      const [row] = await rig.database.sql`select sum(writes)::int as writes, sum(mirrored)::int as mirrored,
        sum(mirror_failed)::int as failed, max(source_p50_us) as p50 from traffic_sample where plan_table_id = ${table}`;
      return row?.failed ? row : null;
    });
    expect(sums.failed).toBe(1);
    expect(sums.mirrored).toBeGreaterThanOrEqual(17);
    expect(sums.p50).toBeGreaterThan(0);
  });
});
