import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sqlTable, whyNoSql } from '@/lib/adapters/terrascale-rest/sql';
import { roundTripCheck } from '@/lib/domain/assessment/round-trip/report';
import type { AppError } from '@/lib/domain/errors';
import type { Actor } from '@/lib/domain/plan/facts';
import { openServiceRig, type ServiceRig } from '@/lib/testing/service-rig';
import { createConnection } from '../connection/create-connection';
import { roundTrip as tripOf } from '../connection/round-trip';
import { dryRun } from '../table/dry-run';
import { setShadowShare } from '../table/shadow-share';
import { tableView } from '../view/table-view';
import { createPlan } from './create-plan';
import { proveTypes } from './prove-types';
import { provisionTarget } from './provision-target';

const ADMIN: Actor = { id: 'usr_ada', name: 'Ada', role: 'admin' };
const KEY = { partition: { name: 'tenant', type: 'S' }, sort: { name: 'placed', type: 'N' } } as const;

let rig: ServiceRig;
beforeAll(async () => {
  rig = await openServiceRig();
  await rig.source.createTable('orders', KEY);
  const Item = { tenant: { S: 'a' }, placed: { N: '1' }, tags: { SS: ['x'] }, id: { N: '9007199254740993' } };
  await rig.source.running.engine.run('PutItem', { TableName: 'orders', Item });
});
afterAll(() => rig?.close());

test('a REST target is tried, proven and round-tripped by its own API, and never becomes what gateways read', async () => {
  const common = { region: 'eu-central-1', mayCreateTables: false };
  const source = {
    ...common,
    ...rig.source.credentials,
    name: 'live',
    kind: 'dynamodb',
    endpoint: rig.source.endpoint,
  } as const;
  const target = {
    ...common,
    ...rig.target.credentials,
    name: 'rest',
    kind: 'terrascale_rest',
    endpoint: rig.target.endpoint,
  } as const;
  const { connectionId: sourceConnectionId } = await createConnection(rig.ctx, ADMIN, source);
  const wrong = await createConnection(rig.ctx, ADMIN, { ...target, accessKeyId: 'ts_test_nobody' }).catch(
    (error: AppError) => error.code,
  );
  expect(wrong).toBe('connection.key_refused');
  const { connectionId: targetConnectionId } = await createConnection(rig.ctx, ADMIN, target);
  const { planId } = await createPlan(rig.ctx, ADMIN, {
    ...{
      name: 'Orders over REST',
      strategy: 'dual_write',
      sourceConnectionId,
      targetConnectionId,
      profile: 'rehearsal',
    },
    tables: [{ name: 'orders', targetName: 'shop' }],
  });
  const [row] = await rig.sql`select id from plan_table where plan_id = ${planId}`;
  const tableId = (row as { id: string }).id;
  const missing = await provisionTarget(rig.ctx, ADMIN, { tableId }).catch((error: AppError) => error.code);
  expect(missing).toBe('target.table_missing');

  await rig.target.running.createDatabase('shop');
  const { checks, proof } = await provisionTarget(rig.ctx, ADMIN, { tableId });
  // Numbers sort as text there, and the proof finds it out.
  expect(proof).toMatchObject({ state: 'proven', consistentRead: true, sortOrder: false });
  const types = checks.find((check) => check.check === 'item_types');
  expect(types).toMatchObject({ state: 'warned', observed: 'id, tags' });

  const { roundTrip } = await proveTypes(rig.ctx, ADMIN, { tableId });
  // What fills an item of DynamoDB to the last byte is more than that as JSON.
  expect(roundTrip.differences.map((one) => one.group)).toEqual(['size']);
  expect(roundTrip.left).toBe(0);
  // What was written is there by SELECT too, value by value.
  const { sql } = roundTrip;
  expect(sql).toMatchObject({ state: 'read', differences: [] });
  expect(sql?.state === 'read' && sql.values).toBeGreaterThan(55);
  const left = await rig.target.running.engine.run('Scan', { TableName: 'rest.shop' });
  expect(left.Count).toBe(0);

  await rig.sql`update plan_table set stage = 'verify' where id = ${tableId}`;
  const seen = await dryRun(rig.ctx, ADMIN, { tableId, verb: 'begin_shift' });
  expect(JSON.stringify(seen)).toContain('target_answers_protocol');
  const shift = (await tableView(rig.ctx, ADMIN, tableId)).moves.find((move) => move.verb === 'begin_shift');
  expect(shift?.gates.find((gate) => gate.gate === 'target_answers_protocol')).toMatchObject({ met: false });
  const shadow = { tableId, shadowMilli: 1_000, seenMilli: 0, reason: 'look' };
  expect(await setShadowShare(rig.ctx, ADMIN, shadow).catch((error: AppError) => error.code)).toBe('input.invalid');
});

