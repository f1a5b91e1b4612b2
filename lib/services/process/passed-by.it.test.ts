import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readFence } from '@/db/queries/fence/fence';
import { readMaterial } from '@/db/queries/gateway/material';
import { registerGateway } from '@/db/queries/gateway/registration';
import { without } from '@/lib/domain/safeguards';
import { ADA, GRACE, openServiceRig, type RigTable, type ServiceRig } from '@/lib/testing/service-rig';
import { stepFence } from '../fence/run-fence';
import { passBarrier } from '../table/barriers';
import { dryRun } from '../table/dry-run';
import { attestGone, withdrawWorker } from './attest-gone';
import { conditionsOf, declareDead } from './declare-dead';
import { passByRound } from './passed-by';

let rig: ServiceRig;
beforeAll(async () => {
  rig = await openServiceRig();
});
afterAll(async () => {
  await rig.close();
});

const words = (gatewayId: string, typedName: string) => ({
  processId: gatewayId,
  typedName,
  reason: 'rack 4 burnt down',
});

/** Lets the services make and revoke keys of both stores, as their own consoles would. */
async function giveIssuers(table: RigTable): Promise<void> {
  for (const [store, id] of [
    [rig.source, table.sourceConnectionId],
    [rig.target, table.targetConnectionId],
  ] as const) {
    // A key of its own, so that revoking it leaves the other tests theirs.
    const key = store.running.keys.issue('connection', ['read', 'write', 'describe', 'manage']);
    const credentials = { accessKeyId: key.accessKeyId, secretAccessKey: key.secretAccessKey };
    const issuer = JSON.stringify({ url: store.adminUrl, token: store.adminToken });
    await rig.sql`update connection set issuer_sealed = ${rig.ctx.sealer.seal(issuer, 'issuer')},
      credential_sealed = ${rig.ctx.sealer.seal(JSON.stringify(credentials), 'connection')} where id = ${id}`;
  }
}

/** A table on its way with one gateway that answers and one that has vanished. */
async function withVanished(stage: 'verify' | 'shift', settings = {}) {
  const table = await rig.newTable({ stage, settings: { deltaMs: 30, ...settings } });
  await table.makeReady();
  await table.makeVerified();
  await giveIssuers(table);
  const alive = await table.gateway('alive');
  const gone = await table.gateway('gone');
  await alive.acknowledge();
  await gone.acknowledge();
  await gone.silence();
  return { table, alive, gone };
}
type Vanished = Awaited<ReturnType<typeof withVanished>>;

const unmetOf = async (gatewayId: string) =>
  ((await conditionsOf(rig.ctx.db, gatewayId))?.conditions ?? []).filter((one) => !one.met).map((one) => one.condition);

/** Keys refused, Δ over, verified anew. */
async function prove({ table, alive, gone }: Vanished): Promise<void> {
  // First round: new keys, and an epoch that brings them; it is revoked once everybody else acts on that.
  await passByRound(rig.ctx);
  await alive.acknowledge();
  await passByRound(rig.ctx);
  await rig.sql`update process_credential set refused_at = refused_at - interval '1 second' where process_id = ${gone.id}`;
  await table.makeVerified();
}

