import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { equal } from '@/lib/domain/item/compare';
import type { WireItem } from '@/lib/domain/item/item';
import { itemOfJson } from '@/lib/domain/item/json-data';
import { itemOf } from '@/lib/sandbox/rest/rest-store';
import { type GatewayRig, type RigGateway, startGatewayRig } from '@/lib/testing/gateway-rig';
import { waitFor } from '@/lib/testing/wait-for';

const SCHEMA = { partition: { name: 'pk', type: 'S' as const }, sort: { name: 'sk', type: 'N' as const } };

describe('dual write to a target behind the REST API', () => {
  let rig: GatewayRig;
  let gateway: RigGateway;
  beforeAll(async () => {
    rig = await startGatewayRig({ settings: { mirrorWaitMsMax: 2_000 } });
    await rig.database.sql`update connection set kind = 'terrascale_rest' where id = ${rig.targetConnectionId}`;
    gateway = await rig.gateway('one');
    const table = await rig.table('orders', SCHEMA);
    await rig.target.running.createDatabase('orders');
    await rig.stageEverywhere(table, 'dual_write');
    await rig.stageEverywhere(await mapped('events'), 'dual_write');
  });
  /** A table whose attribute `created` is a date on the target. */
  async function mapped(name: string): Promise<string> {
    const id = await rig.table(name, SCHEMA);
    await rig.target.running.createDatabase(name);
    await rig.database.sql`update plan_table set mappings = '[{"attribute": "created", "kind": "epoch_seconds"}]'
      where id = ${id}`;
    return id;
  }
  afterAll(() => rig?.stop());

  const key = (pk: string, sk = 1) => ({ pk: { S: pk }, sk: { N: String(sk) } });
  const truth = async () => (await rig.source.running.engine.run('Scan', { TableName: 'orders' })).Items as WireItem[];
  const copy = async () => {
    const rows = (await rig.target.running.engine.run('Scan', { TableName: 'rest.orders' })).Items as WireItem[];
    return new Map(rows.map((row) => [itemOf(row).pk, itemOfJson(itemOf(row), SCHEMA)]));
  };
  const areEqual = async () => {
    const [here, there] = [await truth(), await copy()];
    return here.length === there.size && here.every((item) => equal(item, there.get(String(item.pk?.S)) ?? null));
  };

  it('sends images of puts, updates, deletes, batches and transactions, every type whole', async () => {
    const { client } = gateway;
    const TableName = 'orders';
    const odd = { bytes: { B: new Uint8Array([0, 255]) }, tags: { SS: ['b', 'a'] }, big: { N: '9007199254740993' } };
    await client.send(new PutItemCommand({ TableName, Item: { ...key('a/b'), ...odd } }));
    for (let at = 0; at < 3; at += 1)
      await client.send(
        new UpdateItemCommand({
          TableName,
          Key: key('count'),
          UpdateExpression: 'ADD n :one',
          ExpressionAttributeValues: { ':one': { N: '1' } },
        }),
      );
    const puts = ['c', 'd', 'e'].map((pk) => ({
      PutRequest: { Item: { ...key(pk), list: { L: [{ NULL: true as const }] } } },
    }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { orders: puts } }));
    await client.send(new DeleteItemCommand({ TableName, Key: key('d') }));
    const Put = { TableName, Item: { ...key('t'), n: { N: '1' } } };
    const Update = {
      TableName,
      Key: key('count'),
      UpdateExpression: 'SET seen = :yes',
      ExpressionAttributeValues: { ':yes': { BOOL: true } },
    };
    await client.send(new TransactWriteItemsCommand({ TransactItems: [{ Put }, { Update }] }));
    await waitFor(areEqual, { what: 'both sides to be equal' });
    expect((await copy()).get('count')).toEqual({ ...key('count'), n: { N: '3' }, seen: { BOOL: true } });
    expect([...(await copy()).keys()].sort()).toEqual(['a/b', 'c', 'count', 'e', 't']);
    expect(await rig.database.sql`select 1 from dirty_key`).toHaveLength(0);
  });

  it('sends mapped attributes as dates, and reads them back as the numbers that they are', async () => {
    const { client } = gateway;
    const TableName = 'events';
    const put = (pk: string, created: string) => ({ ...key(pk), created: { N: created } });
    await client.send(new PutItemCommand({ TableName, Item: put('put', '1700000000') }));
    const batch = [{ PutRequest: { Item: put('batch', '1700000001') } }, { PutRequest: { Item: put('odd', '0.5') } }];
    await client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: batch } }));
    await client.send(
      new UpdateItemCommand({
        ...{ TableName, Key: key('put'), UpdateExpression: 'SET created = created + :two' },
        ExpressionAttributeValues: { ':two': { N: '2' } },
      }),
    );
    const created = async () => {
      const rows = (await rig.target.running.engine.run('Scan', { TableName: 'rest.events' })).Items as WireItem[];
      return Object.fromEntries(rows.map((row) => [itemOf(row).pk, itemOfJson(itemOf(row), SCHEMA)?.created]));
    };
    await waitFor(async () => Object.keys(await created()).length === 3, { what: 'the images' });
    expect(await created()).toEqual({
      put: { S: '2023-11-14T22:13:22Z' },
      batch: { S: '2023-11-14T22:13:21Z' },
      odd: { N: '0.5' },
    });
    // Compared with the source in the confirming read: a form that is not the table's would have been marked.
    expect(await rig.database.sql`select 1 from dirty_key`).toHaveLength(0);
  });

  it('marks what a storm keeps from it, and never fails the application', async () => {
    rig.target.running.faults.add({ kind: 'throttle', operations: ['RestPut', 'RestBatchWrite'], retryAfterS: 1 });
    await gateway.client.send(new PutItemCommand({ TableName: 'orders', Item: { ...key('s'), n: { N: '2' } } }));
    const marked = async () =>
      (await rig.database.sql`select key_id from dirty_key`).map((row) => row.key_id as string);
    await waitFor(async () => (await marked()).includes('["S#s","N#1"]'), { what: 'the mark' });
    rig.target.running.faults.clear();
  });
});
