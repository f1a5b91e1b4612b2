import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readFence } from '@/db/queries/fence/fence';
import { getItem } from '@/lib/adapters/dynamodb/items';
import { FENCE_STEPS } from '@/lib/domain/plan/fence';
import { canaryKey } from '@/lib/domain/routing/canary';
import { without } from '@/lib/domain/safeguards';
import { ADA, GRACE, openServiceRig, type RigTable, type ServiceRig } from '@/lib/testing/service-rig';
import { waitFor } from '@/lib/testing/wait-for';
import type { ServiceContext } from '../context';
import { approve } from '../table/approve';
import { dryRun } from '../table/dry-run';
import { readsToSource } from '../table/reads-to-source';
import { abortFence, reapFences } from './abort';
import { sweepCanaries } from './canary';
import { retireCredentials } from './credentials';
import { runFence, stepFence } from './run-fence';

let rig: ServiceRig;
beforeAll(async () => {
  rig = await openServiceRig();
});
afterAll(async () => {
  await rig.close();
});

type Gateway = Awaited<ReturnType<RigTable['gateway']>>;

/** A table in shift at 100 %, observed, verified and approved; `workers` none unless a test starts one. */
async function readyToFlip(settings = {}): Promise<{ table: RigTable; gateway: Gateway }> {
  const table = await rig.newTable({ stage: 'shift', settings });
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

async function openFlip(table: RigTable, options: { as?: ServiceContext; long?: boolean } = {}): Promise<string> {
  const { as = rig.ctx, long } = options;
  const seen = await dryRun(as, GRACE, { tableId: table.id, verb: 'flip_writes', long });
  await approve(as, GRACE, { tableId: table.id, verb: 'flip_writes', planHash: seen.planHash!, long });
  const { fenceId } = await table.move('flip_writes', { typedName: table.name, as, long });
  return fenceId!;
}

const fenceOf = async (fenceId: string) => (await readFence(rig.ctx.db, fenceId))!;
const mark = (table: RigTable, hold = false) => rig.sql`
  insert into dirty_key (plan_table_id, key_id, key, cause, generation, hold_until)
  values (${table.id}, '["S#k"]', '{}', 'mirror_failed', nextval('dirty_generation'), ${hold ? rig.sql`now() + interval '1 hour'` : null})`;
const unmark = (table: RigTable) => rig.sql`delete from dirty_key where plan_table_id = ${table.id}`;

describe('a flip', () => {
  test('holds, changes authority only while held, proves it with a canary, and releases', async () => {
    const { table, gateway } = await readyToFlip();
    const fenceId = await openFlip(table);
    expect(await table.look()).toMatchObject({ stage: 'shift', writes: 'held', authority: 'source' });
    const running = runFence(rig.ctx, fenceId);
    await gateway.quiet();
    expect(await running).toMatchObject({ outcome: 'released' });
    expect(await table.look()).toMatchObject({
      stage: 'target_first',
      writes: 'target_source',
      authority: 'target',
      reads: 'target',
      read_share_milli: 100_000,
    });
    const fence = await fenceOf(fenceId);
    expect(fence.holdEpoch).toBeLessThan(fence.flipEpoch!);
    expect(fence.flipEpoch!).toBeLessThan(fence.releaseEpoch!);
    const [event] = await rig.sql`select after, sentence from event
      where plan_table_id = ${table.id} and kind = 'move.flip_writes'`;
    expect(event?.after.pauseMs).toBeGreaterThan(0);
    expect(event?.sentence).toContain('Writes paused for');
    const wire = rig.ctx.makeWire(rig.target.target);
    const left = await getItem(wire, { table: table.name, key: canaryKey(table.schema, fenceId) });
    await wire.close();
    expect(left).toEqual({ kind: 'ok', value: null });
  });

  test('and back again ends where it began', async () => {
    const { table, gateway } = await readyToFlip();
    const forth = runFence(rig.ctx, await openFlip(table));
    await gateway.quiet();
    await forth;
    await gateway.acknowledge();
    const { fenceId } = await table.move('flip_back');
    const back = runFence(rig.ctx, fenceId!);
    await gateway.quiet();
    expect(await back).toMatchObject({ outcome: 'released' });
    expect(await table.look()).toMatchObject({ stage: 'shift', writes: 'source_target', routed_share: 100_000 });
  });

  test('refuses every other move while its row is open, and lets reads go back to the source, which undoes it', async () => {
    const { table, gateway } = await readyToFlip();
    const fenceId = await openFlip(table);
    await expect(table.move('abandon')).rejects.toMatchObject({ code: 'table.move_refused' });
    await table.move('reads_to_source');
    expect(await table.look()).toMatchObject({ writes: 'held', routed_share: 0 });
    expect((await readsToSource(rig.ctx, ADA, { tableId: table.id })).changed).toBe(false);
    const running = runFence(rig.ctx, fenceId);
    await gateway.quiet();
    expect(await running).toMatchObject({ outcome: 'aborted' });
    expect(await table.look()).toMatchObject({ stage: 'shift', writes: 'source_target', routed_share: 0 });
  });

  test('waits for dirty keys to be settled and for workers to stop', async () => {
    const { table, gateway } = await readyToFlip();
    const worker = await table.worker('w');
    const fenceId = await openFlip(table);
    await mark(table);
    const running = runFence(rig.ctx, fenceId);
    await gateway.quiet();
    await waitFor(async () => (await fenceOf(fenceId)).step === 'gateways_quiet', { everyMs: 5 });
    await unmark(table);
    await waitFor(async () => (await fenceOf(fenceId)).step === 'settled', { everyMs: 5 });
    await worker.stop();
    expect(await running).toMatchObject({ outcome: 'released' });
    await worker.end();
  });

  test('with an unknown outcome ends a short hold at once and is waited for in a long one', async () => {
    const { table, gateway } = await readyToFlip();
    const short = await openFlip(table);
    await mark(table, true);
    expect(await runFence(rig.ctx, short)).toMatchObject({ outcome: 'aborted' });
    expect(await table.look()).toMatchObject({ stage: 'shift', writes: 'source_target' });
    const slow = await readyToFlip({ deltaMs: 10_000 });
    const long = await openFlip(slow.table, { long: true });
    await mark(slow.table, true);
    const running = runFence(rig.ctx, long);
    await slow.gateway.quiet();
    await waitFor(async () => (await fenceOf(long)).step === 'gateways_quiet', { everyMs: 5 });
    await unmark(slow.table);
    expect(await running).toMatchObject({ outcome: 'released' });
    await gateway.acknowledge();
  });

  test('is undone past its bound, by its driver or by a reaper, and changes nothing', async () => {
    const { table } = await readyToFlip({ holdMsMax: 1_900 });
    const fenceId = await openFlip(table);
    await rig.sql`update fence set bound_at = now() where id = ${fenceId}`;
    expect(await reapFences(rig.ctx)).toContain(fenceId);
    expect(await reapFences(rig.ctx)).not.toContain(fenceId);
    expect(await table.look()).toMatchObject({ stage: 'shift', writes: 'source_target', routed_share: 100_000 });
    const again = await openFlip(table);
    await rig.sql`update fence set bound_at = now() where id = ${again}`;
    expect(await runFence(rig.ctx, again)).toMatchObject({ outcome: 'aborted' });
    const [event] = await rig.sql`select sentence from event where plan_table_id = ${table.id}
      and kind = 'fence.aborted' order by at desc limit 1`;
    expect(event?.sentence).toContain('waiting for 1 of 1 gateways: a');
  });

  test('whose canary cannot be written is undone', async () => {
    const { table, gateway } = await readyToFlip();
    rig.target.running.faults.add({ operations: ['PutItem'], kind: 'server_error', times: 1 });
    const running = runFence(rig.ctx, await openFlip(table));
    await gateway.quiet();
    expect(await running).toMatchObject({ outcome: 'aborted' });
    rig.target.running.faults.clear();
    expect(await table.look()).toMatchObject({ stage: 'shift', writes: 'source_target', authority: 'source' });
    expect(
      await rig.sql`select cause from dirty_key where plan_table_id = ${table.id} and hold_until is not null`,
    ).toEqual([{ cause: 'unknown_outcome' }]);
    await unmark(table);
  });
});

describe('a driver that dies after any step', () => {
  test.each(['hold', 'gateways_quiet', 'settled', 'workers_stopped', 'flipped', 'canary_proven'])(
    'is replaced at %s and the fence ends the same',
    async (step) => {
      const { table, gateway } = await readyToFlip();
      const fenceId = await openFlip(table);
      await gateway.quiet();
      while ((await fenceOf(fenceId)).step !== step) await stepFence(rig.ctx, await fenceOf(fenceId));
      expect(await runFence(rig.ctx, fenceId)).toMatchObject({ outcome: 'released' });
      expect(await table.look()).toMatchObject({ stage: 'target_first', writes: 'target_source' });
    },
  );

  test.each(FENCE_STEPS.filter((step) => step !== 'released' && step !== 'aborted'))(
    'is undone at %s by whoever ends the fence, to the routing before',
    async (step) => {
      const { table, gateway } = await readyToFlip();
      const fenceId = await openFlip(table);
      await gateway.quiet();
      while ((await fenceOf(fenceId)).step !== step) await stepFence(rig.ctx, await fenceOf(fenceId));
      const late = await fenceOf(fenceId);
      expect(await abortFence(rig.ctx, fenceId, 'tested')).toBe(true);
      // The former driver wakes up with what it knew before.
      await stepFence(rig.ctx, late);
      expect((await fenceOf(fenceId)).step).toBe('aborted');
      expect(await table.look()).toMatchObject({ stage: 'shift', writes: 'source_target', authority: 'source' });
    },
  );

  test('or two drivers at once: one flip, one release, one event', async () => {
    const { table, gateway } = await readyToFlip();
    const fenceId = await openFlip(table);
    await gateway.quiet();
    await Promise.all([runFence(rig.ctx, fenceId), runFence(rig.ctx, fenceId), runFence(rig.ctx, fenceId)]);
    expect(
      await rig.sql`select 1 from event where plan_table_id = ${table.id} and kind = 'move.flip_writes'`,
    ).toHaveLength(1);
    expect((await fenceOf(fenceId)).step).toBe('released');
  });
});

describe('the rules of the fence', () => {
  /** Steps as far as the fence goes, without a bound: a rule that holds keeps it at its step. */
  const drive = async (ctx: ServiceContext, fenceId: string) => {
    for (let round = 0; round < 12; round += 1) {
      const fence = await fenceOf(fenceId);
      const verdict = await stepFence(ctx, fence);
      if (verdict.kind !== 'done') return (await fenceOf(fenceId)).step;
    }
    return (await fenceOf(fenceId)).step;
  };

  test('registeredCount: a silent gateway blocks for ever; with the rule off it is passed by', async () => {
    const { table, gateway } = await readyToFlip();
    const silent = await table.gateway('silent');
    await silent.acknowledge();
    await silent.silence();
    // Telemetry of a silent gateway is no gate of a flip; the fence itself waits for it.
    const fenceId = await openFlip(table);
    await gateway.quiet();
    expect(await drive(rig.ctx, fenceId)).toBe('hold');
    expect(await drive(rig.contextWith(without('registeredCount')), fenceId)).toBe('released');
  });

  test('holdEpoch: authority changes only behind a hold; with the rule off gateways go on writing', async () => {
    const { table, gateway } = await readyToFlip();
    const fenceId = await openFlip(table);
    expect((await table.look()).writes).toBe('held');
    await gateway.acknowledge();
    expect(await drive(rig.ctx, fenceId)).toBe('hold');
    await abortFence(rig.ctx, fenceId, 'tested');
    const other = await readyToFlip();
    const as = rig.contextWith(without('holdEpoch'));
    const unheld = await openFlip(other.table, { as });
    expect((await other.table.look()).writes).toBe('source_target');
    await other.gateway.acknowledge();
    expect(await drive(as, unheld)).toBe('released');
  });

  test('workersStop: a registered worker that has not stopped blocks; with the rule off it is passed by', async () => {
    const { table, gateway } = await readyToFlip();
    const worker = await table.worker('busy');
    const fenceId = await openFlip(table);
    await gateway.quiet();
    expect(await drive(rig.ctx, fenceId)).toBe('settled');
    expect(await drive(rig.contextWith(without('workersStop')), fenceId)).toBe('released');
    await worker.end();
  });

  test('fenceRetest: a key marked after the workers stopped undoes the flip; with the rule off it is lost', async () => {
    const flipWithDirty = async (ctx: ServiceContext) => {
      const { table, gateway } = await readyToFlip();
      const fenceId = await openFlip(table);
      await gateway.quiet();
      while ((await fenceOf(fenceId)).step !== 'workers_stopped') await stepFence(rig.ctx, await fenceOf(fenceId));
      await mark(table);
      const verdict = await stepFence(ctx, await fenceOf(fenceId));
      const { step } = await fenceOf(fenceId);
      await unmark(table);
      await abortFence(rig.ctx, fenceId, 'tested');
      return { kind: verdict.kind, step };
    };
    expect(await flipWithDirty(rig.ctx)).toEqual({ kind: 'impossible', step: 'workers_stopped' });
    expect(await flipWithDirty(rig.contextWith(without('fenceRetest')))).toEqual({ kind: 'done', step: 'flipped' });
  });

  test('canary: a new authority that cannot be written is not released to; with the rule off it is', async () => {
    const flipToBroken = async (ctx: ServiceContext) => {
      const { table, gateway } = await readyToFlip();
      const fenceId = await openFlip(table);
      await gateway.quiet();
      rig.target.running.faults.add({ operations: ['PutItem'], kind: 'server_error', times: 1 });
      await runFence(ctx, fenceId);
      rig.target.running.faults.clear();
      const { step } = await fenceOf(fenceId);
      await unmark(table);
      return step;
    };
    expect(await flipToBroken(rig.ctx)).toBe('aborted');
    expect(await flipToBroken(rig.contextWith(without('canary')))).toBe('released');
  });

  test('canarySwept: what a driver writes that was frozen past the end of its fence is taken away again', async () => {
    const frozenCanary = async (ctx: ServiceContext) => {
      const { table, gateway } = await readyToFlip();
      const fenceId = await openFlip(table);
      await gateway.quiet();
      while ((await fenceOf(fenceId)).step !== 'flipped') await stepFence(rig.ctx, await fenceOf(fenceId));
      // This driver's first write to the store waits until it is told to go on, as a frozen process would.
      let thaw = () => {};
      const ice = new Promise<void>((done) => {
        thaw = done;
      });
      let isFrozen = false;
      const frozen = runFence(
        {
          ...rig.ctx,
          makeWire: (target) => {
            const wire = rig.ctx.makeWire(target);
            return {
              ...wire,
              target: wire.target,
              inFlight: () => wire.inFlight(),
              close: async () => {},
              send: async (request) => {
                // What follows the write is never sent: the process dies with its canary written.
                if (isFrozen && request.operation !== 'PutItem') return { kind: 'unknown', cause: 'time_out' } as never;
                isFrozen = true;
                await ice;
                return await wire.send(request);
              },
            };
          },
        },
        fenceId,
      );
      await waitFor(() => isFrozen, { what: 'the first driver to freeze' });
      expect(await runFence(rig.ctx, fenceId)).toMatchObject({ outcome: 'released' });
      // Nobody knows yet that the first one will not write any more.
      expect(await sweepCanaries(rig.ctx)).not.toContain(fenceId);
      thaw();
      await frozen;
      await waitFor(async () => (await sweepCanaries(ctx)).includes(fenceId) || ctx !== rig.ctx, { what: 'the sweep' });
      const wire = rig.ctx.makeWire(rig.target.target);
      const left = await getItem(wire, { table: table.name, key: canaryKey(table.schema, fenceId) });
      await wire.close();
      await unmark(table);
      return left.kind === 'ok' && left.value !== null;
    };
    expect(await frozenCanary(rig.ctx)).toBe(false);
    expect(await frozenCanary(rig.contextWith(without('canarySwept')))).toBe(true);
  });

  test('a gateway that registers under the hold is counted at the flip', async () => {
    const { table, gateway } = await readyToFlip();
    const fenceId = await openFlip(table);
    await gateway.quiet();
    while ((await fenceOf(fenceId)).step !== 'workers_stopped') await stepFence(rig.ctx, await fenceOf(fenceId));
    const late = await table.gateway('late');
    expect((await stepFence(rig.ctx, await fenceOf(fenceId))).kind).toBe('wait');
    await late.quiet();
    expect((await stepFence(rig.ctx, await fenceOf(fenceId))).kind).toBe('done');
    expect((await fenceOf(fenceId)).step).toBe('flipped');
  });
});

describe('closing the source', () => {
  test('starts the clock of the backup and proves that a write to it is refused, where an issuer can make the key read-only', async () => {
    const table = await rig.newTable({ stage: 'target_first' });
    await table.makeVerified();
    const gateway = await table.gateway('a');
    await gateway.acknowledge();
    const items = ['data_verified', 'reads_on_target', 'writes_on_target', 'monitoring', 'rollback', 'training'];
    for (const item of items)
      await rig.sql`insert into sign_off (id, plan_id, item, evidence_hash, evidence, signed_by, signed_by_name)
        values (${`sgn_${item}_${table.id}`}, ${table.planId}, ${item}, 'h', '{}', 'x', 'X')`;
    const issuer = JSON.stringify({ url: rig.source.adminUrl, token: rig.source.adminToken });
    await rig.sql`update connection set issuer_sealed = ${rig.ctx.sealer.seal(issuer, 'issuer')} where id = ${table.sourceConnectionId}`;
    const seen = await dryRun(rig.ctx, GRACE, { tableId: table.id, verb: 'close_source' });
    await approve(rig.ctx, GRACE, { tableId: table.id, verb: 'close_source', planHash: seen.planHash! });
    const { fenceId } = await table.move('close_source', { typedName: table.name });
    const running = runFence(rig.ctx, fenceId!);
    await gateway.quiet();
    expect(await running).toMatchObject({ outcome: 'released' });
    const row = await table.look();
    expect(row).toMatchObject({ stage: 'backup', writes: 'target', hold_kind: null });
    expect(row.source_refusal_proven_at).not.toBeNull();
    const [backup] = await rig.sql`select backup_since is not null as since, backup_until is not null as until
      from plan_table where id = ${table.id}`;
    expect(backup).toEqual({ since: true, until: true });
  });
});

describe('credentials', () => {
  const giveIssuers = async (table: RigTable) => {
    for (const [store, id] of [
      [rig.source, table.sourceConnectionId],
      [rig.target, table.targetConnectionId],
    ] as const) {
      const issuer = JSON.stringify({ url: store.adminUrl, token: store.adminToken });
      await rig.sql`update connection set issuer_sealed = ${rig.ctx.sealer.seal(issuer, 'issuer')} where id = ${id}`;
    }
  };

  test('are issued by the successor of a driver that died in the hold, and the orphan of that one is revoked', async () => {
    const { table, gateway } = await readyToFlip();
    await giveIssuers(table);
    const fenceId = await openFlip(table);
    // The first driver issued this one and died before it could record it.
    const orphan = rig.target.running.keys.issue(`landfall primary ${fenceId}`, ['read', 'write']);
    await gateway.quiet();
    while ((await fenceOf(fenceId)).step !== 'workers_stopped') await stepFence(rig.ctx, await fenceOf(fenceId));
    expect(await runFence(rig.ctx, fenceId)).toMatchObject({ outcome: 'released' });
    const rows = await rig.sql`select purpose from store_credential
      where connection_id in (${table.sourceConnectionId}, ${table.targetConnectionId}) and state = 'active' order by purpose`;
    expect(rows.map((row) => row.purpose)).toEqual(['primary', 'reverse']);
    expect(rig.target.running.keys.find(orphan.accessKeyId)).toBeNull();
  });

  test('that their issuer does not give keep the flip waiting, and undo it at its bound', async () => {
    const { table, gateway } = await readyToFlip({ holdMsMax: 1_900 });
    const issuer = JSON.stringify({ url: 'http://127.0.0.1:9/_admin', token: 'none' });
    await rig.sql`update connection set issuer_sealed = ${rig.ctx.sealer.seal(issuer, 'issuer')} where id = ${table.targetConnectionId}`;
    const fenceId = await openFlip(table);
    await gateway.quiet();
    expect(await runFence(rig.ctx, fenceId)).toMatchObject({ outcome: 'aborted' });
    const [row] = await rig.sql`select aborted_reason as why from fence where id = ${fenceId}`;
    expect(row?.why).toContain('waiting for the service that issues keys');
    expect(await table.look()).toMatchObject({ stage: 'shift', writes: 'source_target' });
  });

  test('of each direction are issued anew, and those of the old one are revoked and proven refused', async () => {
    const { table, gateway } = await readyToFlip();
    for (const [store, id] of [
      [rig.source, table.sourceConnectionId],
      [rig.target, table.targetConnectionId],
    ] as const) {
      const issuer = JSON.stringify({ url: store.adminUrl, token: store.adminToken });
      await rig.sql`update connection set issuer_sealed = ${rig.ctx.sealer.seal(issuer, 'issuer')} where id = ${id}`;
    }
    const forth = runFence(rig.ctx, await openFlip(table));
    await gateway.quiet();
    await forth;
    const states = () => rig.sql`select purpose, state from store_credential
      where connection_id in (${table.sourceConnectionId}, ${table.targetConnectionId}) order by purpose`;
    expect(await states()).toEqual([
      { purpose: 'primary', state: 'active' },
      { purpose: 'reverse', state: 'active' },
    ]);
    await gateway.acknowledge();
    const { fenceId } = await table.move('flip_back');
    const back = runFence(rig.ctx, fenceId!);
    await gateway.quiet();
    await back;
    await retireCredentials(rig.ctx);
    expect(await states()).toEqual([
      { purpose: 'mirror', state: 'active' },
      { purpose: 'origin', state: 'active' },
      { purpose: 'primary', state: 'retired' },
      { purpose: 'reverse', state: 'retired' },
    ]);
  });
});
