import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { Engine } from './engine';

const TABLE = {
  TableName: 'orders',
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
};
const key = (pk: string) => ({ pk: { S: pk } });
let engine: Engine;
const call = async (operation: string, input: object, on = engine) => {
  const answer = await on.execute(operation, JSON.stringify({ TableName: 'orders', ...input }));
  return { status: answer.status, body: JSON.parse(answer.body) };
};
const itemOf = async (pk: string) => (await call('GetItem', { Key: key(pk) })).body.Item;
const tableReady = async (on: Engine) => {
  await call('CreateTable', TABLE, on);
  await expect.poll(async () => (await call('DescribeTable', {}, on)).body.Table?.TableStatus).toBe('ACTIVE');
};

beforeEach(async () => {
  engine = new Engine({});
  await tableReady(engine);
});

describe('items', () => {
  test('an attribute named __proto__ survives put, update, projection and read, at any depth', async () => {
    const text =
      '{"TableName":"orders","Item":{"pk":{"S":"a"},"__proto__":{"S":"__proto__"},"m":{"M":{"__proto__":{"N":"1"}}}}}';
    expect(await engine.execute('PutItem', text)).toMatchObject({ status: 200 });
    await call('UpdateItem', {
      Key: key('a'),
      UpdateExpression: 'SET #p = :v',
      ExpressionAttributeNames: { '#p': '__proto__' },
      ExpressionAttributeValues: { ':v': { S: '__proto__:"' } },
    });
    const answer = await engine.execute('GetItem', JSON.stringify({ TableName: 'orders', Key: key('a') }));
    expect(answer.body).toContain('"__proto__":{"S":"__proto__:\\""}');
    expect(answer.body).toContain('"m":{"M":{"__proto__":{"N":"1"}}}');
  });
});

describe('transactions', () => {
  const put = (pk: string, more: object = {}) => ({ Put: { TableName: 'orders', Item: { ...key(pk), ...more } } });
  test('a failed condition applies nothing and names its reason by position', async () => {
    await call('PutItem', { Item: { ...key('a'), v: { N: '1' } } });
    const answer = await call('TransactWriteItems', {
      TransactItems: [
        put('b'),
        {
          Update: {
            TableName: 'orders',
            Key: key('a'),
            UpdateExpression: 'SET v = :two',
            ConditionExpression: 'v = :two',
            ExpressionAttributeValues: { ':two': { N: '2' } },
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          },
        },
      ],
    });
    expect(answer.status).toBe(400);
    expect(answer.body.__type).toMatch(/#TransactionCanceledException$/);
    expect(answer.body.CancellationReasons).toEqual([
      { Code: 'None' },
      expect.objectContaining({ Code: 'ConditionalCheckFailed', Item: { ...key('a'), v: { N: '1' } } }),
    ]);
    expect(await itemOf('b')).toBeUndefined();
  });

  test('an update that cannot be applied leaves the others unapplied', async () => {
    await call('PutItem', { Item: { ...key('d'), v: { S: 'text' } } });
    const Update = {
      TableName: 'orders',
      Key: key('d'),
      UpdateExpression: 'ADD v :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    };
    const answer = await call('TransactWriteItems', { TransactItems: [put('c'), { Update }] });
    expect(answer.body.CancellationReasons[1].Code).toBe('ValidationError');
    expect(await itemOf('c')).toBeUndefined();
  });

  test('all kinds apply together', async () => {
    await call('PutItem', { Item: { ...key('x'), n: { N: '1' } } });
    await call('PutItem', { Item: key('gone') });
    const answer = await call('TransactWriteItems', {
      TransactItems: [
        put('new'),
        {
          Update: {
            TableName: 'orders',
            Key: key('x'),
            UpdateExpression: 'ADD n :one',
            ExpressionAttributeValues: { ':one': { N: '1' } },
          },
        },
        { Delete: { TableName: 'orders', Key: key('gone') } },
        { ConditionCheck: { TableName: 'orders', Key: key('none'), ConditionExpression: 'attribute_not_exists(pk)' } },
      ],
    });
    expect(answer).toEqual({ status: 200, body: {} });
    expect(await itemOf('x')).toEqual({ ...key('x'), n: { N: '2' } });
    expect(await itemOf('gone')).toBeUndefined();
    const got = await call('TransactGetItems', {
      TransactItems: ['new', 'gone'].map((pk) => ({ Get: { TableName: 'orders', Key: key(pk) } })),
    });
    expect(got.body).toEqual({ Responses: [{ Item: key('new') }, {}] });
  });

  test('a repeated token answers again and writes once; with other parameters it is refused', async () => {
    await call('PutItem', { Item: { ...key('x'), n: { N: '0' } } });
    const add = (by: string) =>
      call('TransactWriteItems', {
        ClientRequestToken: 'once',
        TransactItems: [
          {
            Update: {
              TableName: 'orders',
              Key: key('x'),
              UpdateExpression: 'ADD n :by',
              ExpressionAttributeValues: { ':by': { N: by } },
            },
          },
        ],
      });
    expect((await add('1')).status).toBe(200);
    expect((await add('1')).status).toBe(200);
    expect(await itemOf('x')).toEqual({ ...key('x'), n: { N: '1' } });
    expect((await add('2')).body.__type).toMatch(/#IdempotentParameterMismatchException$/);
  });

  test('two operations on one item, or too many, are refused', async () => {
    const twice = await call('TransactWriteItems', { TransactItems: [put('a'), put('a')] });
    expect(twice.body.message).toContain('multiple operations on one item');
    const many = await call('TransactWriteItems', {
      TransactItems: Array.from({ length: 101 }, (_, index) => put(`k${index}`)),
    });
    expect(many.body.__type).toMatch(/#ValidationException$/);
  });
});

test('TTL metadata and items are there after a restart over the same directory', async () => {
  const path = mkdtempSync(join(tmpdir(), 'landfall-engine-'));
  const first = new Engine({ path });
  await tableReady(first);
  const spec = { AttributeName: 'expires', Enabled: true };
  await call('UpdateTimeToLive', { TimeToLiveSpecification: spec }, first);
  await call('PutItem', { Item: key('kept') }, first);
  await first.close();
  const second = new Engine({ path });
  expect((await call('DescribeTimeToLive', {}, second)).body.TimeToLiveDescription).toEqual({
    AttributeName: 'expires',
    TimeToLiveStatus: 'ENABLED',
  });
  expect((await call('GetItem', { Key: key('kept') }, second)).body.Item).toEqual(key('kept'));
  await second.close();
  rmSync(path, { recursive: true });
});

test('an operation that the engine does not have is an unknown operation', async () => {
  expect((await call('ExecuteStatement', {})).body.__type).toMatch(/#UnknownOperationException$/);
});