describe('SQL, read back after a type round trip', () => {
  const random = () => rig.ctx.random();
  /** A round trip of a database under a switch of the sandbox; waits take no time. */
  async function trip(settings: object, rest: (ms: number) => Promise<void> = async () => {}) {
    const database = `sql${random()}`;
    await rig.target.running.createDatabase(database);
    await rig.target.running.sql.turn(settings);
    const wire = rig.ctx.makeWire({ ...rig.target.target, kind: 'terrascale_rest' });
    try {
      return await tripOf(wire, { table: database, key: KEY, random: random(), rest });
    } finally {
      await wire.close();
      await rig.target.running.sql.turn(null);
    }
  }
  const named = (found: Awaited<ReturnType<typeof trip>>) =>
    found.sql?.state === 'read' ? found.sql.differences.map((one) => `${one.group} ${one.class}`) : [found.sql?.state];

  test('names what differs there alone, and the check of the assessment is not failed by it', async () => {
    const found = await trip({ bends: 'numbers_as_text' });
    expect(named(found)).toContain('N changed');
    expect(named(found)).not.toContain('S changed');
    const plain = await trip({});
    const state = (trip: typeof found) => roundTripCheck({ ...trip, atMs: 1, by: 'Ada' }).state;
    expect(state(found)).toBe(state(plain));
    expect(named(await trip({ bends: 'tags_dropped' }))).toContain('SS changed');
  });

  test('is looked at again where SQL is behind, and says so where it stays behind', async () => {
    const rest = (ms: number) => new Promise<void>((done) => setTimeout(done, Math.min(ms, 300)));
    expect(named(await trip({ lagMs: 60 }, rest))).toEqual([]);
    const behind = named(await trip({ lagMs: 600_000 }));
    expect(behind.length).toBeGreaterThan(55);
    expect(new Set(behind.map((name) => name?.split(' ').at(-1)))).toEqual(new Set(['lost']));
  });

  test('says why a connection has none', async () => {
    const why = async (settings: object) => (await trip(settings)).sql;
    expect(await why({ answers: 'not_offered' })).toEqual({
      state: 'not_offered',
      why: 'it is not offered here (501)',
    });
    expect(await why({ answers: 'forbidden' })).toMatchObject({ why: expect.stringContaining('(403)') });
    const wire = rig.ctx.makeWire({ ...rig.target.target, kind: 'terrascale_rest' });
    wire.know?.('nowhere', KEY);
    const missing = await sqlTable(wire, 'nowhere');
    expect(missing.kind !== 'ok' && whyNoSql(missing)).toContain('(404)');
    const stranger = rig.ctx.makeWire({
      ...rig.target.target,
      kind: 'terrascale_rest',
      credentials: { accessKeyId: 'ts_test_nobody', secretAccessKey: 'x' },
    });
    stranger.know?.('shop', KEY);
    const refused = await sqlTable(stranger, 'shop');
    expect(refused.kind !== 'ok' && whyNoSql(refused)).toContain('(401)');
    await Promise.all([wire.close(), stranger.close()]);
  });
});