describe('a gateway that vanished', () => {
  beforeEach(async () => {
    // Each test looks at its own: keys that an earlier one is still owed would be replaced too.
    await rig.sql`delete from process_credential`;
  });

  test('is attested to be gone by an approver only, by name and with a reason, and only while it is silent', async () => {
    const { alive, gone } = await withVanished('shift');
    await expect(attestGone(rig.ctx, ADA, words(gone.id, 'gone'))).rejects.toMatchObject({ code: 'auth.role_too_low' });
    await expect(attestGone(rig.ctx, GRACE, words(gone.id, 'other'))).rejects.toMatchObject({
      code: 'table.name_not_typed',
    });
    await expect(attestGone(rig.ctx, GRACE, { ...words(gone.id, 'gone'), reason: ' ' })).rejects.toMatchObject({
      code: 'input.invalid',
    });
    await expect(attestGone(rig.ctx, GRACE, words(alive.id, 'alive'))).rejects.toMatchObject({
      code: 'gateway.not_silent',
    });
  });

  test('puts its tables under "verify again", never registers again and gets no key any more', async () => {
    const { table, alive, gone } = await withVanished('shift');
    await attestGone(rig.ctx, GRACE, words(gone.id, 'gone'));
    const [row] = await rig.sql`select verify_again_since is not null as owed, verify_again_reason as why
      from plan_table where id = ${table.id}`;
    expect(row).toEqual({ owed: true, why: 'Gateway gone vanished without a goodbye' });
    const connectionId = table.sourceConnectionId;
    const back = { connectionId, identity: 'gone', version: '1', host: 'h', listen: 'l' };
    expect(await registerGateway(rig.sql, { id: gone.id, ...back })).toBe(false);
    expect(await readMaterial(rig.sql, { connectionId, gatewayId: gone.id })).toBeNull();
    expect(await readMaterial(rig.sql, { connectionId, gatewayId: alive.id })).not.toBeNull();
    expect(
      await rig.sql`select kind from event where kind in ('gateway.gone', 'verification.owed') and at > now() - interval '5 seconds' order by kind`,
    ).toContainEqual({ kind: 'gateway.gone' });
  });

  test('is passed by a barrier on the attestation, and keeps the read shift waiting until it is proven', async () => {
    const { table, alive, gone } = await withVanished('verify');
    await rig.sql`update plan_table set barrier_passed_at = null, barrier_epoch = (select epoch from routing_head
      where connection_id = ${table.sourceConnectionId}) where id = ${table.id}`;
    await rig.sql`update gateway set acknowledged_epoch = 0 where id = ${gone.id}`;
    expect(await passBarrier(rig.ctx, table.id)).toBe(false);
    await attestGone(rig.ctx, GRACE, words(gone.id, 'gone'));
    expect(await passBarrier(rig.ctx, table.id)).toBe(true);
    const gate = async () =>
      (await dryRun(rig.ctx, ADA, { tableId: table.id, verb: 'begin_shift' })).gates.find(
        (one) => one.gate === 'gone_gateways_proven',
      );
    expect(await gate()).toMatchObject({ met: false, observed: 'not proven: gone' });
    await prove({ table, alive, gone });
    expect(await gate()).toMatchObject({ met: true, observed: 'all proven' });
  });

  test('is declared dead only when its keys are refused on both sides, Δ has passed and a later verification is clean', async () => {
    const vanished = await withVanished('shift');
    const { table, alive, gone } = vanished;
    expect(await unmetOf(gone.id)).toEqual(['attested', 'keys_refused', 'delta_passed', 'verified']);
    await attestGone(rig.ctx, GRACE, words(gone.id, 'gone'));
    expect(await unmetOf(gone.id)).toEqual(['keys_refused', 'delta_passed', 'verified']);
    await passByRound(rig.ctx);
    // Replaced for all, but not revoked before the gateway that is alive uses the new keys.
    const probes = await rig.sql`select probe, revoked_at from process_credential where process_id = ${gone.id}`;
    expect(probes.map((one) => one.revoked_at)).toEqual([null, null]);
    expect(probes[0]?.probe).toContain('alive');
    await alive.acknowledge();
    await passByRound(rig.ctx);
    expect(await unmetOf(gone.id)).toContain('verified');
    await expect(declareDead(rig.ctx, GRACE, words(gone.id, 'gone'))).rejects.toMatchObject({
      code: 'gateway.not_proven_dead',
    });
    await rig.sql`update process_credential set refused_at = refused_at - interval '1 second' where process_id = ${gone.id}`;
    // The verification that there is began before all that.
    await rig.sql`update run set started_at = now() - interval '1 hour' where plan_table_id = ${table.id}`;
    expect(await unmetOf(gone.id)).toEqual(['verified']);
    await table.makeVerified();
    expect(await unmetOf(gone.id)).toEqual([]);
    await expect(declareDead(rig.ctx, ADA, words(gone.id, 'gone'))).rejects.toMatchObject({
      code: 'auth.role_too_low',
    });
    await declareDead(rig.ctx, GRACE, words(gone.id, 'gone'));
    expect(
      (await rig.sql`select 1 from audit where action = 'gateway.declare_dead' and subject = ${gone.id}`).length,
    ).toBe(1);
  });

  test('deadProven: blocks a fence until it is declared dead on proof; with the rule off the attestation is enough', async () => {
    const vanished = await withVanished('shift');
    const { table, alive, gone } = vanished;
    await table.traffic({ reads_source: 10, writes: 10, mirrored: 10 });
    await attestGone(rig.ctx, GRACE, words(gone.id, 'gone'));
    await table.makeVerified();
    await rig.sql`update plan_table set verify_again_since = null where id = ${table.id}`;
    const open = async () => {
      await table.traffic({ reads_target: 10, writes: 10, mirrored: 10 });
      // The fence itself is what is looked at, so it is opened past its gates.
      await rig.sql`update plan_table set stage = 'target_first', read_share_milli = 100000 where id = ${table.id}`;
      const { fenceId } = await table.move('flip_back');
      await alive.quiet();
      return (await readFence(rig.ctx.db, fenceId as string))!;
    };
    const fence = await open();
    expect(await stepFence(rig.ctx, fence)).toMatchObject({ kind: 'wait' });
    expect(await stepFence(rig.contextWith(without('deadProven')), fence)).toMatchObject({ kind: 'done' });
    await rig.sql`update fence set step = 'hold' where id = ${fence.id}`;
    await prove(vanished);
    await alive.quiet();
    // Proven, but nobody has declared it.
    expect(await stepFence(rig.ctx, (await readFence(rig.ctx.db, fence.id))!)).toMatchObject({ kind: 'wait' });
    await declareDead(rig.ctx, GRACE, words(gone.id, 'gone'));
    await rig.sql`update gateway_table set quiet_epoch = 1000 where gateway_id = ${alive.id}`;
    expect(await stepFence(rig.ctx, (await readFence(rig.ctx.db, fence.id))!)).toMatchObject({ kind: 'done' });
    await rig.sql`update fence set step = 'aborted' where id = ${fence.id}`;
  });

  test('whose store has no issuer says which key a person has to change, and finds out when it was', async () => {
    const { table, gone } = await withVanished('shift');
    await rig.sql`update connection set issuer_sealed = null where id in (${table.sourceConnectionId}, ${table.targetConnectionId})`;
    await attestGone(rig.ctx, GRACE, words(gone.id, 'gone'));
    expect(await passByRound(rig.ctx)).toBe(0);
    const facts = (await conditionsOf(rig.ctx.db, gone.id))!.conditions[1]!;
    expect(facts.observed).toContain('accepted: change the key of the connection, then revoke this one');
    for (const [store, id] of [
      [rig.source, table.sourceConnectionId],
      [rig.target, table.targetConnectionId],
    ] as const) {
      const [row] = await rig.sql<
        { sealed: string }[]
      >`select credential_sealed as sealed from connection where id = ${id}`;
      const opened = rig.ctx.sealer.open(row!.sealed, 'connection');
      store.running.keys.revoke(JSON.parse(opened.ok ? opened.value : '{}').accessKeyId);
    }
    expect(await passByRound(rig.ctx)).toBe(2);
    expect(await unmetOf(gone.id)).not.toContain('keys_refused');
  });
});

