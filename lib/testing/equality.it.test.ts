import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readApplicationLogs, type SdkItem } from '@/lib/sandbox/application-log';
import { ApplicationWriter } from '@/lib/sandbox/application-writer';
import type { RunningSource } from '@/lib/sandbox/source';
import type { RunningTarget } from '@/lib/sandbox/target';
import { startTestSource, startTestTarget, type TestStore } from './emulator';
import { checkEquality, type EqualityInput } from './equality';
import { waitFor } from './wait-for';

const ORDERS = {
  partition: { name: 'tenant', type: 'S' },
  sort: { name: 'order', type: 'S' },
} as const;
let source: TestStore<RunningSource>;
let target: TestStore<RunningTarget>;
let clients: Record<'source' | 'target', DynamoDBClient>;
let input: EqualityInput;
const logDir = mkdtempSync(join(tmpdir(), 'landfall-equality-'));

/** Two writers against the source for a while, then a copy: both stores are equal and hold what was acknowledged. */
beforeAll(async () => {
  [source, target] = [await startTestSource(), await startTestTarget()];
  for (const store of [source, target]) await store.createTable('orders', ORDERS);
  const region = 'eu-central-1';
  const address = (store: TestStore<unknown>) => ({ endpoint: store.endpoint, region, credentials: store.credentials });
  clients = { source: new DynamoDBClient(address(source)), target: new DynamoDBClient(address(target)) };
  input = {
    source: address(source),
    target: address(target),
    tables: [{ source: 'orders', target: 'orders', key: ['tenant', 'order'] }],
    logDir,
  };
  // Some writes fail on the way: applied or not, the record calls them unknown.
  source.running.faults.add({ kind: 'drop_after', operations: ['UpdateItem'], skip: 20, times: 2 });
  source.running.faults.add({ kind: 'drop_before', operations: ['PutItem'], skip: 20, times: 2 });
  const writers = ['a', 'b'].map(
    (writer) =>
      new ApplicationWriter({
        ...address(source),
        writer,
        run: 'r1',
        logDir,
        writesPerSecond: 200,
        readsPerSecond: 50,
      }),
  );
  for (const writer of writers) writer.start();
  await waitFor(() => writers.every((writer) => writer.stats().acked > 200), { what: 'writes' });
  await Promise.all(writers.map((writer) => writer.stop()));
  expect(writers.map((writer) => writer.stats().wrongReads)).toEqual([0, 0]);
  const { Items = [] } = await clients.source.send(new ScanCommand({ TableName: 'orders' }));
  for (let at = 0; at < Items.length; at += 25) {
    const orders = Items.slice(at, at + 25).map((Item) => ({ PutRequest: { Item } }));
    await clients.target.send(new BatchWriteItemCommand({ RequestItems: { orders } }));
  }
});
afterAll(async () => {
  for (const client of Object.values(clients)) client.destroy();
  await Promise.all([source.stop(), target.stop()]);
  rmSync(logDir, { recursive: true });
});

const onBoth = async (change: (client: DynamoDBClient) => Promise<unknown>) => {
  await change(clients.source);
  await change(clients.target);
};
const put = (Item: SdkItem) => (client: DynamoDBClient) =>
  client.send(new PutItemCommand({ TableName: 'orders', Item }));
const remove = (Key: SdkItem) => (client: DynamoDBClient) =>
  client.send(new DeleteItemCommand({ TableName: 'orders', Key }));
const itemAt = async (Key: SdkItem) =>
  (await clients.source.send(new GetItemCommand({ TableName: 'orders', Key, ConsistentRead: true }))).Item;
const stranger = { tenant: { S: 'tenant#x' }, order: { S: 'stranger' } };

describe('the equality check', () => {
  test('finds nothing where nothing is wrong, unknown outcomes included', async () => {
    const report = await checkEquality(input);
    expect(report.problems).toEqual([]);
    expect(report.writesAcked).toBeGreaterThan(400);
    expect(report.writesUnknown).toBeGreaterThanOrEqual(4);
    expect(report.keysInRecord).toBeGreaterThan(30);
  });

  test('takes other spellings of one value as equal', async () => {
    await put({ ...stranger, n: { N: '100' }, set: { SS: ['a', 'b'] } })(clients.source);
    await put({ n: { N: '1e2' }, set: { SS: ['b', 'a'] }, ...stranger })(clients.target);
    expect((await checkEquality(input)).problems).toEqual([]);
    await onBoth(remove(stranger));
  });

  test.each(['source', 'target'] as const)('sees an item that stands on the %s alone', async (side) => {
    await put(stranger)(clients[side]);
    expect((await checkEquality(input)).problems).toHaveLength(1);
    await onBoth(remove(stranger));
  });

  test('sees one changed attribute', async () => {
    await put({ ...stranger, n: { N: '12345678901234567890123456789012345678' } })(clients.source);
    await put({ ...stranger, n: { N: '12345678901234567890123456789012345679' } })(clients.target);
    expect((await checkEquality(input)).problems).toEqual([expect.stringContaining('differs')]);
    await onBoth(remove(stranger));
  });

  test.each(['own', 'shared', 'contended'] as const)(
    'sees that both stores lack an acknowledged write to a key of the kind %s',
    async (kind) => {
      const writes = readApplicationLogs(logDir).filter((write) => write.kind === kind);
      let planted: SdkItem | undefined;
      for (const { key } of writes) {
        const stands = await itemAt(key);
        const ofKey = writes.filter((write) => JSON.stringify(write.key) === JSON.stringify(key));
        if (!stands || ofKey.some((write) => write.outcome === 'unknown')) continue;
        // A contended key whose last writes overlap could rightly be empty.
        if (kind === 'contended' && ofKey.at(-1)?.leaves == null) continue;
        planted = stands;
        break;
      }
      const { tenant, order } = planted!;
      const old =
        kind === 'shared'
          ? { ...planted!, count_a: { N: String(Number(planted!.count_a?.N) - 1) } }
          : { tenant, order, write: { S: 'z/0' }, version: { N: '-1' } };
      await onBoth(put(old as SdkItem));
      expect((await checkEquality(input)).problems).toHaveLength(2);
      await onBoth(put(planted!));
      expect((await checkEquality(input)).problems).toEqual([]);
    },
  );

  test('sees a deleted item that came back on both sides', async () => {
    const deleted = readApplicationLogs(logDir)
      .filter((write) => write.kind === 'own')
      .findLast((write, _, all) => {
        const last = all.findLast((other) => JSON.stringify(other.key) === JSON.stringify(write.key));
        return last === write && write.outcome === 'acked' && write.operation === 'delete';
      });
    // The keys' cycles differ in length, so among two dozen some end deleted.
    expect(deleted).toBeDefined();
    await onBoth(put({ ...deleted!.key, version: { N: '1' } }));
    expect((await checkEquality(input)).problems).toHaveLength(2);
    await onBoth(remove(deleted!.key));
  });

  test('proves nothing without an acknowledged write', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'landfall-empty-'));
    expect((await checkEquality({ ...input, logDir: empty })).problems).toHaveLength(1);
    rmSync(empty, { recursive: true });
  });
});
