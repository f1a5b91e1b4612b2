import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunningSource } from '@/lib/sandbox/source';
import { startTestSource, type TestStore } from './emulator';
import { type FaultProxy, startFaultProxy } from './fault-proxy';

let source: TestStore<RunningSource>;
let proxy: FaultProxy;
let direct: DynamoDBClient;
let proxied: DynamoDBClient;

beforeAll(async () => {
  source = await startTestSource();
  await source.createTable('orders', { partition: { name: 'pk', type: 'S' } });
  proxy = await startFaultProxy(source.endpoint);
  const { credentials } = source;
  const common = { credentials, region: 'eu-central-1', maxAttempts: 1 };
  direct = new DynamoDBClient({ ...common, endpoint: source.endpoint });
  proxied = new DynamoDBClient({ ...common, endpoint: proxy.endpoint });
});
beforeEach(() => proxy.faults.clear());
afterAll(async () => {
  direct.destroy();
  proxied.destroy();
  await proxy.close();
  await source.stop();
});

const put = (id: string) => proxied.send(new PutItemCommand({ TableName: 'orders', Item: { pk: { S: id } } }));
const has = async (id: string) =>
  (await direct.send(new GetItemCommand({ TableName: 'orders', Key: { pk: { S: id } }, ConsistentRead: true })))
    .Item !== undefined;

describe('the fault proxy', () => {
  test('passes signed requests on as they are', async () => {
    await put('plain');
    expect(await has('plain')).toBe(true);
    expect(proxy.seen.at(-1)?.operation).toBe('PutItem');
  });

  test.each([
    ['drop_before', false],
    ['drop_after', true],
    ['reset', false],
    ['reset_after', true],
    ['garbage', true],
    ['truncated', true],
    ['server_error', false],
    ['server_error_after', true],
    ['throttle', false],
    ['throttle_dynamodb', false],
  ] as const)('%s fails the caller and leaves the write applied: %s', async (kind, isApplied) => {
    proxy.faults.add({ kind, operations: ['PutItem'], times: 1 });
    await expect(put(kind)).rejects.toThrow();
    expect(await has(kind)).toBe(isApplied);
    await put(kind);
    expect(await has(kind)).toBe(true);
  });

  test('a skipped fault hits exactly the request that it names', async () => {
    proxy.faults.add({ kind: 'drop_before', operations: ['PutItem'], skip: 2, times: 1 });
    const outcomes = [];
    for (const id of ['s1', 's2', 's3', 's4'])
      outcomes.push(
        await put(id).then(
          () => 'ok',
          () => 'failed',
        ),
      );
    expect(outcomes).toEqual(['ok', 'ok', 'failed', 'ok']);
  });

  test('holds a request before the store and its answer after it', async () => {
    const before = proxy.hold('before', { bodyIncludes: 'held' });
    const after = proxy.hold('after', { bodyIncludes: 'held' });
    let isAnswered = false;
    const putting = put('held').then(() => {
      isAnswered = true;
    });
    await before.reached;
    expect(await has('held')).toBe(false);
    before.release();
    await after.reached;
    expect(await has('held')).toBe(true);
    expect(isAnswered).toBe(false);
    after.release();
    await putting;
  });
});
