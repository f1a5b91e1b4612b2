import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLog } from '@/lib/adapters/log';
import { AppError } from '@/lib/domain/errors';
import type { RunningSource } from '@/lib/sandbox/source';
import type { RunningTarget } from '@/lib/sandbox/target';
import { createTestDatabase, type TestDatabase } from '@/lib/testing/database';
import { startTestSource, startTestTarget, type TestStore } from '@/lib/testing/emulator';
import { waitFor } from '@/lib/testing/wait-for';
import { createConnection } from '../connection/create-connection';
import { type Actor, type ServiceContext, serviceContextOf } from '../context';
import { planView } from '../view/plan-view';
import { tableView } from '../view/table-view';
import { assessTable } from './assess-table';
import { createPlan } from './create-plan';
import { loadDraft, saveDraft } from './draft';
import { updatePlanSettings } from './plan-settings';
import { provisionTarget } from './provision-target';
import { waiveCheck } from './waive-check';

const ADMIN: Actor = { id: 'usr_ada', name: 'Ada', role: 'admin' };
const VIEWER: Actor = { id: 'usr_vi', name: 'Vi', role: 'viewer' };
const ORDERS = { partition: { name: 'tenant', type: 'S' }, sort: { name: 'placed', type: 'N' } } as const;

let database: TestDatabase;
let source: TestStore<RunningSource>;
let target: TestStore<RunningTarget>;
let ctx: ServiceContext;
let sourceId: string;
let targetId: string;

