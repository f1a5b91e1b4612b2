import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { getItem, putItem } from '@/lib/adapters/dynamodb/items';
import { createStoreWire } from '@/lib/adapters/dynamodb/wire';
import { startTestTarget, type TestStore } from '@/lib/testing/emulator';
import { waitFor } from '@/lib/testing/wait-for';
import type { RunningTarget } from '../target';

let target: TestStore<RunningTarget>;
beforeAll(async () => {
  target = await startTestTarget();
  await target.running.createDatabase('shop');
});
afterEach(() => target.running.faults.clear());
afterAll(() => target?.stop());

interface Reply {
  status: number;
  headers: Headers;
  body: { [name: string]: unknown };
}

async function ask(
  method: string,
  path: string,
  body?: object,
  token = target.credentials.accessKeyId,
): Promise<Reply> {
  const response = await fetch(`${target.endpoint}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
}
const items = '/api/v1/databases/shop/items';
const admin = (path: string, body: object) =>
  fetch(`${target.adminUrl}${path}`, {
    method: path === '/switches' ? 'PUT' : 'POST',
    headers: { authorization: `Bearer ${target.adminToken}` },
    body: JSON.stringify(body),
  });

describe('the REST API of the sandbox', () => {
  test('puts, reads and deletes items with and without a sort key, whatever characters stand in them', async () => {
    for (const key of [{ pk: 'a' }, { pk: 'a', sk: 'b' }, { pk: 'клиент/7', sk: '%2F?#' }]) {
      expect((await ask('PUT', items, { ...key, data: { n: 1, list: [null, 'é'] } })).status).toBe(200);
      const path = `${items}/${Object.values(key).map(encodeURIComponent).join('/')}`;
      const read = await ask('GET', path);
      expect(read.body).toMatchObject({ ...key, data: { n: 1, list: [null, 'é'] } });
      expect((await ask('DELETE', path)).status).toBe(204);
      expect((await ask('GET', path)).status).toBe(404);
    }
  });

  test('holds numbers as doubles, as JSON does', async () => {
    await fetch(`${target.endpoint}${items}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${target.credentials.accessKeyId}` },
      body: '{"pk":"big","data":{"n":9007199254740993}}',
    });
    expect((await ask('GET', `${items}/big`)).body.data).toEqual({ n: 9007199254740992 });
  });

  test('refuses a condition that does not hold with 409, and one that it does not know with 400', async () => {
    const put = (conditionExpression: string) => ask('PUT', items, { pk: 'once', data: {}, conditionExpression });
    expect((await put('attribute_not_exists(pk)')).status).toBe(200);
    expect((await put('attribute_not_exists(pk)')).status).toBe(409);
    const unknown = await put('size(data) > 1');
    expect(unknown.status).toBe(400);
    expect(unknown.headers.get('content-type')).toContain('problem+json');
  });

  test('keeps the limits as published: 25 written, 100 read, 25 in a transaction, 4 MB', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, at) => ({ pk: `m${at}` }));
    const write = (count: number) => many(count).map((key) => ({ ...key, operation: 'Put', data: {} }));
    expect((await ask('POST', `${items}/batch/write`, { items: write(25) })).body).toMatchObject({ successCount: 25 });
    expect((await ask('POST', `${items}/batch/write`, { items: write(26) })).status).toBe(400);
    expect((await ask('POST', `${items}/batch/get`, { keys: many(100) })).status).toBe(200);
    expect((await ask('POST', `${items}/batch/get`, { keys: many(101) })).status).toBe(400);
    const puts = many(26).map((key) => ({ ...key, action: 'Put', data: {} }));
    expect((await ask('POST', `${items}/transact/write`, { items: puts })).status).toBe(400);
    const large = { pk: 'large', data: { text: 'x'.repeat(4 * 1024 * 1024) } };
    expect((await ask('PUT', items, large)).status).toBe(413);
    expect((await ask('PUT', items, { pk: 'large', data: { text: 'x'.repeat(420_000) } })).status).toBe(400);
  });

  test('pages a scan by cursor until it has none, and a query in the order of the sort key', async () => {
    await target.running.createDatabase('paged');
    const paged = '/api/v1/databases/paged/items';
    for (const sk of ['b', 'a', 'c']) await ask('PUT', paged, { pk: 'p', sk, data: { sk } });
    await ask('PUT', paged, { pk: 'q', data: {} });
    const seen: unknown[] = [];
    let cursor: unknown = null;
    do {
      const page: Reply = await ask('POST', `${paged}/scan`, { limit: 1, cursor });
      seen.push(...(page.body.items as unknown[]));
      cursor = page.body.nextCursor;
    } while (cursor !== null);
    expect(seen).toHaveLength(4);
    const query = await ask('POST', `${paged}/query`, {
      partitionKey: 'p',
      sortKeyCondition: "sk >= 'b'",
      scanForward: false,
    });
    expect((query.body.items as { sk: string }[]).map((item) => item.sk)).toEqual(['c', 'b']);
  });

  test('writes a transaction whole or not at all, and answers a token again as it did', async () => {
    const write = (token: string, list: object[]) =>
      ask('POST', `${items}/transact/write`, { clientRequestToken: token, items: list });
    const put = (pk: string) => ({ action: 'Put', pk, data: { pk } });
    expect((await write('t1', [put('t-a'), put('t-b')])).body).toMatchObject({ successCount: 2, errors: null });
    const check = { action: 'ConditionCheck', pk: 'nobody', conditionExpression: 'attribute_exists(pk)' };
    const failed = await write('t2', [put('t-c'), check]);
    expect(failed.body).toMatchObject({ successCount: 0, errors: [{ itemIndex: 1, pk: 'nobody' }] });
    expect((await ask('GET', `${items}/t-c`)).status).toBe(404);
    await ask('DELETE', `${items}/t-a`);
    expect((await write('t1', [put('t-a'), put('t-b')])).body).toMatchObject({ successCount: 2 });
    expect((await ask('GET', `${items}/t-a`)).status).toBe(404);
  });

  test('tells a wrong key, a key without the scope, and a database that is not there apart', async () => {
    expect((await ask('GET', `${items}/a`, undefined, 'ts_test_nobody')).status).toBe(401);
    const reader = target.running.keys.issue('reader', ['read']).accessKeyId;
    expect((await ask('GET', `${items}/a`, undefined, reader)).status).toBe(404);
    expect((await ask('PUT', items, { pk: 'a', data: {} }, reader)).status).toBe(403);
    expect((await ask('POST', '/api/v1/databases/nope/items/scan', {})).status).toBe(404);
    expect((await ask('GET', '/health/ready')).body).toMatchObject({ status: 'Healthy' });
  });

  test('reads rows back by SQL and refuses by name what it does not run', async () => {
    await ask('PUT', items, { pk: "o'k", sk: '1', data: { total: 3 } });
    const sql = (text: string, parameters = {}) => ask('POST', '/databases/shop/sql/query', { sql: text, parameters });
    const row = await sql("SELECT * FROM items WHERE pk = 'o''k' AND sk = @sk", { sk: '1' });
    expect(row.body).toMatchObject({ rowCount: 1, rows: [{ pk: "o'k", sk: '1', data: { total: 3 } }] });
    expect((await sql('UPDATE items SET x = 1')).status).toBe(400);
    expect((await ask('GET', '/databases/shop/sql/tables')).body).toEqual({ tables: [{ name: 'items' }] });
  });
});

describe('the switches of the sandbox', () => {
  test('a storm hits its share of requests, evenly, with the Retry-After that was asked for', async () => {
    await admin('/faults', { kind: 'throttle', shareMilli: 20_000, retryAfterS: 3, operations: ['RestGet'] });
    const replies: Reply[] = [];
    for (let at = 0; at < 10; at += 1) replies.push(await ask('GET', `${items}/a`));
    const hit = replies.filter((reply) => reply.status === 429);
    expect(hit).toHaveLength(2);
    expect(hit[0]?.headers.get('retry-after')).toBe('3');
    expect(hit[0]?.body).toMatchObject({ status: 429, retryAfter: 3 });
    expect((await admin('/faults', { kind: 'throttle', shareMilli: 0 })).status).toBe(400);
  });

  test('a partial failure stands inside an answer of 200', async () => {
    target.running.faults.add({ kind: 'partial', operations: ['RestBatchWrite', 'RestBatchGet'] });
    const list = ['x', 'y', 'z'].map((pk) => ({ pk, operation: 'Put', data: {} }));
    const written = await ask('POST', `${items}/batch/write`, { items: list });
    expect(written.status).toBe(200);
    expect(written.body).toMatchObject({ successCount: 2, failedCount: 1, errors: [{ pk: 'y' }] });
    const read = await ask('POST', `${items}/batch/get`, { keys: ['x', 'y'].map((pk) => ({ pk })) });
    expect(read.body).toMatchObject({ items: [{ pk: 'x' }], unprocessedKeys: [{ pk: 'y' }] });
  });

  test('a region that lags shows the old item until the write arrives there, over both APIs', async () => {
    await target.createTable('lagging', { partition: { name: 'id', type: 'S' } });
    const put = (n: string) =>
      target.running.engine.run('PutItem', { TableName: 'lagging', Item: { id: { S: 'a' }, n: { N: n } } });
    await put('1');
    await ask('PUT', items, { pk: 'lag', data: { n: 1 } });
    expect((await admin('/switches', { lag: { lagMs: 300 } })).status).toBe(200);
    const wire = createStoreWire(target.target);
    const read = async (isConsistent: boolean) => {
      const answer = await getItem(wire, { table: 'lagging', key: { id: { S: 'a' } } }, { isConsistent });
      return answer.kind === 'ok' ? answer.value?.n?.N : answer.kind;
    };
    await putItem(wire, { table: 'lagging', item: { id: { S: 'a' }, n: { N: '2' } } });
    await ask('PUT', items, { pk: 'lag', data: { n: 2 } });
    expect(await read(false)).toBe('1');
    expect(await read(true)).toBe('2');
    expect((await ask('GET', `${items}/lag`)).body.data).toEqual({ n: 1 });
    await waitFor(async () => (await read(false)) === '2', { what: 'the write in the other region' });
    await waitFor(async () => ((await ask('GET', `${items}/lag`)).body.data as { n: number }).n === 2, {
      what: 'the item in the other region',
    });
    await wire.close();
    await admin('/switches', { lag: null });
  });
});
