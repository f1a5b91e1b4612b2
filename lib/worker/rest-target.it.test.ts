import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withTransaction } from '@/db/client';
import { markKeys } from '@/db/queries/dirty';
import { insertReadBack, readReadBacks } from '@/db/queries/sql-read-back';
import { createLog } from '@/lib/adapters/log';
import { createRestWire } from '@/lib/adapters/terrascale-rest/rest-wire';
import { NAME_CASES, VALUE_CASES } from '@/lib/domain/assessment/round-trip/cases';
import { equal } from '@/lib/domain/item/compare';
import { setAttribute, type WireItem } from '@/lib/domain/item/item';
import { itemOfJson } from '@/lib/domain/item/json-data';
import { itemOf } from '@/lib/sandbox/rest/rest-store';
import { createTestDatabase, type TestDatabase } from '@/lib/testing/database';
import { startTestSource, startTestTarget } from '@/lib/testing/emulator';
import { insertPlan, insertRun, TEST_SEALING_KEY } from '@/lib/testing/plan-fixture';
import { waitFor } from '@/lib/testing/wait-for';
import { servicesWith } from '@/lib/testing/worker-process';
import { type RunningWorker, startWorker } from './run';

const SCHEMA = { partition: { name: 'tenant', type: 'S' as const }, sort: { name: 'placed', type: 'N' as const } };
const log = createLog({ process: 'worker', level: 'silent' });

