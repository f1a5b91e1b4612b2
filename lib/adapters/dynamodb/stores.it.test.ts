import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { equal } from '@/lib/domain/item/compare';
import type { FaultKind, FaultRule } from '@/lib/sandbox/faults';
import { startTestSource, startTestTarget } from '@/lib/testing/emulator';
import type { KeySchema, StoreWire, WireItem } from '../ports';
import { batchGet, batchWrite } from './batch';
import { getItem, putItem } from './items';
import { createTable, describeTable, describeTimeToLive } from './tables';
import { createStoreWire } from './wire';

const schema: KeySchema = { partition: { name: 'pk', type: 'S' }, sort: null };
const table = 'orders';
const TIMEOUT_MS = 300;
const PATIENT_MS = 5_000;

type Store = Awaited<ReturnType<typeof startTestSource>> | Awaited<ReturnType<typeof startTestTarget>>;
type Kind = Store['target']['kind'];
const stores = {} as Record<Kind, Store>;
const wires = {} as Record<Kind, StoreWire>;

beforeAll(async () => {
  stores.dynamodb = await startTestSource();
  stores.terrascale = await startTestTarget();
  for (const kind of ['dynamodb', 'terrascale'] as const) {
    await stores[kind].createTable(table, { partition: schema.partition });
    wires[kind] = createStoreWire({ ...stores[kind].target, timeoutMs: 5_000 });
  }
});

afterAll(async () => {
  for (const kind of ['dynamodb', 'terrascale'] as const) {
    await wires[kind]?.close();
    await stores[kind]?.stop();
  }
});

/** What each fault must be taken for, and whether the item is there afterwards. */
const TAKEN_FOR: Record<Exclude<FaultKind, 'partial' | 'late' | 'held'>, { outcome: string; isApplied: boolean }> = {
  delay: { outcome: 'ok', isApplied: true },
  drop_before: { outcome: 'unknown connection', isApplied: false },
  drop_after: { outcome: 'unknown connection', isApplied: true },
  reset: { outcome: 'unknown connection', isApplied: false },
  reset_after: { outcome: 'unknown connection', isApplied: true },
  throttle: { outcome: 'refused throttle', isApplied: false },
  throttle_dynamodb: { outcome: 'refused throttle', isApplied: false },
  server_error: { outcome: 'unknown server_error', isApplied: false },
  server_error_after: { outcome: 'unknown server_error', isApplied: true },
  garbage: { outcome: 'unknown undecodable', isApplied: true },
  truncated: { outcome: 'unknown connection', isApplied: true },
  freeze: { outcome: 'unknown timeout', isApplied: false },
};

describe.each(['dynamodb', 'terrascale'] as const)('a %s store', (kind) => {
  async function under<T>(rule: FaultRule, run: () => Promise<T>): Promise<T> {
    const { id } = stores[kind].running.faults.add({ delayMs: 20, retryAfterS: 2, ...rule });
    try {
      return await run();
    } finally {
      stores[kind].running.faults.remove(id);
    }
  }

  test.each(Object.entries(TAKEN_FOR))('under %s is never misread', async (fault, { outcome, isApplied }) => {
    const item: WireItem = { pk: { S: `fault-${fault}` } };
    const answer = await under({ kind: fault as FaultKind, operations: ['PutItem'] }, () =>
      // Only a frozen store is to be timed out; a busy machine must not look like one.
      putItem(wires[kind], { table, item }, { timeoutMs: fault === 'freeze' ? TIMEOUT_MS : PATIENT_MS }),
    );
    if (answer.kind === 'ok') expect('ok').toBe(outcome);
    else if (answer.kind === 'unknown') expect(`unknown ${answer.cause}`).toBe(outcome);
    else expect(`refused ${answer.isThrottle ? 'throttle' : answer.errorType}`).toBe(outcome);
    if (fault === 'throttle') expect(answer).toMatchObject({ retryAfterMs: 2_000 });
    const read = await getItem(wires[kind], { table, key: item });
    expect(read.kind === 'ok' && read.value !== null).toBe(isApplied);
  });

  test('a batch half processed says which half', async () => {
    const entries = Array.from({ length: 10 }, (_, n) => ({ put: { pk: { S: `half-${n}` } } }));
    const result = await under({ kind: 'partial', operations: ['BatchWriteItem'] }, () =>
      batchWrite(wires[kind], { table, schema, entries }),
    );
    const written = [...result.outcomes].filter(([, one]) => one.kind === 'written').map(([id]) => id);
    expect([...result.outcomes.values()].filter((one) => one.kind === 'unprocessed').length).toBe(5);
    const read = await batchGet(wires[kind], { table, schema, keys: entries.map((entry) => entry.put) });
    expect([...read.found.keys()].sort()).toEqual(written.sort());
    expect(read.absent.size).toBe(5);
  });

  test('keys left over by a batch read are read in later rounds', async () => {
    const keys = Array.from({ length: 8 }, (_, n) => ({ pk: { S: `left-${n}` } }));
    await batchWrite(wires[kind], { table, schema, entries: keys.map((put) => ({ put })) });
    const result = await under({ kind: 'partial', operations: ['BatchGetItem'], times: 2 }, () =>
      batchGet(wires[kind], { table, schema, keys }),
    );
    expect([result.found.size, result.absent.size, result.unread.size]).toEqual([8, 0, 0]);
    expect(result.requests).toBeGreaterThan(1);
  });

  test('an attribute named __proto__ survives', async () => {
    const text = '{"pk":{"S":"proto"},"__proto__":{"S":"top"},"m":{"M":{"__proto__":{"N":"1"}}}}';
    const item = JSON.parse(text) as WireItem;
    expect((await batchWrite(wires[kind], { table, schema, entries: [{ put: item }] })).trouble).toBeNull();
    const read = await getItem(wires[kind], { table, key: { pk: { S: 'proto' } } });
    expect(read.kind === 'ok' && equal(read.value, item)).toBe(true);
    expect(read.kind === 'ok' && Object.hasOwn(read.value ?? {}, '__proto__')).toBe(true);
  });

  test('a credential it does not know is a named refusal', async () => {
    const credentials = { accessKeyId: 'nobody', secretAccessKey: 'x' };
    const stranger = createStoreWire({ ...stores[kind].target, credentials });
    const answer = await getItem(stranger, { table, key: { pk: { S: 'a' } } });
    expect(answer).toMatchObject({ kind: 'refused', errorType: 'UnrecognizedClientException', isThrottle: false });
    await stranger.close();
  });
});

test('what TerraScale does not promise is a named refusal, not a fault', async () => {
  for (const answer of [
    await createTable(wires.terrascale, { table: 'new', key: schema }),
    await describeTimeToLive(wires.terrascale, table),
  ]) {
    expect(answer).toMatchObject({ kind: 'refused', isThrottle: false });
  }
  const described = await describeTable(wires.dynamodb, table);
  expect(described).toMatchObject({ kind: 'ok', value: { key: schema } });
});
