import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import dynalite from 'dynalite';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { equal } from '@/lib/domain/item/compare';
import { keyId } from '@/lib/domain/item/key';
import { anyItem } from '@/lib/testing/item-arbitrary';
import { waitFor } from '@/lib/testing/wait-for';
import type { KeySchema, StoreWire, WireItem } from '../ports';
import { batchGet, batchWrite } from './batch';
import { deleteItem, getItem, putItem, queryPage, scanPage } from './items';
import { createTable, describeTable, describeTimeToLive, listTables } from './tables';
import { createStoreWire } from './wire';

const schema: KeySchema = { partition: { name: 'pk', type: 'S' }, sort: { name: 'sk', type: 'N' } };
const table = 'orders';
/** The emulator refuses what DynamoDB takes: numbers with a plus sign, attributes named `__proto__`. */
const isBeyondEmulator = (item: WireItem): boolean => /"N":"\+|"__proto__"/.test(JSON.stringify(item));
const keyOf = (pk: string, sk: number): WireItem => ({ pk: { S: pk }, sk: { N: String(sk) } });
const idOf = (item: WireItem): string => {
  const id = keyId(item, schema);
  return id.ok ? id.value : '';
};
const wireTo = (port: number): StoreWire =>
  createStoreWire({
    connectionId: 'con_1',
    kind: 'dynamodb',
    endpoint: `http://127.0.0.1:${port}`,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret' },
    timeoutMs: 10_000,
  });
