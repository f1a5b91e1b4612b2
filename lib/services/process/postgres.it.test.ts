import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readFence } from '@/db/queries/fence/fence';
import { reportSnapshot } from '@/db/queries/gateway/reports';
import { readSnapshot } from '@/db/queries/gateway/snapshot';
import { fencesThatStopWorkers } from '@/db/queries/worker-fence';
import type { RoutingSnapshot } from '@/lib/contracts/routing';
import { without } from '@/lib/domain/safeguards';
import { GRACE, openServiceRig, type RigTable, type ServiceRig } from '@/lib/testing/service-rig';
import { reapFences } from '../fence/abort';
import { runFence, stepFence } from '../fence/run-fence';
import { approve } from '../table/approve';
import { dryRun } from '../table/dry-run';
import { fleetView } from '../view/fleet-view';
import { processesView } from '../view/processes-view';
import { tableView } from '../view/table-view';
import { watchPostgres } from './postgres';
import { recover } from './recover';

let rig: ServiceRig;
beforeAll(async () => {
  rig = await openServiceRig();
  await watchPostgres(rig.ctx);
});
afterAll(async () => {
  await rig.close();
});
afterEach(async () => {
  // Each test has its own gateways; those of the one before are gone.
  await rig.sql`update gateway set state = 'goodbye'`;
  await rig.sql`update postgres_identity set opened_at = null`;
});

const identity = async () => (await rig.sql`select *, opened_at is not null as is_open from postgres_identity`)[0]!;
const snapshotOf = async (table: RigTable) =>
  (await readSnapshot(rig.sql, table.sourceConnectionId)) as RoutingSnapshot;
const say = async (gatewayId: string, snapshot: RoutingSnapshot | null) =>
  reportSnapshot(rig.sql, { gatewayId, round: (await identity()).round, snapshot });

/** What a backup of the control tables holds of one table; `restore` puts it back, and loses what came after it. */
async function backUp(table: RigTable) {
  const [row] = await rig.sql`select stage, read_share_milli, version from plan_table where id = ${table.id}`;
  const [routing] = await rig.sql`select epoch, stage, writes, authority, reads, read_share_milli, fallback from routing
    where plan_table_id = ${table.id}`;
  const [head] = await rig.sql`select epoch from routing_head where connection_id = ${table.sourceConnectionId}`;
  return async () => {
    await rig.sql`update plan_table set ${rig.sql(row as never)} where id = ${table.id}`;
    await rig.sql`update routing set ${rig.sql(routing as never)} where plan_table_id = ${table.id}`;
    await rig.sql`update routing_head set ${rig.sql(head as never)} where connection_id = ${table.sourceConnectionId}`;
    await rig.sql`delete from fence_worker where fence_id in (select id from fence where plan_table_id = ${table.id})`;
    await rig.sql`delete from fence_driver where fence_id in (select id from fence where plan_table_id = ${table.id})`;
    await rig.sql`delete from fence where plan_table_id = ${table.id}`;
  };
}

async function readyToFlip() {
  const table = await rig.newTable({ stage: 'shift' });
  await table.makeReady();
  await table.makeVerified();
  const gateway = await table.gateway('a');
  await gateway.acknowledge();
  await table.traffic({ reads_source: 10, writes: 10, mirrored: 10 });
  await table.move('set_read_share', { readShareMilli: 100_000 });
  await gateway.acknowledge();
  await table.traffic({ reads_target: 10, writes: 10, mirrored: 10 });
  return { table, gateway };
}

async function openFlip(table: RigTable): Promise<string> {
  const seen = await dryRun(rig.ctx, GRACE, { tableId: table.id, verb: 'flip_writes' });
  await approve(rig.ctx, GRACE, { tableId: table.id, verb: 'flip_writes', planHash: seen.planHash as string });
  return (await table.move('flip_writes', { typedName: table.name })).fenceId as string;
}

