import {
  BatchWriteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startTestSource, startTestTarget, type TestStore } from '@/lib/testing/emulator';
import type { RunningSource } from './source';
import type { RunningTarget } from './target';

let source: TestStore<RunningSource>;
let target: TestStore<RunningTarget>;
const clients: DynamoDBClient[] = [];
const clientOf = (store: { endpoint: string; credentials: { accessKeyId: string; secretAccessKey: string } }) => {
  const { endpoint, credentials } = store;
  const client = new DynamoDBClient({ endpoint, credentials, region: 'eu-central-1', maxAttempts: 1 });
  clients.push(client);
  return client;
};
const admin = (store: TestStore<unknown>, method: string, path: string, body?: object) =>
  fetch(`${store.adminUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${store.adminToken}` },
    body: body ? JSON.stringify(body) : undefined,
  });
const put = (id: string) => new PutItemCommand({ TableName: 'orders', Item: { pk: { S: id } } });
const get = (id: string) => new GetItemCommand({ TableName: 'orders', Key: { pk: { S: id } }, ConsistentRead: true });

beforeAll(async () => {
  source = await startTestSource();
  target = await startTestTarget();
  for (const store of [source, target]) await store.createTable('orders', { partition: { name: 'pk', type: 'S' } });
});
afterEach(() => {
  source.running.faults.clear();
  target.running.faults.clear();
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  await source.stop();
  await target.stop();
});

describe('source', () => {
  test('serves the stock SDK and refuses a wrong secret and an unknown key', async () => {
    const client = clientOf(source);
    await client.send(put('a'));
    expect((await client.send(get('a'))).Item).toEqual({ pk: { S: 'a' } });
    const { endpoint, credentials } = source;
    const wrong = clientOf({ endpoint, credentials: { ...credentials, secretAccessKey: 'no' } });
    await expect(wrong.send(get('a'))).rejects.toMatchObject({ name: 'InvalidSignatureException' });
    const unknown = clientOf({ endpoint, credentials: { ...credentials, accessKeyId: 'AKIANOBODY' } });
    await expect(unknown.send(get('a'))).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
  });

  test('an issued key can be made read-only and revoked, at once', async () => {
    const issued = (await (await admin(source, 'POST', '/keys', { label: 'app' })).json()) as {
      accessKeyId: string;
      secretAccessKey: string;
    };
    const client = clientOf({ endpoint: source.endpoint, credentials: issued });
    await client.send(put('b'));
    await admin(source, 'POST', `/keys/${issued.accessKeyId}/read-only`);
    await expect(client.send(put('c'))).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect((await client.send(get('b'))).Item).toBeDefined();
    await admin(source, 'DELETE', `/keys/${issued.accessKeyId}`);
    await expect(client.send(get('b'))).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
  });

  test('a key can lose one table and keep the others, in single writes, batches and transactions', async () => {
    await source.createTable('other', { partition: { name: 'pk', type: 'S' } });
    const issued = source.running.keys.issue('partly', ['read', 'write']);
    await admin(source, 'POST', `/keys/${issued.accessKeyId}/read-only`, { tables: ['orders'] });
    const client = clientOf({ endpoint: source.endpoint, credentials: issued });
    const Item = { pk: { S: 'x' } };
    await client.send(new PutItemCommand({ TableName: 'other', Item }));
    const denied = { name: 'AccessDeniedException' };
    await expect(client.send(put('x'))).rejects.toMatchObject(denied);
    const RequestItems = { other: [{ PutRequest: { Item } }], orders: [{ PutRequest: { Item } }] };
    await expect(client.send(new BatchWriteItemCommand({ RequestItems }))).rejects.toMatchObject(denied);
    const TransactItems = [{ Put: { TableName: 'orders', Item } }];
    await expect(client.send(new TransactWriteItemsCommand({ TransactItems }))).rejects.toMatchObject(denied);
    expect((await client.send(get('x'))).Item).toBeUndefined();
  });

  test('the admin API wants its token', async () => {
    expect((await fetch(`${source.adminUrl}/keys`)).status).toBe(401);
  });
});