async function listening(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

let store: Server;
let wire: StoreWire;

beforeAll(async () => {
  store = dynalite({ createTableMs: 0 });
  wire = wireTo(await listening(store));
  expect(await createTable(wire, { table, key: schema })).toMatchObject({ kind: 'ok', value: { key: schema } });
  await waitFor(async () => {
    const described = await describeTable(wire, table);
    return described.kind === 'ok' && described.value.status === 'ACTIVE';
  });
});

afterAll(async () => {
  await wire.close();
  store.closeAllConnections();
  await new Promise((done) => store.close(done));
});

describe('items over the wire', () => {
  const everything: WireItem = {
    ...keyOf('all', 1),
    s: { S: 'клиент 😀' },
    n: { N: '12345678901234567890123456789012345678' },
    small: { N: '-0.00000000000000000000000000000000000012345678901234567890123456789012345678' },
    b: { B: 'AQID' },
    t: { BOOL: true },
    z: { NULL: true },
    l: { L: [{ S: '' }, { M: { deep: { N: '1.50' } } }] },
    m: { M: {} },
    ss: { SS: ['b', 'a'] },
    ns: { NS: ['1', '2.5'] },
    bs: { BS: ['AQ==', 'Ag=='] },
  };

  test('all ten types, 38 digits included, come back equal', async () => {
    expect((await putItem(wire, { table, item: everything })).kind).toBe('ok');
    const read = await getItem(wire, { table, key: keyOf('all', 1) });
    expect(read.kind === 'ok' && equal(read.value, everything)).toBe(true);
  });

  test('any item comes back equal, whatever its spelling', async () => {
    let n = 0;
    await fc.assert(
      fc.asyncProperty(anyItem, async (attributes) => {
        fc.pre(!isBeyondEmulator(attributes));
        n += 1;
        const item = Object.fromEntries([
          ...Object.entries(attributes),
          ...Object.entries(keyOf('any', n)),
        ]) as WireItem;
        expect(await putItem(wire, { table, item })).toEqual({ kind: 'ok', value: null });
        const read = await getItem(wire, { table, key: keyOf('any', n) });
        expect(read.kind === 'ok' && equal(read.value, item)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('absence is an answer, and deleting it succeeds', async () => {
    expect(await getItem(wire, { table, key: keyOf('none', 1) })).toEqual({ kind: 'ok', value: null });
    expect(await deleteItem(wire, { table, key: keyOf('none', 1) })).toEqual({ kind: 'ok', value: null });
  });

  test('a failed condition, a missing table and a broken item are named refusals', async () => {
    const condition = { expression: 'attribute_not_exists(#k)', names: { '#k': 'pk' } };
    const item = keyOf('cond', 1);
    expect((await putItem(wire, { table, item }, { condition })).kind).toBe('ok');
    expect(await putItem(wire, { table, item }, { condition })).toMatchObject({
      kind: 'refused',
      errorType: 'ConditionalCheckFailedException',
      isThrottle: false,
    });
    const values = { ':v': { N: '5' } };
    const onValue = { expression: '#t = :v', names: { '#t': 'ttl' }, values };
    expect(await deleteItem(wire, { table, key: item }, { condition: onValue })).toMatchObject({ kind: 'refused' });
    expect(await getItem(wire, { table: 'nowhere', key: item })).toMatchObject({
      errorType: 'ResourceNotFoundException',
    });
    expect(await putItem(wire, { table, item: { pk: { S: 'x' } } })).toMatchObject({
      errorType: 'ValidationException',
    });
  });

  test('pages of a segmented scan and of a query hold every item once', async () => {
    const keys = Array.from({ length: 60 }, (_, at) => keyOf(`page-${at % 3}`, at));
    for (let at = 0; at < keys.length; at += 25) {
      const entries = keys.slice(at, at + 25).map((put) => ({ put }));
      const { outcomes } = await batchWrite(wire, { table, schema, entries });
      expect([...outcomes.values()].every((one) => one.kind === 'written')).toBe(true);
    }
    const seen: string[] = [];
    for (const segment of [0, 1, 2]) {
      let cursor: WireItem | null = null;
      do {
        const page = await scanPage(wire, { table, segment, totalSegments: 3, limit: 7, cursor });
        if (page.kind !== 'ok') throw new Error(page.message);
        seen.push(...page.value.items.filter((one) => String(one.pk?.S).startsWith('page-')).map(idOf));
        expect(page.value.consumedUnits).toBeGreaterThanOrEqual(0);
        cursor = page.value.cursor;
      } while (cursor !== null);
    }
    expect(seen.sort()).toEqual(keys.map(idOf).sort());
    const keyCondition = { expression: '#p = :p', names: { '#p': 'pk' }, values: { ':p': { S: 'page-1' } } };
    const query = await queryPage(wire, { table, keyCondition, isDescending: true, limit: 5 });
    expect(query.kind === 'ok' && query.value.items.map((one) => one.sk?.N)).toEqual(['58', '55', '52', '49', '46']);
    expect(query.kind === 'ok' && query.value.cursor).not.toBeNull();
  });

  test('a batch read tells found from absent', async () => {
    const keys = [keyOf('all', 1), keyOf('all', 2), { pk: { S: 'page-1' }, sk: { N: '1.0' } }];
    const result = await batchGet(wire, { table, schema, keys });
    expect([...result.found.keys()].sort()).toEqual([idOf(keyOf('all', 1)), idOf(keyOf('page-1', 1))]);
    expect([...result.absent]).toEqual([idOf(keyOf('all', 2))]);
    expect(result.unread.size).toBe(0);
  });

  test('tables are listed and described', async () => {
    expect(await listTables(wire)).toEqual({ kind: 'ok', value: { tables: [table], isComplete: true } });
    expect(await describeTable(wire, table)).toMatchObject({
      kind: 'ok',
      value: { name: table, status: 'ACTIVE', key: schema, billing: 'on_demand', stream: null, indexes: [] },
    });
    expect(await describeTimeToLive(wire, table)).toEqual({ kind: 'ok', value: null });
    expect(await describeTable(wire, 'nowhere')).toMatchObject({ errorType: 'ResourceNotFoundException' });
  });
});

describe('answers that are not what was asked for', () => {
  type RawScript = (body: string, count: number) => { status: number; text: string } | string;
  type Script = (input: { RequestItems: Record<string, never> }, count: number) => { status?: number; body: unknown };

  async function serving(script: RawScript, run: (wire: StoreWire, requests: () => number) => Promise<void>) {
    let count = 0;
    const server = createServer((message, response) => {
      const chunks: Buffer[] = [];
      message.on('data', (chunk: Buffer) => chunks.push(chunk));
      message.on('end', () => {
        count += 1;
        const answer = script(Buffer.concat(chunks).toString(), count);
        const { status, text } = typeof answer === 'string' ? { status: 200, text: answer } : answer;
        response.writeHead(status).end(text);
      });
    });
    const scriptedWire = wireTo(await listening(server));
    try {
      await run(scriptedWire, () => count);
    } finally {
      await scriptedWire.close();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
  }

  const scripted = (script: Script, run: (wire: StoreWire, requests: () => number) => Promise<void>) =>
    serving((text, count) => {
      const { status = 200, body } = script(JSON.parse(text), count);
      return { status, text: JSON.stringify(body) };
    }, run);

  const keys = [1, 2, 3, 4].map((sk) => keyOf('k', sk));
  const left = (list: WireItem[]) => ({ [table]: { Keys: list } });

  test('keys left over are asked for again, and nothing left over is taken for absent', async () => {
    const script: Script = (input, count) => {
      const asked = (input.RequestItems as unknown as Record<string, { Keys: WireItem[] }>)[table]?.Keys ?? [];
      if (count === 1) return { body: { Responses: { [table]: [keys[0]] }, UnprocessedKeys: left(asked.slice(2)) } };
      const found = count === 2 ? [keys[2]] : [];
      return { body: { Responses: { [table]: found }, UnprocessedKeys: left(asked.slice(found.length)) } };
    };
    await scripted(script, async (scriptedWire, requests) => {
      const result = await batchGet(scriptedWire, { table, schema, keys });
      expect([...result.found.keys()]).toEqual([idOf(keys[0]!), idOf(keys[2]!)]);
      expect([...result.absent]).toEqual([idOf(keys[1]!)]);
      expect([...result.unread]).toEqual([[idOf(keys[3]!), 'unprocessed']]);
      expect(requests()).toBe(3);
    });
  });

  test('a refusal in a later round leaves the rest unread with its reason', async () => {
    const script: Script = (_input, count) =>
      count === 1
        ? { body: { Responses: { [table]: [] }, UnprocessedKeys: left(keys.slice(1)) } }
        : { status: 400, body: { __type: 'x#ProvisionedThroughputExceededException' } };
    await scripted(script, async (scriptedWire) => {
      const result = await batchGet(scriptedWire, { table, schema, keys });
      expect([...result.absent]).toEqual([idOf(keys[0]!)]);
      expect(result.unread.size).toBe(3);
      expect(result.unread.get(idOf(keys[1]!))).toMatchObject({ kind: 'refused', isThrottle: true });
    });
  });

  test('an attribute named __proto__ survives reading, pages, batches and writing again, at every level', async () => {
    const text =
      '{"pk":{"S":"k"},"sk":{"N":"1"},"__proto__":{"S":"top"},"constructor":{"N":"1"},' +
      '"m":{"M":{"__proto__":{"L":[{"M":{"__proto__":{"S":"deep"}}}]}}}}';
    const written: string[] = [];
    const raw: RawScript = (body) => {
      if (!body.includes('"Item"')) return `{"Item":${text},"Items":[${text}],"Responses":{"${table}":[${text}]}}`;
      written.push(body);
      return '{"UnprocessedItems":{}}';
    };
    await serving(raw, async (protoWire) => {
      const single = await getItem(protoWire, { table, key: keyOf('k', 1) });
      const batch = await batchGet(protoWire, { table, schema, keys: [keyOf('k', 1)] });
      const page = await scanPage(protoWire, { table });
      const reads = [
        single.kind === 'ok' ? single.value : null,
        batch.found.get(idOf(keyOf('k', 1))),
        page.kind === 'ok' ? page.value.items[0] : null,
      ] as WireItem[];
      for (const item of reads) {
        expect(JSON.stringify(item)).toBe(text);
        await putItem(protoWire, { table, item });
        await batchWrite(protoWire, { table, schema, entries: [{ put: item }] });
      }
    });
    expect(written.length).toBe(6);
    for (const body of written) expect(body).toContain(text);
  });

  test.each([
    ['nothing', {}],
    ['no list', { Responses: { [table]: 'x' } }],
    ['an item nobody asked for', { Responses: { [table]: [keyOf('other', 1)] } }],
    ['an item without its key', { Responses: { [table]: [{ pk: { S: 'k' } }] } }],
  ])('a batch read answered with %s finds nothing absent', async (_what, body) => {
    await scripted(
      () => ({ body }),
      async (scriptedWire) => {
        const result = await batchGet(scriptedWire, { table, schema, keys });
        expect(result.absent.size + result.found.size).toBe(0);
        expect(result.unread.size).toBe(4);
      },
    );
  });

  test('entries left over with 200 never count as written', async () => {
    const script: Script = () => ({
      body: { UnprocessedItems: { [table]: [{ PutRequest: { Item: keys[1] } }, { DeleteRequest: { Key: keys[3] } }] } },
    });
    await scripted(script, async (scriptedWire, requests) => {
      const entries = [{ put: keys[0]! }, { put: keys[1]! }, { delete: keys[2]! }, { delete: keys[3]! }];
      const { outcomes, trouble } = await batchWrite(scriptedWire, { table, schema, entries });
      expect([...outcomes.values()].map((one) => one.kind)).toEqual([
        'written',
        'unprocessed',
        'written',
        'unprocessed',
      ]);
      expect(trouble).toBeNull();
      expect(requests()).toBe(1);
    });
  });

  test.each<[string, number, unknown, string]>([
    ['nothing', 200, {}, 'unknown'],
    ['another table', 200, { UnprocessedItems: { other: [] } }, 'unknown'],
    ['an unreadable entry', 200, { UnprocessedItems: { [table]: [{}] } }, 'unknown'],
    ['a server error', 500, { __type: 'x#InternalServerError' }, 'unknown'],
    ['a refusal', 400, { __type: 'x#ValidationException' }, 'refused'],
    ['429', 429, {}, 'refused'],
  ])('a batch write answered with %s is not written', async (_what, status, body, kind) => {
    await scripted(
      () => ({ status, body }),
      async (scriptedWire, requests) => {
        const { outcomes, trouble } = await batchWrite(scriptedWire, { table, schema, entries: [{ put: keys[0]! }] });
        expect([...outcomes.values()].map((one) => one.kind)).toEqual([kind]);
        expect(trouble?.kind).toBe(kind);
        expect(requests()).toBe(1);
      },
    );
  });

  test.each([
    ['no items', {}],
    ['fewer items than counted', { Items: [], Count: 3 }],
    ['a cursor that is none', { Items: [], LastEvaluatedKey: 'x' }],
  ])('a page with %s is unreadable, not empty', async (_what, body) => {
    await scripted(
      () => ({ body }),
      async (scriptedWire) => {
        expect(await scanPage(scriptedWire, { table })).toMatchObject({ kind: 'unknown', cause: 'undecodable' });
      },
    );
  });
});