describe('a worker that was killed where nobody saw it', () => {
  test('counts at fences until every key that it may know is refused, and is then recorded as ended', async () => {
    await rig.sql`delete from process_credential`;
    // It may know the key of every connection there is, so for this test there are two.
    await rig.sql`update connection set issuer_sealed = null`;
    const table = await rig.newTable({ stage: 'shift' });
    await giveIssuers(table);
    const alive = await table.gateway('alone');
    await alive.acknowledge();
    const worker = await table.worker('lost');
    await expect(withdrawWorker(rig.ctx, GRACE, words(worker.id, worker.id))).rejects.toMatchObject({
      code: 'worker.not_silent',
    });
    await rig.sql`update worker set last_seen_at = now() - interval '1 hour' where id = ${worker.id}`;
    await expect(withdrawWorker(rig.ctx, ADA, words(worker.id, worker.id))).rejects.toMatchObject({
      code: 'auth.role_too_low',
    });
    await withdrawWorker(rig.ctx, GRACE, words(worker.id, worker.id));
    await rig.sql`delete from process_credential where connection_id not in (${table.sourceConnectionId}, ${table.targetConnectionId})`;
    const state = async () => (await rig.sql`select state from worker where id = ${worker.id}`)[0]?.state;
    await passByRound(rig.ctx);
    expect(await state()).toBe('withdrawn');
    await alive.acknowledge();
    await passByRound(rig.ctx);
    expect(await state()).toBe('exited');
  });
});
