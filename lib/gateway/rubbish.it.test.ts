/** A target that says 200 and nothing of use: no application sees it while the source is the truth, and nothing counts as written. */
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GatewayRig, type RigGateway, startGatewayRig } from '@/lib/testing/gateway-rig';
import { waitFor } from '@/lib/testing/wait-for';

const S = (text: string) => ({ S: text });
const TableName = 'orders';
const SHAPES: [what: string, answerBody: string, contentType?: string][] = [
  ['no JSON', '<html>it works</html>'],
  ['no JSON under a name of JSON', 'it works'],
  ['JSON of another content type', '{"Responses":{},"UnprocessedItems":{},"Count":0,"Items":[]}', 'text/html'],
  ['JSON that is cut', '{"Responses":{"orders":[{"pk":'],
  ['a JSON list', '[]'],
  ['an empty body', ''],
  ['an error', '{"message":"We are back soon"}'],
];

describe('a target that answers rubbish with 200', () => {
  let rig: GatewayRig;
  let gateway: RigGateway;
  let table: string;
  beforeAll(async () => {
    rig = await startGatewayRig({ settings: { mirrorWaitMsMax: 2_000, deltaMs: 60_000 } });
    table = await rig.table(TableName, { partition: { name: 'pk', type: 'S' } });
    gateway = await rig.gateway('one', { metrics: { host: '127.0.0.1', port: 0, token: null } });
    await rig.stageEverywhere(table, 'shift', 100_000);
    for (const side of ['source', 'target'] as const)
      await rig[side].running.engine.run('PutItem', { TableName, Item: { pk: S('a'), from: S(side) } });
    await waitFor(async () => (await get()) === 'target', { what: 'reads from the target' });
  });
  afterAll(() => rig.stop());

  const send: RigGateway['client']['send'] = (command: never) => gateway.client.send(command);
  const key = { pk: S('a') };
  const get = async () => (await send(new GetItemCommand({ TableName, Key: key }))).Item?.from?.S;
  const query = async () => {
    const values = { ':p': S('a') };
    const KeyConditionExpression = 'pk = :p';
    const asked = new QueryCommand({ TableName, KeyConditionExpression, ExpressionAttributeValues: values });
    return (await send(asked)).Items?.[0]?.from?.S;
  };
  const batchGet = async () => {
    const { Responses } = await send(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: [key] } } }));
    return Responses?.[TableName]?.[0]?.from?.S;
  };
  const undecodable = async () => {
    const text = await (await fetch(gateway.metricsUrl as string)).text();
    const lines = text.split('\n').filter((line) => line.includes(`store="${rig.targetConnectionId}"`));
    const counted = lines.filter((line) => /store_attempts_total.*outcome="undecodable"/.test(line));
    return counted.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  };

  /** The target's next answer of the operation is rubbish; it has carried the request out all the same. */
  async function once<T>(shape: (typeof SHAPES)[number], operation: string, run: () => Promise<T>): Promise<T> {
    const [, answerBody, contentType] = shape;
    const before = await undecodable();
    const fault = rig.target.running.faults.add({
      ...{ kind: 'garbage', operations: [operation], answerBody, contentType, times: 1 },
    });
    try {
      const result = await run();
      await waitFor(() => fault.hit === 1, { what: `${operation} at the target`, timeoutMs: 5_000 });
      // Counted as what it is, by a word of ours.
      await waitFor(async () => (await undecodable()) === before + 1, {
        what: `${operation} counted`,
        timeoutMs: 5_000,
      });
      return result;
    } finally {
      rig.target.running.faults.clear();
      // One good answer: it is not the breaker that is on trial here.
      await waitFor(async () => (await get()) === 'target', { what: 'reads from the target again' });
    }
  }

  describe.each(SHAPES)('%s', (...shape) => {
    it('is no answer to a read: the source serves it, and no key is marked', async () => {
      expect(await once(shape, 'GetItem', get)).toBe('source');
      expect(await once(shape, 'Query', query)).toBe('source');
      expect(await once(shape, 'BatchGetItem', batchGet)).toBe('source');
      expect(await rig.dirty(table)).toEqual([]);
    });

    it('leaves a mirrored write unknown: the application has its answer, the key is marked and held', async () => {
      const item = (id: string) => ({ pk: S(id), n: S(shape[0]) });
      const Item = item('b');
      const expression = { UpdateExpression: 'SET n = :n', ExpressionAttributeValues: { ':n': S('c') } };
      const put = (id: string) => ({ PutRequest: { Item: item(id) } });
      const both = { [TableName]: [put('d'), put('e')] };
      const transact = { TransactItems: ['f', 'g'].map((id) => ({ Put: { TableName, Item: item(id) } })) };
      await once(shape, 'PutItem', () => send(new PutItemCommand({ TableName, Item })));
      await once(shape, 'PutItem', () =>
        send(new UpdateItemCommand({ TableName, Key: { pk: S('c') }, ...expression })),
      );
      await once(shape, 'DeleteItem', () => send(new DeleteItemCommand({ TableName, Key: { pk: S('h') } })));
      await once(shape, 'BatchWriteItem', () => send(new BatchWriteItemCommand({ RequestItems: both })));
      await once(shape, 'TransactWriteItems', () => send(new TransactWriteItemsCommand(transact)));
      await waitFor(async () => (await rig.dirty(table)).length === 7, { what: 'seven marks' });
      const rows = await rig.dirty(table);
      expect(rows.every((row) => row.cause === 'unknown_outcome' && row.held)).toBe(true);
      await rig.database.sql`delete from dirty_key`;
    });
  });

  it.each([
    ['Query', '{}', query],
    ['BatchGetItem', '{"UnprocessedKeys":{}}', batchGet],
    ['GetItem', '{"Item":[]}', get],
  ] as const)('an answer of %s that lacks what is always there is none: %s', async (operation, body, run) => {
    expect(await once(['', body], operation, run)).toBe('source');
    expect(await rig.dirty(table)).toEqual([]);
  });

  it('once it is the truth, the application is told that nobody knows, and the key is marked', async () => {
    await rig.stageEverywhere(table, 'target_first');
    rig.target.running.faults.add({ kind: 'garbage', operations: ['PutItem'], answerBody: '', times: 1 });
    const write = send(new PutItemCommand({ TableName, Item: { pk: S('z') } }));
    await expect(write).rejects.toMatchObject({ name: 'InternalServerError' });
    await waitFor(async () => (await rig.dirty(table)).some((row) => row.cause === 'unknown_outcome' && row.held));
  });
});
