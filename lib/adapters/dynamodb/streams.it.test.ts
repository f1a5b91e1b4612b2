import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from '@/lib/adapters/dynamodb/call';
import { createTable, describeTable } from '@/lib/adapters/dynamodb/tables';
import { createStoreWire } from '@/lib/adapters/dynamodb/wire';
import type { StoreTarget, StoreWire, WireItem } from '@/lib/adapters/ports';
import { emulatorMissing, startDynamodbLocal } from '@/lib/testing/dynamodb-local';
import { startTestSource } from '@/lib/testing/emulator';
import { waitFor } from '@/lib/testing/wait-for';
import {
  describeStream,
  enableStream,
  getRecords,
  getShardIterator,
  type StreamChange,
  streamsTarget,
} from './streams';

const KEY = { partition: { name: 'pk', type: 'S' as const }, sort: null };
const value = <T>(answer: { kind: string; value?: T }): T => {
  if (answer.kind !== 'ok') throw new Error(JSON.stringify(answer));
  return answer.value as T;
};

/** The same guarantees of both stores: the embedded one and Amazon's own emulator. */
function contract(name: string, start: () => Promise<{ target: StoreTarget; stop(): Promise<unknown> }>) {
  describe(name, () => {
    let store: Awaited<ReturnType<typeof start>>;
    let wire: StoreWire;
    let arn: string;
    const run = async (operation: string, input: object) => value(await call(wire, { operation, input: { ...input } }));
    const readAll = async (position: Parameters<typeof getShardIterator>[1]['position']): Promise<StreamChange[]> => {
      const changes: StreamChange[] = [];
      for (const shard of value(await describeStream(wire, arn)).shards) {
        let iterator: string | null = value(await getShardIterator(wire, { arn, shardId: shard.id, position }));
        for (let page = 0; page < 20 && iterator !== null; page += 1) {
          const read: { changes: StreamChange[]; next: string | null } = value(await getRecords(wire, iterator));
          changes.push(...read.changes);
          iterator = read.next;
        }
      }
      return changes;
    };

    beforeAll(async () => {
      store = await start();
      wire = createStoreWire(store.target);
      value(await createTable(wire, { table: 'orders', key: KEY }));
      value(await enableStream(wire, 'orders'));
      const described = await waitFor(
        async () => {
          const table = value(await describeTable(wire, 'orders'));
          return table.status === 'ACTIVE' && table.stream?.isEnabled ? table : null;
        },
        { what: 'the table' },
      );
      arn = described.stream?.arn as string;
    });
    afterAll(async () => {
      await wire.close();
      await store.stop();
    });

    it('tells each write by its key, in the order of the writes to one key', async () => {
      const pk = { S: 'a' };
      await run('PutItem', { TableName: 'orders', Item: { pk, v: { N: '1' } } });
      await run('UpdateItem', {
        TableName: 'orders',
        Key: { pk },
        UpdateExpression: 'SET v = :two',
        ExpressionAttributeValues: { ':two': { N: '2' } },
      });
      await run('DeleteItem', { TableName: 'orders', Key: { pk } });
      const changes = await waitFor(
        async () => {
          const read = await readAll({ type: 'TRIM_HORIZON' });
          return read.length >= 3 ? read : null;
        },
        { what: 'three records' },
      );
      expect(changes.map((change) => change.keys)).toEqual([{ pk }, { pk }, { pk }]);
      expect(changes.at(-1)?.event).toBe('REMOVE');
      expect(changes.every((change) => !change.isExpiry && (change.createdAtMs ?? 0) > 0)).toBe(true);
      const sequences = changes.map((change) => BigInt(change.sequence));
      expect([...sequences].sort((a, b) => (a < b ? -1 : 1))).toEqual(sequences);
    });

    it('goes on after a sequence number', async () => {
      const before = await readAll({ type: 'TRIM_HORIZON' });
      const sequence = before.at(-1)?.sequence as string;
      await run('PutItem', { TableName: 'orders', Item: { pk: { S: 'later' } } });
      const after = await waitFor(
        async () => {
          const read = await readAll({ type: 'AFTER_SEQUENCE_NUMBER', sequence });
          return read.length > 0 ? read : null;
        },
        { what: 'the record' },
      );
      expect(after.map((change) => change.keys)).toEqual([{ pk: { S: 'later' } } satisfies WireItem]);
    });

    it('refuses to turn on a stream that is on, and an iterator that is none', async () => {
      expect((await enableStream(wire, 'orders')).kind).toBe('refused');
      expect((await getRecords(wire, 'nonsense')).kind).not.toBe('ok');
    });
  });
}

contract('the stream of the embedded store', async () => {
  const source = await startTestSource();
  return { target: source.target, stop: source.stop };
});
if (emulatorMissing() === null) contract('the stream of DynamoDB Local', startDynamodbLocal);
else it.skip('the stream of DynamoDB Local');

describe('the endpoint of streams', () => {
  it('is a host of its own at Amazon and the same elsewhere', () => {
    const at = (endpoint: string) => streamsTarget({ endpoint } as StoreTarget).endpoint;
    expect(at('https://dynamodb.eu-central-1.amazonaws.com')).toBe(
      'https://streams.dynamodb.eu-central-1.amazonaws.com',
    );
    expect(at('http://127.0.0.1:8081')).toBe('http://127.0.0.1:8081');
  });
});
