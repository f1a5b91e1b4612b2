import { afterAll, beforeAll, expect, test } from 'vitest';
import { buryKeys } from '@/db/queries/dead-letter';
import { claimKeys, markKeys } from '@/db/queries/dirty';
import { bookRequests } from '@/db/queries/gateway/use';
import { ADA, openServiceRig, type RigTable, type ServiceRig, VIEWER } from '@/lib/testing/service-rig';
import { watchAlerts } from '../alert/watch';
import { dryRun } from '../table/dry-run';
import { quotaView } from '../view/connection-view';
import { deadLettersView } from '../view/dead-letter-view';
import { parkDeadLetters, retryDeadLetters } from './dead-letters';

let rig: ServiceRig;
let table: RigTable;
beforeAll(async () => {
  rig = await openServiceRig();
  table = await rig.newTable({ stage: 'shift' });
});
afterAll(() => rig.close());

const KEY = '["S#a customer"]';
const SCHEMA = { partition: { name: 'pk', type: 'S' as const }, sort: null };
const claim = () => claimKeys(rig.sql, { planTableId: table.id, owner: 'wrk', leaseMs: 60_000, keysMax: 10 });

/** What a settle does whose item is refused for good. */
async function bury(): Promise<void> {
  const [claimed] = await claim();
  if (!claimed) throw new Error('the key is not due');
  const buried = [{ claim: claimed, errorType: 'ValidationException', reason: 'Item size has exceeded 400 KB' }];
  await buryKeys(rig.sql, { planTableId: table.id, buried });
}
const dirtyGate = async () => {
  const move = await dryRun(rig.ctx, ADA, { tableId: table.id, verb: 'flip_writes' });
  return move.gates.find((gate) => gate.gate === 'no_dirty_key');
};
const firstLetter = async (actor = ADA) => (await deadLettersView(rig.ctx, actor, table.id)).letters[0];

test('a dead letter is not tried again by itself, stays dirty, and no fence begins with it', async () => {
  expect(await dirtyGate()).toMatchObject({ met: true });
  await markKeys(rig.sql, { planTableId: table.id, schema: SCHEMA, keyIds: [KEY], cause: 'mirror_failed' });
  await bury();
  expect(await claim()).toEqual([]);
  expect(await dirtyGate()).toMatchObject({ met: false, observed: '1 dirty keys, 1 of them dead letters' });
  expect(await firstLetter()).toMatchObject({ key: 'a customer', errorType: 'ValidationException', attempts: 1 });
  // A key and the store's words are the customer's data.
  const masked = await firstLetter(VIEWER);
  expect(JSON.stringify(masked)).not.toMatch(/customer|exceeded/);
});

test('it is parked with a reason, which silences the alert and nothing else', async () => {
  await rig.sql`insert into alert_destination (id, name, url, secret_sealed, created_by)
    values ('ald_1', 'pager', 'http://127.0.0.1:9/', ${rig.ctx.sealer.seal('x', 'alert-destination')}, 'test')`;
  const alerts = async () => (await rig.sql`select sentence from alert where kind = 'dead_letter'`).length;
  await watchAlerts(rig.ctx);
  expect(await alerts()).toBe(1);
  const { id } = (await firstLetter()) as { id: string };
  const park = (reason: string, actor = ADA) =>
    parkDeadLetters(rig.ctx, actor, { tableId: table.id, ids: [id], reason });
  await expect(park('known', VIEWER)).rejects.toMatchObject({ code: 'auth.role_too_low' });
  await expect(park('  ')).rejects.toMatchObject({ code: 'input.invalid' });
  expect(await park('the team shortens it')).toBe(1);
  expect((await firstLetter())?.parked).toMatchObject({ by: 'Ada', reason: 'the team shortens it' });
  await rig.sql`update alert set at = now() - interval '1 day'`;
  await watchAlerts(rig.ctx);
  expect(await alerts()).toBe(1);
  expect(await dirtyGate()).toMatchObject({ met: false, observed: '1 dirty keys, 1 of them dead letters (1 parked)' });
});

test('it is tried again when somebody asks, and when the key is marked anew, and is gone from the list meanwhile', async () => {
  const { id } = (await firstLetter()) as { id: string };
  expect(await retryDeadLetters(rig.ctx, ADA, { tableId: table.id, ids: [id] })).toBe(1);
  expect(await firstLetter()).toBeUndefined();
  const again = retryDeadLetters(rig.ctx, ADA, { tableId: table.id, ids: [id] });
  await expect(again).rejects.toMatchObject({ code: 'dirty.not_dead' });
  await bury();
  expect((await firstLetter())?.parked).toBeNull();
  await markKeys(rig.sql, { planTableId: table.id, schema: SCHEMA, keyIds: [KEY], cause: 'mirror_failed' });
  expect(await claim()).toHaveLength(1);
  const actions =
    await rig.sql`select action, detail from audit where subject = ${table.id} and action like 'dirty.%' order by sequence`;
  expect(actions.map((row) => row.action)).toEqual(['dirty.park', 'dirty.retry']);
  expect(JSON.stringify(actions)).not.toContain('customer');
});

test('a monthly quota is drawn day by day, and somebody is told before it is used up', async () => {
  const connectionId = table.targetConnectionId;
  expect(await quotaView(rig.ctx, VIEWER, connectionId)).toBeNull();
  await rig.sql`update connection set limits = limits || '{"requestsPerMonth":1000,"liveReserveMilli":10000}' where id = ${connectionId}`;
  for (const requests of [300, 550]) await bookRequests(rig.sql, { connectionId, requests });
  const view = await quotaView(rig.ctx, VIEWER, connectionId);
  expect(view).toMatchObject({ used: 850, remaining: 150, reserve: 100 });
  expect(view?.points[0]?.remaining).toBe(1_000);
  expect(view?.points.at(-1)?.remaining).toBe(150);
  expect(view?.sentence).toContain('85 % of the monthly quota');
  await watchAlerts(rig.ctx);
  const [alert] = await rig.sql`select sentence from alert where kind = 'quota_ending'`;
  expect(alert?.sentence).toContain('150 requests are left');
  await bookRequests(rig.sql, { connectionId, requests: 60 });
  expect((await quotaView(rig.ctx, VIEWER, connectionId))?.sentence).toContain('is kept for live traffic');
});