describe('another Postgres in the place of the one before', () => {
  test.each([
    ['system_identifier', `'7'`, 'its system identifier is another one'],
    ['timeline', '77', 'its timeline went from 77 to'],
  ])('is recognised by its %s, and nothing is moved but reads back to the source', async (column, value, why) => {
    const { table } = await readyToFlip();
    await rig.sql.unsafe(`update postgres_identity set ${column} = ${value}`);
    // Refused at once, before any loop has looked.
    await expect(table.move('set_read_share', { readShareMilli: 50_000 })).rejects.toMatchObject({
      code: 'control.postgres_changed',
    });
    await watchPostgres(rig.ctx);
    expect(await identity()).toMatchObject({ is_open: true, reason: expect.stringContaining(why) });
    await expect(table.move('set_read_share', { readShareMilli: 50_000 })).rejects.toThrow(
      'moves wait until these gateways say what they obey: a',
    );
    await table.move('reads_to_source');
    expect(await table.look()).toMatchObject({ read_share_milli: 0 });
    // Workers rest as they do at a fence: a settle in the direction of this database could overwrite the truth.
    const resting = await fencesThatStopWorkers(rig.sql, 'wrk_any');
    expect(resting).toContainEqual({ fenceId: 'recovery', planTableId: table.id, isAcknowledged: true });
  });

  test('is recognised by a gateway that obeys an epoch which was never published here', async () => {
    const { table, gateway } = await readyToFlip();
    await watchPostgres(rig.ctx);
    expect((await identity()).is_open).toBe(false);
    await rig.sql`update gateway set acknowledged_epoch = 99 where id = ${gateway.id}`;
    await watchPostgres(rig.ctx);
    expect((await identity()).reason).toBe(
      `gateway a obeys epoch 99, and the newest one here is ${await table.headEpoch()}`,
    );
  });

  test('stands over the screens of the fleet, tables and gateways, with whose word is missing, until it is over', async () => {
    const { table, gateway } = await readyToFlip();
    const viewer = { id: 'usr_viewer', name: 'Vera', role: 'viewer' } as const;
    const seen = async () => {
      const [processes, one] = [await processesView(rig.ctx, viewer), await tableView(rig.ctx, viewer, table.id)];
      expect(one.recovery).toEqual(processes.recovery);
      expect((await fleetView(rig.ctx, viewer)).recovery).toEqual(processes.recovery);
      return processes.recovery;
    };
    expect(await seen()).toBeNull();
    await rig.sql`update postgres_identity set timeline = 79`;
    await watchPostgres(rig.ctx);
    expect(await seen()).toMatchObject({
      reason: expect.stringMatching(/^its timeline went from 79 to \d+$/),
      waitingFor: ['a'],
      sinceAt: expect.stringMatching(/Z$/),
    });
    await say(gateway.id, await snapshotOf(table));
    expect(await seen()).toMatchObject({ waitingFor: [] });
    expect(await recover(rig.ctx)).toEqual({ kind: 'done' });
    expect(await seen()).toBeNull();
  });

  test('keeps a fence where it is: no step forward, and none back', async () => {
    const { table, gateway } = await readyToFlip();
    const fenceId = await openFlip(table);
    await gateway.quiet();
    const fence = async () => (await readFence(rig.ctx.db, fenceId))!;
    while ((await fence()).step !== 'workers_stopped') await stepFence(rig.ctx, await fence());
    await rig.sql`update postgres_identity set timeline = 77`;
    await watchPostgres(rig.ctx);
    expect(await stepFence(rig.ctx, await fence())).toMatchObject({ kind: 'wait' });
    await rig.sql`update fence set bound_at = now() where id = ${fenceId}`;
    expect(await reapFences(rig.ctx)).not.toContain(fenceId);
    expect((await fence()).step).toBe('workers_stopped');
    await say(gateway.id, await snapshotOf(table));
    expect(await recover(rig.ctx)).toEqual({ kind: 'done' });
    expect(await reapFences(rig.ctx)).toContain(fenceId);
    expect(await table.look()).toMatchObject({ stage: 'shift', writes: 'source_target', authority: 'source' });
  });

  test('that lost a flip takes it from the gateways, raises the incarnation and owes verifications', async () => {
    const { table, gateway } = await readyToFlip();
    const other = await table.gateway('b');
    await other.acknowledge();
    const restore = await backUp(table);
    const running = runFence(rig.ctx, await openFlip(table));
    await gateway.quiet();
    await other.quiet();
    expect(await running).toMatchObject({ outcome: 'released' });
    const obeyed = await snapshotOf(table);
    await gateway.acknowledge();
    await restore();
    expect(await table.look()).toMatchObject({ stage: 'shift', writes: 'source_target', authority: 'source' });
    await watchPostgres(rig.ctx);
    const behind = await snapshotOf(table);
    // One that is behind is not the highest, and the one that is missing may be.
    await say(other.id, behind);
    expect(await recover(rig.ctx)).toEqual({ kind: 'waits', gateways: ['a'] });
    await say(gateway.id, obeyed);
    expect(await recover(rig.ctx)).toEqual({ kind: 'done' });
    expect(await table.look()).toMatchObject({ stage: 'target_first', writes: 'target_source', authority: 'target' });
    const now = await snapshotOf(table);
    expect([now.incarnation, now.epoch > obeyed.epoch]).toEqual([obeyed.incarnation + 1, true]);
    const [owed] = await rig.sql`select verify_again_reason as why from plan_table where id = ${table.id}`;
    expect(owed?.why).toContain('Postgres was restored');
  });

  test('snapshotsFirst: with the rule off the restored database moves a table that gateways have left behind', async () => {
    const { table, gateway } = await readyToFlip();
    const restore = await backUp(table);
    const running = runFence(rig.ctx, await openFlip(table));
    await gateway.quiet();
    await running;
    await gateway.acknowledge();
    await restore();
    await watchPostgres(rig.ctx);
    const move = (as = rig.ctx) => table.move('abandon', { as });
    await expect(move()).rejects.toMatchObject({ code: 'control.postgres_changed' });
    await move(rig.contextWith(without('snapshotsFirst')));
    // Gateways act on the target alone, and this database says that the source is the truth.
    expect(await table.look()).toMatchObject({ authority: 'source' });
  });

  test('that lost the fence of a hold undoes the hold', async () => {
    const { table, gateway } = await readyToFlip();
    const restore = await backUp(table);
    await openFlip(table);
    const held = await snapshotOf(table);
    expect(held.tables[0]?.writes).toBe('held');
    await gateway.acknowledge();
    await restore();
    await watchPostgres(rig.ctx);
    await say(gateway.id, held);
    expect(await recover(rig.ctx)).toEqual({ kind: 'done' });
    expect(await table.look()).toMatchObject({ stage: 'shift', writes: 'source_target', routed_share: 100_000 });
  });

  test('waits where it does not know a table that gateways act on', async () => {
    const { table, gateway } = await readyToFlip();
    const obeyed = await snapshotOf(table);
    const stranger = {
      ...obeyed.tables[0]!,
      planTableId: 'tbl_lost',
      tableName: 'invoices',
      planName: 'move invoices',
    };
    await rig.sql`update postgres_identity set timeline = 77`;
    await watchPostgres(rig.ctx);
    await say(gateway.id, { ...obeyed, epoch: obeyed.epoch + 5, tables: [...obeyed.tables, stranger] });
    expect(await recover(rig.ctx)).toEqual({ kind: 'unknown_tables', tables: ['invoices (move invoices)'] });
    expect((await identity()).is_open).toBe(true);
  });

  test('passes a gateway that cannot report only once it was declared dead, and marks pages that were open', async () => {
    const { table, gateway } = await readyToFlip();
    await rig.sql`insert into run (id, plan_table_id, kind, generation, state, segments_total, started_by)
      values ('run_page', ${table.id}, 'backfill', 1, 'running', 1, 'test')`;
    await rig.sql`insert into segment (id, run_id, number, side, state, page_keys)
      values ('seg_page', 'run_page', 0, 'source', 'running', '[{"id":"[\\"S#page\\"]"}]')`;
    await rig.sql`update postgres_identity set timeline = 77`;
    await watchPostgres(rig.ctx);
    expect(await recover(rig.ctx)).toEqual({ kind: 'waits', gateways: ['a'] });
    await rig.sql`update gateway set state = 'declared_dead' where id = ${gateway.id}`;
    expect(await recover(rig.ctx)).toEqual({ kind: 'waits', gateways: ['a'] });
    await rig.sql`update gateway set dead_at = now() where id = ${gateway.id}`;
    expect(await recover(rig.ctx)).toEqual({ kind: 'done' });
    const rows =
      await rig.sql`select cause, hold_until is not null as held from dirty_key where plan_table_id = ${table.id}`;
    expect(rows).toEqual([{ cause: 'take_over', held: true }]);
    await rig.sql`delete from dirty_key`;
  });
});