describe('a target behind the REST API', () => {
  let database: TestDatabase;
  let source: Awaited<ReturnType<typeof startTestSource>>;
  let target: Awaited<ReturnType<typeof startTestTarget>>;
  let worker: RunningWorker;

  beforeAll(async () => {
    [database, source, target] = await Promise.all([createTestDatabase(), startTestSource(), startTestTarget()]);
    const options = { databaseUrl: database.url, sealingKey: TEST_SEALING_KEY, log, services: servicesWith() };
    worker = await startWorker(options);
  });
  afterAll(async () => {
    await worker?.stop();
    await Promise.all([source?.stop(), target?.stop()]);
    await database?.drop();
  });

  const keyed = (at: number, more: WireItem = {}): WireItem => {
    const item: WireItem = { tenant: { S: `t/${at % 7}` }, placed: { N: String(at) } };
    for (const name of Object.keys(more)) setAttribute(item, name, more[name] as WireItem[string]);
    return item;
  };
  async function table(name: string, storeTimeoutMs = 2_500) {
    await source.createTable(name, SCHEMA);
    await target.running.createDatabase(name);
    const rest = { ...target.target, kind: 'terrascale_rest' as const };
    const settings = { storeTimeoutMs, deltaMs: 300, recheckDelayMs: 50 };
    const plan = await insertPlan(database.sql, {
      source: source.target,
      target: rest,
      table: name,
      schema: SCHEMA,
      settings,
    });
    const run = async (kind: 'backfill' | 'verification') => {
      const { runId } = await insertRun(database.sql, plan.planTableId, { kind, segments: 3 });
      const isDone = async () =>
        (await database.sql`select 1 from run where id = ${runId} and state in ('done', 'failed')`).length > 0;
      await waitFor(isDone, { what: `the ${kind}`, timeoutMs: 60_000 });
      const [sum] = await database.sql`select sum(items_read)::int as read, sum(items_set_aside)::int as aside,
        sum(items_written + items_expired + items_set_aside + items_marked)::int as accounted,
        sum(compared)::int as compared, sum(mismatches)::int as mismatches
        from segment where run_id = ${runId}`;
      return {
        runId,
        ...(sum as { read: number; accounted: number; aside: number; mismatches: number; compared: number }),
      };
    };
    const put = (item: WireItem) => source.running.engine.run('PutItem', { TableName: name, Item: item });
    const truth = async () => (await source.running.engine.run('Scan', { TableName: name })).Items as WireItem[];
    const copy = async () => {
      const rows = (await target.running.engine.run('Scan', { TableName: `rest.${name}` })).Items as WireItem[];
      return rows.map((row) => itemOfJson(itemOf(row), SCHEMA));
    };
    /** Settled, and equal item by item. */
    const isEqual = async (but: string[] = []) => {
      if ((await database.sql`select 1 from dirty_key where plan_table_id = ${plan.planTableId}`).length > 0)
        return false;
      const id = (item: WireItem | null) => `${item?.tenant?.S}|${item?.placed?.N}`;
      const there = new Map((await copy()).map((item) => [id(item), item]));
      const here = (await truth()).filter((item) => !but.includes(id(item)));
      return here.length === there.size && here.every((item) => equal(item, there.get(id(item)) ?? null));
    };
    return { name, planTableId: plan.planTableId, run, put, copy, isEqual };
  }

  it('is copied to, verified and repaired with every type whole, through storms and partial failures', async () => {
    const orders = await table('orders');
    const cases = Object.values(VALUE_CASES).flat();
    for (const [at, { value }] of cases.entries()) await orders.put(keyed(at, { v: value }));
    const names: WireItem = {};
    for (const name of NAME_CASES) setAttribute(names, name, { S: 'x' });
    await orders.put(keyed(900, names));
    for (let at = 1_000; at < 1_120; at += 1) await orders.put(keyed(at, { tags: { SS: ['b', 'a'] } }));
    // 300 KB of bytes are 400 KB as JSON: it does not fit, and is set aside by name.
    await orders.put(keyed(5_000, { body: { B: Buffer.alloc(320_000).toString('base64') } }));
    target.running.faults.add({
      kind: 'partial',
      shareMilli: 50_000,
      times: 4,
      operations: ['RestBatchWrite', 'RestBatchGet'],
    });
    target.running.faults.add({ kind: 'throttle', shareMilli: 20_000, retryAfterS: 1, times: 1 });
    const backfill = await orders.run('backfill');
    target.running.faults.clear();
    expect(backfill).toMatchObject({ read: cases.length + 122, accounted: cases.length + 122, aside: 1 });
    const [aside] = await database.sql`select key_id, error_type from set_aside where run_id = ${backfill.runId}`;
    expect(aside).toMatchObject({ key_id: '["S#t/2","N#5000"]', error_type: 'ValidationException' });
    await waitFor(() => orders.isEqual(['t/2|5000']), { what: 'both sides to be equal', timeoutMs: 20_000 });

    const clean = await orders.run('verification');
    expect(clean).toMatchObject({ mismatches: 1, compared: 2 * (cases.length + 121) + 1 });

    const wire = createRestWire({ ...target.target, kind: 'terrascale_rest' });
    wire.know?.('orders', SCHEMA);
    const write = (operation: string, input: object) => wire.send({ operation, body: JSON.stringify(input) });
    await write('PutItem', { TableName: 'orders', Item: keyed(1_001, { tags: { SS: ['other'] } }) });
    await write('PutItem', { TableName: 'orders', Item: keyed(7_777) });
    await write('DeleteItem', { TableName: 'orders', Key: keyed(1_002) });
    await wire.close();
    const found = await orders.run('verification');
    const rows = await database.sql`select key_id, class from mismatch where run_id = ${found.runId} order by key_id`;
    expect(rows.map((row) => `${row.key_id} ${row.class}`)).toEqual([
      '["S#t/0","N#1001"] different',
      '["S#t/0","N#7777"] extra',
      '["S#t/1","N#1002"] missing',
      '["S#t/2","N#5000"] missing',
    ]);

    await source.running.engine.run('DeleteItem', { TableName: 'orders', Key: keyed(5_000) });
    const keyIds = rows.map((row) => row.key_id as string);
    await markKeys(database.sql, { planTableId: orders.planTableId, schema: SCHEMA, keyIds, cause: 'operator' });
    await waitFor(() => orders.isEqual(), { what: 'the repair', timeoutMs: 20_000 });
  }, 240_000);

  it('is copied to and verified with mapped attributes as dates', async () => {
    const events = await table('events', 700);
    await database.sql`update plan_table set mappings = '[{"attribute": "created", "kind": "epoch_seconds"}]'
      where id = ${events.planTableId}`;
    for (let at = 0; at < 20; at += 1) await events.put(keyed(at, { created: { N: String(1_700_000_000 + at) } }));
    await events.put(keyed(20, { created: { N: '1.5' } }));
    expect(await events.run('backfill')).toMatchObject({ read: 21, accounted: 21, aside: 0 });
    const created = async () =>
      new Map((await events.copy()).map((item) => [item?.placed?.N, item?.created?.S ?? item?.created?.N]));
    expect((await created()).get('19')).toBe('2023-11-14T22:13:39Z');
    expect((await created()).get('20')).toBe('1.5');
    expect(await events.run('verification')).toMatchObject({ mismatches: 0, compared: 42 });

    // What somebody wrote past Landfall in the form of the source is a difference, and settling it mends it.
    const wire = createRestWire({ ...target.target, kind: 'terrascale_rest' });
    wire.know?.('events', SCHEMA);
    const other = keyed(3, { created: { N: '1700000003' } });
    await wire.send({ operation: 'PutItem', body: JSON.stringify({ TableName: 'events', Item: other }) });
    await wire.close();
    const found = await events.run('verification');
    const rows = await database.sql`select key_id, class from mismatch where run_id = ${found.runId}`;
    expect(rows).toEqual([{ key_id: '["S#t/3","N#3"]', class: 'type' }]);
    const keyIds = [String(rows[0]?.key_id)];
    await markKeys(database.sql, { planTableId: events.planTableId, schema: SCHEMA, keyIds, cause: 'operator' });
    const mended = async () => (await created()).get('3') === '2023-11-14T22:13:23Z';
    await waitFor(mended, { what: 'the repair', timeoutMs: 20_000 });
  }, 60_000);

  it('is looked at through SQL, by drawn keys: what differs there is named, what is late or moves is not', async () => {
    const shop = await table('shop', 400);
    const n = (value: number): WireItem => ({ n: { N: String(value) }, tags: { SS: ['b', 'a'] } });
    for (let at = 0; at < 30; at += 1) await shop.put(keyed(at, n(at)));
    await shop.run('backfill');
    const { sql, stats } = target.running;
    let looks = 0;
    const ask = async (itemsMax = 30): Promise<string> => {
      looks += 1;
      const row = { id: `sqr_${looks}`, planTableId: shop.planTableId, itemsMax, startedBy: 'Ada' };
      expect(await withTransaction(database.db, (tx) => insertReadBack(tx, row))).toBe(true);
      return row.id;
    };
    const ended = async (id: string) => {
      const find = async () => (await readReadBacks(database.sql, shop.planTableId)).find((one) => one.id === id);
      await waitFor(async () => (await find())?.finishedAt !== null, { what: 'the look', timeoutMs: 30_000 });
      return (await find())!;
    };
    const wire = createRestWire({ ...target.target, kind: 'terrascale_rest' });
    wire.know?.('shop', SCHEMA);
    const writeBoth = async (item: WireItem) => {
      await wire.send({ operation: 'PutItem', body: JSON.stringify({ TableName: 'shop', Item: item }) });
      await shop.put(item);
    };

    // Behind by less than the recheck waits, and asked for patience: equal all the same.
    await sql.turn({ lagMs: 500 });
    for (let at = 0; at < 30; at += 1) await writeBoth(keyed(at, n(at + 100)));
    target.running.faults.add({ kind: 'throttle', operations: ['RestSqlQuery'], times: 1, retryAfterS: 1 });
    const plain = await ended(await ask(25));
    expect(plain).toMatchObject({ state: 'done', drawn: 25, equal: 25, differences: [], unreadable: 0, reason: null });
    // The one that was turned away and, unless it had caught up by then, the suspects of the first look.
    expect(plain.statements).toBeGreaterThanOrEqual(27);

    // Behind for good: the keys that were written since are named, and that the item API has them right.
    await sql.turn({ lagMs: 600_000 });
    await writeBoth(keyed(3, n(1_003)));
    const id = keyed(3);
    const behind = await ended(await ask());
    expect(behind).toMatchObject({ drawn: 30, equal: 29 });
    const keyId = JSON.stringify([`S#${id.tenant?.S}`, `N#${id.placed?.N}`]);
    expect(behind.differences).toEqual([{ keyId, class: 'different', attributes: ['n'], isItemRight: true }]);

    // Every drawn key is shown otherwise; those written while the recheck waits are judged by nobody.
    await sql.turn({ lagMs: null, bends: 'numbers_as_text' });
    const before = stats.byOperation.RestSqlQuery ?? 0;
    const bentId = await ask();
    await waitFor(async () => (stats.byOperation.RestSqlQuery ?? 0) >= before + 30, { what: 'the first look' });
    for (let at = 0; at < 15; at += 1) await writeBoth(keyed(at, n(at + 2_000)));
    const bent = await ended(bentId);
    expect(bent.equal).toBe(0);
    expect(bent.moving + bent.differences.length).toBe(30);
    expect(bent.moving).toBeGreaterThanOrEqual(10);
    expect(bent.moving).toBeLessThan(30);
    expect(bent.differences).toContainEqual(
      expect.objectContaining({ class: 'type', attributes: ['n'], isItemRight: true }),
    );

    await sql.turn({ bends: null, answers: 'forbidden' });
    expect(await ended(await ask())).toMatchObject({ state: 'not_offered', reason: expect.stringContaining('(403)') });
    await sql.turn(null);
    await wire.close();
  }, 120_000);
});
