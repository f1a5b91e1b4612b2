import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { putItem } from '@/lib/adapters/dynamodb/items';
import { canaryKey } from '@/lib/domain/routing/canary';
import { without } from '@/lib/domain/safeguards';
import { openServiceRig, type RigTable, type ServiceRig } from '@/lib/testing/service-rig';
import { waitFor } from '@/lib/testing/wait-for';
import { runFence } from '../fence/run-fence';
import { passBarrier, passBarriers } from './barriers';
import { dryRun } from './dry-run';
import { proveChannel, proveChannels } from './prove-channel';

let rig: ServiceRig;
beforeAll(async () => {
  rig = await openServiceRig();
});
afterAll(async () => {
  await rig.close();
});

async function dualWriting(): Promise<{ table: RigTable; gateways: Awaited<ReturnType<RigTable['gateway']>>[] }> {
  const table = await rig.newTable();
  await table.makeReady();
  const gateways = [await table.gateway('a'), await table.gateway('b')];
  await table.move('begin_dual_write');
  return { table, gateways };
}

describe('the barrier of dual write', () => {
  test('passes only when every registered gateway has acknowledged, and no time passes a silent one', async () => {
    const { table, gateways } = await dualWriting();
    expect(await passBarrier(rig.ctx, table.id)).toBe(false);
    await gateways[0]!.acknowledge();
    await gateways[1]!.silence();
    expect(await passBarriers(rig.ctx)).not.toContain(table.id);
    expect((await table.look()).barrier_passed_at).toBeNull();
    await gateways[1]!.acknowledge();
    expect(await passBarriers(rig.ctx)).toContain(table.id);
    const row = await table.look();
    expect(row.barrier_passed_at).not.toBeNull();
    expect(row.canary_nonce).not.toBeNull();
    expect(await passBarriers(rig.ctx)).not.toContain(table.id);
  });

  test('is passed early by a gateway that is merely silent when registered gateways are counted by their heartbeats', async () => {
    const { table, gateways } = await dualWriting();
    await gateways[0]!.acknowledge();
    await gateways[1]!.silence();
    expect(await passBarrier(rig.ctx, table.id)).toBe(false);
    expect(await passBarrier(rig.contextWith(without('registeredCount')), table.id)).toBe(true);
  });

  test('counts a gateway that registered after the epoch, and not one that said goodbye', async () => {
    const { table, gateways } = await dualWriting();
    for (const gateway of gateways) await gateway.acknowledge();
    const late = await table.gateway('late');
    expect(await passBarrier(rig.ctx, table.id)).toBe(false);
    await late.goodbye();
    expect(await passBarrier(rig.ctx, table.id)).toBe(true);
  });
});

describe('the live channel', () => {
  test('is proven when the canary of every gateway is on the target, after Δ', async () => {
    const { table, gateways } = await dualWriting();
    for (const gateway of gateways) await gateway.acknowledge();
    await passBarrier(rig.ctx, table.id);
    const nonce = (await table.look()).canary_nonce!;
    expect(await proveChannel(rig.ctx, table.id)).toBe(false);
    const wire = rig.ctx.makeWire(rig.target.target);
    for (const gateway of gateways) {
      const key = canaryKey(table.schema, gateway.id);
      await gateway.canary(nonce, key);
      expect(await proveChannel(rig.ctx, table.id)).toBe(false);
      // An older canary under the same key proves nothing.
      await putItem(wire, { table: table.name, item: { ...key, nonce: { S: 'older' } } });
      expect(await proveChannel(rig.ctx, table.id)).toBe(false);
      await putItem(wire, { table: table.name, item: { ...key, nonce: { S: nonce } } });
    }
    await wire.close();
    const seen = await dryRun(
      rig.ctx,
      { id: 'x', name: 'x', role: 'operator' },
      { tableId: table.id, verb: 'begin_backfill' },
    );
    expect(seen.gates.find((gate) => gate.gate === 'live_channel_proven')?.met).toBe(false);
    await waitFor(async () => (await proveChannels(rig.ctx)).includes(table.id), { everyMs: 5 });
    const row = await table.look();
    expect(row.canary_arrived_at).not.toBeNull();
    expect(row.canary_nonce).toBeNull();
    await table.move('begin_backfill', { reason: '' });
    expect((await table.look()).stage).toBe('backfill');
  });
});

describe('abandon', () => {
  test('takes reads back at once, writes only after a barrier, and drops the marks after another', async () => {
    const table = await rig.newTable({ stage: 'shift' });
    const gateway = await table.gateway('a');
    await gateway.acknowledge();
    await rig.sql`insert into dirty_key (plan_table_id, key_id, key, cause, generation)
      values (${table.id}, '["S#k"]', '{}', 'mirror_failed', nextval('dirty_generation'))`;
    await table.move('abandon');
    expect(await table.look()).toMatchObject({
      stage: 'shift',
      reads: 'source',
      routed_share: 0,
      writes: 'source_target',
    });
    expect(await passBarrier(rig.ctx, table.id)).toBe(false);
    await gateway.acknowledge();
    expect(await passBarrier(rig.ctx, table.id)).toBe(true);
    expect(await table.look()).toMatchObject({ stage: 'shift', writes: 'source' });
    expect(await rig.sql`select 1 from dirty_key where plan_table_id = ${table.id}`).toHaveLength(1);
    expect(await passBarrier(rig.ctx, table.id)).toBe(false);
    await gateway.acknowledge();
    expect(await passBarrier(rig.ctx, table.id)).toBe(true);
    expect(await table.look()).toMatchObject({ stage: 'planned', writes: 'source' });
    expect(await rig.sql`select 1 from dirty_key where plan_table_id = ${table.id}`).toHaveLength(0);
  });

  test('makes the copy count for nothing', async () => {
    const table = await rig.newTable({ stage: 'verify' });
    await table.makeReady();
    await table.makeVerified();
    const gateway = await table.gateway('a');
    await table.move('abandon');
    for (let half = 0; half < 2; half += 1) {
      await gateway.acknowledge();
      expect(await passBarrier(rig.ctx, table.id)).toBe(true);
    }
    await table.move('begin_dual_write');
    const seen = await dryRun(
      rig.ctx,
      { id: 'x', name: 'x', role: 'operator' },
      { tableId: table.id, verb: 'begin_backfill' },
    );
    expect(seen.facts.verification).toBeNull();
  });
});

describe('a big bang', () => {
  test('freezes behind a hold, refuses writes, and opens them again at once when abandoned', async () => {
    const table = await rig.newTable();
    await rig.sql`update plan set strategy = 'big_bang', downtime_acknowledged_by = 'Ada' where id = ${table.planId}`;
    await table.makeReady();
    const gateway = await table.gateway('a');
    const { fenceId } = await table.move('freeze');
    expect((await table.look()).writes).toBe('held');
    const running = runFence(rig.ctx, fenceId!);
    await gateway.quiet();
    expect(await running).toMatchObject({ outcome: 'released' });
    expect(await table.look()).toMatchObject({ stage: 'frozen', writes: 'refused' });
    await waitFor(
      async () =>
        (await dryRun(rig.ctx, { id: 'x', name: 'x', role: 'operator' }, { tableId: table.id, verb: 'begin_backfill' }))
          .allowed,
      { what: 'Δ after the freeze', everyMs: 5 },
    );
    await table.move('abandon');
    expect(await table.look()).toMatchObject({ stage: 'planned', writes: 'source', reads: 'source' });
  });
});