const refusal = async (act: Promise<unknown>): Promise<AppError> => {
  const error = await act.then(
    () => null,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(AppError);
  return error as AppError;
};
const countOf = async (table: 'plan' | 'plan_table' | 'event' | 'audit'): Promise<number> => {
  const rows = await database.sql<{ n: number }[]>`select count(*)::int as n from ${database.sql(table)}`;
  return rows[0]!.n;
};
const itemsOf = async (table: string): Promise<number> => {
  const answer = (await target.running.engine.run('Scan', { TableName: table })) as { Count: number };
  return answer.Count;
};
const input = (more: object = {}) => ({
  name: 'Orders to TerraScale',
  strategy: 'dual_write' as const,
  sourceConnectionId: sourceId,
  targetConnectionId: targetId,
  profile: 'rehearsal' as const,
  tables: [{ name: 'orders' }],
  ...more,
});

beforeAll(async () => {
  [database, source, target] = await Promise.all([createTestDatabase(), startTestSource(), startTestTarget()]);
  await source.createTable('orders', ORDERS);
  await source.createTable('customers', { partition: { name: 'id', type: 'S' } });
  await source.createTable('contested', { partition: { name: 'id', type: 'S' } });
  await source.createTable('sessions', { partition: { name: 'id', type: 'B' } });
  await source.createTable('readings', { partition: { name: 'sensor', type: 'N' }, sort: { name: 'at', type: 'S' } });
  for (let index = 0; index < 30; index += 1)
    await source.running.engine.run('PutItem', {
      TableName: 'orders',
      Item: {
        tenant: { S: `t${index % 3}` },
        placed: { N: String(index) },
        status: { S: 'new' },
        total: { N: '12.50' },
      },
    });
  // As in DynamoDB the count of items lags behind the items.
  const isCounted = async () => {
    const { Table } = (await source.running.engine.run('DescribeTable', { TableName: 'orders' })) as {
      Table: { ItemCount: number };
    };
    return Table.ItemCount === 30;
  };
  await waitFor(isCounted, { what: 'the count of items' });
  const log = createLog({ process: 'test', level: 'silent' });
  ctx = serviceContextOf({ ...database, sealingKey: randomBytes(32).toString('hex'), log });
  const common = { region: 'eu-central-1', mayCreateTables: false };
  sourceId = (
    await createConnection(ctx, ADMIN, {
      ...common,
      ...source.credentials,
      name: 'live',
      kind: 'dynamodb',
      endpoint: source.endpoint,
    })
  ).connectionId;
  targetId = (
    await createConnection(ctx, ADMIN, {
      ...common,
      ...target.credentials,
      name: 'terra',
      kind: 'terrascale',
      endpoint: target.endpoint,
    })
  ).connectionId;
});
afterAll(async () => {
  await Promise.all([source?.stop(), target?.stop()]);
  await database?.drop();
});

describe('a plan that is refused changes nothing and names its field', () => {
  const cases: [string, () => object, string, string][] = [
    ['no tables', () => ({ tables: [] }), 'plan.no_tables', 'tables'],
    [
      'a table that the source lacks',
      () => ({ tables: [{ name: 'orders' }, { name: 'nope' }] }),
      'source.table_not_found',
      'tables.1.name',
    ],
    [
      'the same table twice',
      () => ({ tables: [{ name: 'orders' }, { name: 'orders' }] }),
      'input.invalid',
      'tables.1.name',
    ],
    [
      'two tables into one',
      () => ({
        tables: [
          { name: 'orders', targetName: 'all' },
          { name: 'customers', targetName: 'all' },
        ],
      }),
      'input.invalid',
      'tables.1.targetName',
    ],
    ['no name', () => ({ name: '  ' }), 'input.invalid', 'name'],
    ['an unknown strategy', () => ({ strategy: 'hope' }), 'input.invalid', 'strategy'],
    ['an unknown source', () => ({ sourceConnectionId: 'con_nope' }), 'connection.not_found', 'sourceConnectionId'],
    [
      'a source that is no DynamoDB',
      () => ({ sourceConnectionId: targetId, targetConnectionId: sourceId }),
      'input.invalid',
      'sourceConnectionId',
    ],
    ['one store as both', () => ({ targetConnectionId: sourceId }), 'input.invalid', 'targetConnectionId'],
    [
      'a time-out that is not below half of the hold',
      () => ({ settings: { storeTimeoutMs: 1_000 } }),
      'plan.timeouts_too_long',
      'settings.storeTimeoutMs',
    ],
    ['a setting out of bounds', () => ({ settings: { deltaMs: 1 } }), 'input.invalid', 'settings.deltaMs'],
    ['a setting that there is not', () => ({ settings: { speed: 9 } }), 'input.invalid', 'settings.speed'],
  ];
  test.each(cases)('%s', async (_, more, code, field) => {
    const before = [await countOf('plan'), await countOf('event'), await countOf('audit')];
    const error = await refusal(createPlan(ctx, ADMIN, input(more()) as never));
    expect(error.code).toBe(code);
    expect(Object.keys(error.detail.fields ?? {})).toContain(field);
    expect([await countOf('plan'), await countOf('event'), await countOf('audit')]).toEqual(before);
  });

  test('a viewer', async () => {
    expect((await refusal(createPlan(ctx, VIEWER, input()))).code).toBe('auth.role_too_low');
  });

  test('a rehearsal off loopback', async () => {
    await database.sql`update connection set endpoint = 'https://dynamodb.eu-central-1.amazonaws.com' where id = ${sourceId}`;
    const error = await refusal(createPlan(ctx, ADMIN, input()));
    await database.sql`update connection set endpoint = ${source.endpoint} where id = ${sourceId}`;
    expect(error.code).toBe('plan.profile_refused');
    expect(error.detail.fields).toHaveProperty('profile');
    expect(await countOf('plan')).toBe(0);
  });
});

describe('a plan, from the form to a proven target', () => {
  let planId: string;
  let tableId: string;

  test('is made once, however often its form is sent', async () => {
    await saveDraft(ctx, ADMIN, { name: 'Orders' });
    expect(await loadDraft(ctx, ADMIN)).toEqual({ name: 'Orders' });
    const idempotencyKey = randomBytes(8).toString('hex');
    const made = await createPlan(ctx, ADMIN, { ...input(), idempotencyKey });
    const again = await createPlan(ctx, ADMIN, { ...input(), idempotencyKey });
    expect(again).toEqual(made);
    expect(await countOf('plan')).toBe(1);
    expect(await loadDraft(ctx, ADMIN)).toBeNull();
    planId = made.planId;
    tableId = made.tableIds[0]!;
    const [row] = await database.sql<{ salt: string; key: unknown }[]>`
      select salt, key_schema as key from plan_table where id = ${tableId}`;
    expect(row!.salt).toMatch(/^orders:v1:[0-9a-f]{20}$/);
    expect(row!.key).toEqual(ORDERS);
  });

  test('keeps its name and its tables to itself', async () => {
    const taken = await refusal(createPlan(ctx, ADMIN, input({ name: 'Another' })));
    expect(taken.code).toBe('plan.table_in_use');
    expect(taken.detail.fields).toHaveProperty(['tables.0.name']);
    const named = await refusal(createPlan(ctx, ADMIN, input({ tables: [{ name: 'customers' }] })));
    expect(named.code).toBe('plan.name_taken');
  });

  test('two plans made at once cannot both take a table', async () => {
    const made = await Promise.allSettled(
      ['First', 'Second', 'Third'].map((name) =>
        createPlan(ctx, ADMIN, input({ name, tables: [{ name: 'contested' }] })),
      ),
    );
    expect(made.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    for (const one of made)
      if (one.status === 'rejected') expect((one.reason as AppError).code).toBe('plan.table_in_use');
  });

  test('a missing target is said with the key that it needs, and the checks say it too', async () => {
    const error = await refusal(provisionTarget(ctx, ADMIN, { tableId }));
    expect(error.code).toBe('target.table_missing');
    expect(error.detail.sentence).toContain('tenant (S), placed (N)');
    const view = await tableView(ctx, VIEWER, tableId);
    const check = view.assessment.checks.find((one) => one.check === 'target_structure');
    expect(check).toMatchObject({ state: 'failed' });
    expect(view.targetProof).toBeNull();
  });

  test('a target with another key is refused naming both', async () => {
    await target.createTable('orders', { partition: { name: 'tenant', type: 'S' } });
    const error = await refusal(provisionTarget(ctx, ADMIN, { tableId }));
    expect(error.code).toBe('target.key_schema_differs');
    expect(error.detail.sentence).toContain('tenant (S), placed (N)');
    expect(await itemsOf('orders')).toBe(0);
    await target.running.engine.run('DeleteTable', { TableName: 'orders' });
    const isGone = async () => {
      const { TableNames } = (await target.running.engine.run('ListTables', {})) as { TableNames: string[] };
      return !TableNames.includes('orders');
    };
    await waitFor(isGone, { what: 'the table to be gone' });
  });

  test('a right target is proven, its key may write, and nothing is left behind', async () => {
    await target.createTable('orders', ORDERS);
    const { checks, proof } = await provisionTarget(ctx, ADMIN, { tableId });
    expect(proof).toMatchObject({ state: 'proven', consistentRead: true, sortOrder: true });
    expect(checks.filter((check) => check.state === 'failed' || check.state === 'unknown')).toEqual([]);
    expect(checks.find((check) => check.check === 'reserved_names')).toMatchObject({
      state: 'warned',
      observed: expect.stringContaining('status'),
    });
    expect(await itemsOf('orders')).toBe(0);
    const view = await tableView(ctx, VIEWER, tableId);
    expect(view.targetProof).not.toBeNull();
    expect(view.forecast?.requestsPerMonth).toBeGreaterThan(0);
    const gates = view.moves.find((move) => move.verb === 'begin_dual_write')!.gates;
    expect(gates.filter((gate) => !gate.met).map((gate) => gate.gate)).toEqual(['gateways_registered']);
  });

  test('the plan page says what is not promised', async () => {
    const view = await planView(ctx, VIEWER, planId);
    expect(view.tables.map((table) => table.name)).toEqual(['orders']);
    expect(view.promises.length).toBeGreaterThan(5);
    expect(view.checklist).toEqual({ done: 0, required: 6 });
  });

  test('keys of numbers and bytes are proven as well', async () => {
    const { tableIds } = await createPlan(
      ctx,
      ADMIN,
      input({ name: 'Rest', tables: [{ name: 'sessions' }, { name: 'readings' }] }),
    );
    await target.createTable('sessions', { partition: { name: 'id', type: 'B' } });
    await target.createTable('readings', { partition: { name: 'sensor', type: 'N' }, sort: { name: 'at', type: 'S' } });
    for (const id of tableIds) {
      const { proof } = await provisionTarget(ctx, ADMIN, { tableId: id });
      expect(proof).toMatchObject({ state: 'proven', sortOrder: true });
    }
    expect(await itemsOf('sessions')).toBe(0);
    expect(await itemsOf('readings')).toBe(0);
  });

  test('the target is created where the connection may', async () => {
    const { tableIds } = await createPlan(ctx, ADMIN, input({ name: 'Customers', tables: [{ name: 'customers' }] }));
    await database.sql`update connection set may_create_tables = true where id = ${targetId}`;
    expect((await refusal(provisionTarget(ctx, ADMIN, { tableId: tableIds[0]! }))).code).toBe('target.table_missing');
    target.running.setAllowCreateTable(true);
    const { proof } = await provisionTarget(ctx, ADMIN, { tableId: tableIds[0]! });
    expect(proof.state).toBe('proven');
    expect(await itemsOf('customers')).toBe(0);
  });

  test('a target that is away fails the assessment and keeps what was proven', async () => {
    target.running.keys.revoke(target.credentials.accessKeyId);
    const { checks } = await assessTable(ctx, ADMIN, { tableId });
    expect(checks.find((check) => check.check === 'target_reachable')?.state).toBe('failed');
    const view = await tableView(ctx, VIEWER, tableId);
    expect(view.targetProof).not.toBeNull();
    expect(view.moves[0]!.gates.find((gate) => gate.gate === 'assessment_passed')?.met).toBe(false);
  });

  test('only a failed check is waived, with a reason and a name', async () => {
    const empty = await refusal(waiveCheck(ctx, ADMIN, { tableId, check: 'target_reachable', reason: ' ' }));
    expect(empty.detail.fields).toHaveProperty('reason');
    const passed = await refusal(waiveCheck(ctx, ADMIN, { tableId, check: 'item_count', reason: 'because' }));
    expect(passed.detail.fields).toHaveProperty('check');
    await waiveCheck(ctx, ADMIN, { tableId, check: 'target_reachable', reason: 'known maintenance' });
    const view = await tableView(ctx, VIEWER, tableId);
    expect(view.assessment.waivers).toMatchObject([
      { check: 'target_reachable', by: 'Ada', reason: 'known maintenance' },
    ]);
  });

  test('settings change within bounds and never under a stale form', async () => {
    const bad = await refusal(updatePlanSettings(ctx, ADMIN, { planId, version: 1, settings: { holdMsMax: 600 } }));
    expect(bad.code).toBe('plan.timeouts_too_long');
    await updatePlanSettings(ctx, ADMIN, { planId, version: 1, settings: { deltaMs: 4_000 } });
    const stale = await refusal(updatePlanSettings(ctx, ADMIN, { planId, version: 1, settings: { deltaMs: 5_000 } }));
    expect(stale.code).toBe('input.stale_form');
    expect((await planView(ctx, VIEWER, planId)).settings.deltaMs).toBe(4_000);
  });
});
