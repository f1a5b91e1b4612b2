/** Guardrails on real counts: a gateway that reads two stores which differ, or one that fails, and what becomes of the share. */
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '@/lib/adapters/log';
import { ATTEMPTS_MIN } from '@/lib/domain/plan/guardrails';
import { type Actor, type ServiceContext, serviceContextOf } from '@/lib/services/context';
import { type GatewayRig, type RigGateway, startGatewayRig } from '@/lib/testing/gateway-rig';
import { waitFor } from '@/lib/testing/wait-for';
import { repairShadowSample } from '../run/repair-shadow';
import { shadowSampleView, shadowView } from '../view/shadow-view';
import { loadFacts } from './facts';
import { guardRound, guardTable } from './guard';
import { setGuardMode } from './guard-modes';
import { setShadowShare } from './shadow-share';

const NAME = 'orders';
const person = (role: Actor['role']): Actor => ({ id: `usr_${role}`, name: role, role });

describe('guardrails', () => {
  let rig: GatewayRig;
  let gateway: RigGateway;
  let table: string;
  let ctx: ServiceContext;
  beforeAll(async () => {
    rig = await startGatewayRig({ settings: { storeTimeoutMs: 400, holdMsMax: 2_000 } });
    const { sql, db } = rig.database;
    const log = createLog({ process: 'test', level: 'silent' });
    ctx = serviceContextOf({ sql, db, sealingKey: rig.sealingKey, log });
    table = await rig.table(NAME, { partition: { name: 'pk', type: 'S' } });
    await sql`insert into alert_destination (id, name, url, secret_sealed, created_by)
      values ('dst_test', 'test', 'http://127.0.0.1:9/', ${rig.sealer.seal('x', 'alert-destination')}, 'test')`;
    gateway = await rig.gateway('one');
  });
  beforeEach(async () => {
    const { sql } = rig.database;
    rig.target.running.faults.clear();
    await sql`delete from dirty_key`;
    await sql`delete from guard_state`;
    await sql`delete from event`;
    await sql`delete from alert`;
    await sql`update plan_table set stage = 'shift', shadow_milli = 0, guard_modes = '{}', read_share_milli = 100000,
      share_since = now(), stage_since = now()`;
    await rig.stageEverywhere(table, 'shift', 100_000);
    await set('target', 'probe');
    await set('source', 'probe');
    await waitFor(async () => {
      await get('probe');
      const [row] = await sql`select sum(reads_target)::int as n from traffic_sample where epoch =
        (select epoch from routing where plan_table_id = ${table})`;
      return (row?.n ?? 0) > 0;
    });
    await sql`delete from traffic_sample`;
  });
  afterAll(() => rig.stop());

  const set = (side: 'source' | 'target', pk: string) =>
    rig[side].running.engine.run('PutItem', { TableName: NAME, Item: { pk: { S: pk }, from: { S: side } } });
  const get = async (pk: string) =>
    (await gateway.client.send(new GetItemCommand({ TableName: NAME, Key: { pk: { S: pk } } }))).Item?.from?.S;
  const share = async () => {
    const [row] = await rig.database.sql`select t.read_share_milli as desired, r.read_share_milli as routed
      from plan_table t join routing r on r.plan_table_id = t.id`;
    return row as { desired: number; routed: number };
  };
  const events = () =>
    rig.database.sql<{ kind: string; sentence: string; actor_kind: string; actor: string; reason: string | null }[]>`
      select kind, sentence, actor_kind, actor, reason from event order by at, id`;
  const alerts = () => rig.database.sql<{ kind: string; sentence: string }[]>`select kind, sentence from alert`;
  /** Twelve items that only TerraScale has, each read, and confirmed to differ. */
  async function plantDifferences(prefix: string) {
    await setShadowShare(ctx, person('operator'), {
      tableId: table,
      shadowMilli: 100_000,
      seenMilli: 0,
      reason: 'look',
    });
    const [row] = await rig.database.sql`select epoch::int as epoch from routing where plan_table_id = ${table}`;
    await rig.acknowledged((row as { epoch: number }).epoch);
    const keys = Array.from({ length: 12 }, (_, n) => `${prefix}${n}`);
    await Promise.all(keys.map((key) => set('target', key)));
    for (const key of keys) expect(await get(key)).toBe('target');
    await waitFor(async () => {
      const loaded = await loadFacts(ctx, ctx.db, { planTableId: table });
      return loaded?.facts.shadow?.differing === 12;
    });
  }

  /** The list on the screen, masked by role, and the repair that would delete. */
  async function seesWhatDiffers() {
    const view = await waitFor(async () => {
      const now = await shadowView(ctx, person('viewer'), table);
      return now.samples.length === 12 ? now : null;
    });
    expect(view).toMatchObject({ milli: 100_000, isPossible: true, kept: { extra: 12 } });
    expect(view.window.classes.extra).toBe(12);
    const [first] = view.samples;
    expect(first).toMatchObject({ class: 'extra', state: 'waits', repairDeletes: 'target' });
    expect(first?.key).toMatch(/^key /);
    const of = { tableId: table, sampleId: first?.id as string };
    const masked = await shadowSampleView(ctx, person('viewer'), of);
    expect(masked).toMatchObject({ masked: true });
    expect(JSON.stringify(masked.rows)).not.toContain('"target\\"');
    const open = await shadowSampleView(ctx, person('operator'), of);
    expect(open.rows.find((row) => row.attribute === 'from')).toMatchObject({ source: null, target: '{"S":"target"}' });
    await expect(repairShadowSample(ctx, person('operator'), of)).rejects.toMatchObject({ code: 'auth.role_too_low' });
    await repairShadowSample(ctx, person('approver'), of);
    expect((await rig.dirty(table)).map((row) => row.cause)).toEqual(['mismatch']);
  }

  it('take reads back to 0 % when what TerraScale answers is confirmed to differ, say why, and do it once', async () => {
    await plantDifferences('planted');
    expect(await guardRound(ctx)).toEqual({ rolledBack: [table] });
    expect(await share()).toEqual({ desired: 0, routed: 0 });
    await waitFor(async () => (await get('planted1')) === undefined);
    const told = await events();
    const back = told.find((one) => one.kind === 'move.reads_to_source');
    expect(back).toMatchObject({ actor_kind: 'guardrail', actor: 'Guardrail' });
    expect(back?.reason).toContain('12 of 12 items that shadow reads compared in 10 min differ');
    expect(told.filter((one) => one.kind === 'guardrail.tripped').map((one) => one.sentence)).toEqual([
      expect.stringContaining('the read share may not rise'),
    ]);
    const [audit] = await rig.database.sql`select actor_id, reason from audit where action = 'table.reads_to_source'
      order by sequence desc limit 1`;
    expect(audit).toMatchObject({ actor_id: 'guardrail', reason: back?.reason });
    expect(await alerts()).toEqual([
      { kind: 'guardrail_rolled_back', sentence: expect.stringContaining('from 100 %') },
    ]);
    expect(await guardRound(ctx)).toEqual({ rolledBack: [] });
    expect(await events()).toHaveLength(told.length);
    await seesWhatDiffers();
    // A person may not raise it again while the evidence is there.
    const loaded = await loadFacts(ctx, ctx.db, { planTableId: table });
    expect(loaded?.guardrails.find((rail) => rail.name === 'mismatches')?.state).toBe('tripped');
  });

  it('in dry run say once what they would have done, and leave reads where they are', async () => {
    await setGuardMode(ctx, person('approver'), {
      tableId: table,
      rule: 'mismatches',
      mode: 'dry',
      reason: 'new here',
    });
    await plantDifferences('dry');
    expect(await guardTable(ctx, table)).toBe(false);
    expect(await guardTable(ctx, table)).toBe(false);
    expect(await share()).toEqual({ desired: 100_000, routed: 100_000 });
    const told = (await events()).filter((one) => one.kind.startsWith('guardrail.would'));
    expect(told.map((one) => one.sentence)).toEqual([expect.stringContaining('dry run, reads stay at 100 %')]);
    expect((await events()).some((one) => one.kind === 'move.reads_to_source')).toBe(false);
  });

  it('take reads back while TerraScale fails, of which users saw nothing', async () => {
    rig.target.running.faults.add({ kind: 'server_error' });
    await set('source', 'failing');
    for (let n = 0; n < ATTEMPTS_MIN + 20; n += 1) expect(await get('failing')).toBe('source');
    const back = await waitFor(async () => {
      await guardTable(ctx, table);
      return (await events()).find((one) => one.kind === 'move.reads_to_source');
    });
    expect(back?.reason).toContain('Reads that fell back to DynamoDB');
    expect(await share()).toEqual({ desired: 0, routed: 0 });
    const [row] = await rig.database.sql`select sum(user_errors)::int as n from traffic_sample`;
    expect(row?.n).toBe(0);
  });

  it('go no further than people allow, who must have the role and a reason', async () => {
    const ask = { tableId: table, rule: 'slow', mode: 'on', reason: 'proven' } as const;
    await expect(setGuardMode(ctx, person('operator'), ask)).rejects.toMatchObject({ code: 'auth.role_too_low' });
    await expect(setGuardMode(ctx, person('approver'), { ...ask, reason: ' ' })).rejects.toThrow();
    await expect(
      setGuardMode(ctx, person('approver'), { ...ask, rule: 'mismatches', mode: 'off' }),
    ).rejects.toMatchObject({ code: 'input.invalid' });
    await setGuardMode(ctx, person('approver'), ask);
    const loaded = await loadFacts(ctx, ctx.db, { planTableId: table });
    expect(loaded?.guardrails.find((rail) => rail.name === 'slow')?.mode).toBe('on');
    expect((await events()).map((one) => one.kind)).toEqual(['guardrail.mode']);
    const shadow = { tableId: table, shadowMilli: 5_000, seenMilli: 1, reason: 'more' };
    await expect(setShadowShare(ctx, person('viewer'), shadow)).rejects.toMatchObject({ code: 'auth.role_too_low' });
    await expect(setShadowShare(ctx, person('operator'), shadow)).rejects.toMatchObject({ code: 'input.stale_form' });
  });
});