describe('target', () => {
  test('knows ten operations, no indexes and 25 entries a transaction', async () => {
    const client = clientOf(target);
    await expect(client.send(new ListTablesCommand({}))).rejects.toMatchObject({ name: 'UnknownOperationException' });
    const query = new QueryCommand({
      TableName: 'orders',
      IndexName: 'by-date',
      KeyConditionExpression: 'pk = :a',
      ExpressionAttributeValues: { ':a': { S: 'a' } },
    });
    await expect(client.send(query)).rejects.toMatchObject({ name: 'ValidationException' });
    const entry = (index: number) => ({ Put: { TableName: 'orders', Item: { pk: { S: `t${index}` } } } });
    const transact = (count: number) =>
      client.send(new TransactWriteItemsCommand({ TransactItems: Array.from({ length: count }, (_, i) => entry(i)) }));
    await expect(transact(26)).rejects.toMatchObject({ name: 'ValidationException' });
    await transact(25);
    expect((await client.send(get('t24'))).Item).toBeDefined();
  });

  test('ignores the secret and knows the key', async () => {
    const { endpoint, credentials } = target;
    await clientOf({ endpoint, credentials: { ...credentials, secretAccessKey: 'ignored' } }).send(put('k'));
    const nobody = clientOf({ endpoint, credentials: { accessKeyId: 'ts_test_nobody', secretAccessKey: 'x' } });
    await expect(nobody.send(put('k'))).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
  });

  test('beyond its quota answers 429 with Retry-After, the limits and a problem', async () => {
    await admin(target, 'PUT', '/switches', { quota: { requestsPerSecond: 1, requestsPerMonth: 1_000_000 } });
    const headers = {
      'x-amz-target': 'DynamoDB_20120810.GetItem',
      authorization: `AWS4-HMAC-SHA256 Credential=${target.credentials.accessKeyId}/x, SignedHeaders=host, Signature=0`,
    };
    const body = JSON.stringify({ TableName: 'orders', Key: { pk: { S: 'a' } } });
    const answers = [];
    for (let sent = 0; sent < 3; sent += 1)
      answers.push(await fetch(target.endpoint, { method: 'POST', headers, body }));
    const refused = answers.find((answer) => answer.status === 429)!;
    expect(Object.fromEntries(refused.headers)).toMatchObject({
      'retry-after': '1',
      'content-type': 'application/problem+json',
      'x-ratelimit-limit': '1',
      'x-ratelimit-remaining': '0',
    });
    expect(await refused.json()).toMatchObject({ status: 429, retryAfter: 1 });
    await admin(target, 'PUT', '/switches', { quota: 'demo' });
  });
});

describe('faults', () => {
  test('hit the request that they name, that often, applied or not as they say', async () => {
    const client = clientOf(target);
    target.running.faults.add({ kind: 'drop_after', operations: ['PutItem'], bodyIncludes: 'after', times: 1 });
    target.running.faults.add({ kind: 'drop_before', operations: ['PutItem'], bodyIncludes: 'before', times: 1 });
    await expect(client.send(put('dropped-after'))).rejects.toThrow();
    await expect(client.send(put('dropped-before'))).rejects.toThrow();
    expect((await client.send(get('dropped-after'))).Item).toBeDefined();
    expect((await client.send(get('dropped-before'))).Item).toBeUndefined();
    await client.send(put('dropped-before'));
  });

  test('a partial batch names what it left and applies the rest', async () => {
    const client = clientOf(source);
    source.running.faults.add({ kind: 'partial', times: 1 });
    const RequestItems = { orders: ['p0', 'p1', 'p2'].map((id) => ({ PutRequest: { Item: { pk: { S: id } } } })) };
    const answer = await client.send(new BatchWriteItemCommand({ RequestItems }));
    expect(answer.UnprocessedItems?.orders).toEqual([{ PutRequest: { Item: { pk: { S: 'p1' } } } }]);
    expect((await client.send(get('p2'))).Item).toBeDefined();
    expect((await client.send(get('p1'))).Item).toBeUndefined();
  });

  test('a held request is applied when its rule is removed, and not before', async () => {
    const client = clientOf(target);
    const rule = target.running.faults.add({ kind: 'held', operations: ['PutItem'], times: 1 });
    const held = client.send(put('held'));
    await expect.poll(() => rule.hit).toBe(1);
    expect((await client.send(get('held'))).Item).toBeUndefined();
    target.running.faults.clear();
    await held;
    expect((await client.send(get('held'))).Item).toBeDefined();
  });

  test('a late request is applied after its client has gone', async () => {
    const client = clientOf(target);
    target.running.faults.add({ kind: 'late', operations: ['PutItem'], times: 1, delayMs: 300 });
    await expect(client.send(put('late'), { abortSignal: AbortSignal.timeout(50) })).rejects.toThrow();
    expect((await client.send(get('late'))).Item).toBeUndefined();
    await expect.poll(async () => (await client.send(get('late'))).Item, { timeout: 5_000 }).toBeDefined();
  });
});
