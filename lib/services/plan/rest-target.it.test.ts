import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AppError } from '@/lib/domain/errors';
import type { Actor } from '@/lib/domain/plan/facts';
import { openServiceRig, type ServiceRig } from '@/lib/testing/service-rig';
import { createConnection } from '../connection/create-connection';
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
