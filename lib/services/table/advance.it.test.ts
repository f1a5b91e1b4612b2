import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { without } from '@/lib/domain/safeguards';
import { ADA, GRACE, openServiceRig, type ServiceRig, VIEWER } from '@/lib/testing/service-rig';
import { waitFor } from '@/lib/testing/wait-for';
import { verifyChain } from '../evidence/audit';
import { completeBackfill } from '../run/complete-backfill';
import { advance } from './advance';
import { approve } from './approve';
import { passBarriers } from './barriers';
import { dryRun } from './dry-run';
import { hold, resume } from './hold';
import { readsToSource } from './reads-to-source';

let rig: ServiceRig;
beforeAll(async () => {
  rig = await openServiceRig();
});
afterAll(async () => {
  await rig.close();
});

const refused = (code: string) => expect.objectContaining({ code });

describe('a move', () => {
  test('is one transaction: stage, epoch, event and audit row', async () => {
    const table = await rig.newTable();
    await table.makeReady();
    await table.gateway('a');
    const before = await table.look();
    const result = await table.move('begin_dual_write');
    const after = await table.look();
    expect(after).toMatchObject({
      stage: 'dual_write',
      version: before.version + 1,
      writes: 'source_target',
      reads: 'source',
    });
    expect(after.routing_epoch).toBe(result.epoch);
    expect(result.epoch).toBe(before.routing_epoch + 1);
    const events =
      await rig.sql`select kind, epoch::int as epoch, reason, actor from event where plan_table_id = ${table.id}`;
    expect(events).toEqual([{ kind: 'move.begin_dual_write', epoch: result.epoch, reason: 'because', actor: 'Ada' }]);
    const audits = await rig.sql`select action, actor_id, reason from audit where subject = ${table.id}`;
    expect(audits).toEqual([{ action: 'table.begin_dual_write', actor_id: ADA.id, reason: 'because' }]);
  });

  test('that a gate forbids is refused with what was observed, and changes nothing', async () => {
    const table = await rig.newTable();
    const before = await table.look();
    const error = await table.move('begin_dual_write').catch((caught: unknown) => caught);
    expect(error).toEqual(refused('table.move_refused'));
    const gates = (error as { detail: { gates: { gate: string; met: boolean; observed: string }[] } }).detail.gates;
    expect(gates.filter((gate) => !gate.met).map((gate) => gate.gate)).toEqual([
      'assessment_passed',
      'target_structure_proven',
      'key_may_write',
      'forecast_within_quota',
      'gateways_registered',
    ]);
    expect(await table.look()).toEqual(before);
    expect(await rig.sql`select 1 from audit where subject = ${table.id}`).toHaveLength(0);
  });

  test('needs its role', async () => {
    const table = await rig.newTable({ stage: 'shift' });
    await expect(table.move('abandon', { actor: VIEWER })).rejects.toEqual(refused('auth.role_too_low'));
    await expect(readsToSource(rig.ctx, VIEWER, { tableId: table.id })).rejects.toEqual(refused('auth.role_too_low'));
  });

  test('on what somebody else moved meanwhile is a lost race that says who and when', async () => {
    const table = await rig.newTable({ stage: 'verify' });
    await table.makeVerified();
    await table.traffic({ reads_source: 10 });
    await table.gateway('a');
    const seen = await dryRun(rig.ctx, ADA, { tableId: table.id, verb: 'begin_shift' });
    const input = {
      tableId: table.id,
      verb: 'begin_shift' as const,
      version: seen.version,
      planHash: seen.planHash!,
      reason: 'x',
    };
    const both = await Promise.allSettled([
      advance(rig.ctx, ADA, { ...input, idempotencyKey: 'race-a' }),
      advance(rig.ctx, GRACE, { ...input, idempotencyKey: 'race-b' }),
    ]);
    expect(both.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected']);
    const lost = both.find((one) => one.status === 'rejected') as PromiseRejectedResult;
    expect(lost.reason).toEqual(refused('table.lost_race'));
    expect(lost.reason.detail.sentence).toMatch(/was moved to 0 % by (Ada|Grace) .* ago/);
  });

  test('whose facts changed since the dry run is refused', async () => {
    const table = await rig.newTable({ stage: 'shift' });
    const seen = await dryRun(rig.ctx, ADA, { tableId: table.id, verb: 'abandon' });
    const input = {
      tableId: table.id,
      verb: 'abandon' as const,
      version: seen.version,
      reason: 'x',
      idempotencyKey: null,
    };
    await expect(advance(rig.ctx, ADA, { ...input, planHash: 'other' })).rejects.toEqual(refused('table.plan_changed'));
  });

  test('sent twice by a double click happens once and answers the same; the same key for something else is refused', async () => {
    const table = await rig.newTable({ stage: 'shift' });
    const seen = await dryRun(rig.ctx, ADA, { tableId: table.id, verb: 'abandon' });
    const input = {
      tableId: table.id,
      verb: 'abandon' as const,
      version: seen.version,
      planHash: seen.planHash!,
      reason: 'x',
      idempotencyKey: `click-${table.id}`,
    };
    const [first, second] = await Promise.all([advance(rig.ctx, ADA, input), advance(rig.ctx, ADA, input)]);
    expect(second).toEqual(first);
    expect(await rig.sql`select 1 from audit where subject = ${table.id}`).toHaveLength(1);
    await expect(advance(rig.ctx, ADA, { ...input, reason: 'y' })).rejects.toEqual(refused('input.repeated'));
    await expect(advance(rig.ctx, GRACE, input)).rejects.toEqual(refused('input.repeated'));
  });

  test('without a reason where one is asked for is refused with the field', async () => {
    const table = await rig.newTable({ stage: 'shift' });
    const error = await table.move('abandon', { reason: ' ' }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'input.invalid', detail: { fields: { reason: expect.any(String) } } });
  });
});

describe('the read share', () => {
  const inShift = async () => {
    const table = await rig.newTable({ stage: 'shift' });
    await table.makeVerified();
    const gateway = await table.gateway('a');
    await gateway.acknowledge();
    await table.traffic({ reads_source: 10, writes: 10, mirrored: 10 });
    return { table, gateway };
  };

  test('rises by gates and falls without any', async () => {
    const { table, gateway } = await inShift();
    await table.move('set_read_share', { readShareMilli: 10_000 });
    await gateway.acknowledge();
    expect(await table.look()).toMatchObject({ read_share_milli: 10_000, routed_share: 10_000, reads: 'share' });
    // No read was counted under the new share yet, so it may not rise further: no data never passes.
    const up = await table.move('set_read_share', { readShareMilli: 50_000 }).catch((caught: unknown) => caught);
    const unmet = (up as { detail: { gates: { gate: string; met: boolean }[] } }).detail.gates.filter(
      (gate) => !gate.met,
    );
    expect(unmet.map((gate) => gate.gate)).toContain('reads_observed');
    await table.move('set_read_share', { readShareMilli: 1_000 });
    expect(await table.look()).toMatchObject({ read_share_milli: 1_000, routed_share: 1_000 });
  });

  test('observed is what gateways counted under the share in force, fall-backs included', async () => {
    const { table, gateway } = await inShift();
    await table.traffic({ reads_source: 1_000 });
    await table.move('set_read_share', { readShareMilli: 100_000 });
    await gateway.acknowledge();
    await table.traffic({ reads_target: 3, reads_fallback_missing: 1 });
    const seen = await dryRun(rig.ctx, ADA, { tableId: table.id, verb: 'flip_writes' });
    expect(seen.facts).toMatchObject({ observedShareMilli: 75_000, routableReads: 4 });
  });

  test('goes back to the source at once, without a version, whatever holds the table', async () => {
    const { table } = await inShift();
    await table.move('set_read_share', { readShareMilli: 50_000 });
    await hold(rig.ctx, ADA, { tableId: table.id, reason: 'looking' });
    const result = await readsToSource(rig.ctx, ADA, { tableId: table.id });
    expect(result.changed).toBe(true);
    expect(await table.look()).toMatchObject({
      stage: 'shift',
      read_share_milli: 0,
      routed_share: 0,
      writes: 'source_target',
    });
    expect((await readsToSource(rig.ctx, ADA, { tableId: table.id })).changed).toBe(false);
  });

  test('is held while an operator holds the table, and moves again when resumed', async () => {
    const table = await rig.newTable({ stage: 'verify' });
    await table.makeVerified();
    await table.traffic({ reads_source: 10 });
    await table.gateway('a');
    await hold(rig.ctx, ADA, { tableId: table.id, reason: 'lunch' });
    await expect(table.move('begin_shift')).rejects.toMatchObject({ code: 'table.move_refused' });
    await resume(rig.ctx, ADA, { tableId: table.id });
    await table.move('begin_shift');
    expect((await table.look()).stage).toBe('shift');
  });
});

describe('an approval', () => {
  const atBackup = async () => {
    const table = await rig.newTable({ stage: 'backup' });
    await rig.sql`update plan_table set backup_since = now() - interval '1 hour', backup_until = now() where id = ${table.id}`;
    const seen = await dryRun(rig.ctx, GRACE, { tableId: table.id, verb: 'retire' });
    return { table, planHash: seen.planHash! };
  };

  test('by another person lets the move through once, and typing the name is asked for', async () => {
    const { table, planHash } = await atBackup();
    const boss = { id: 'usr_boss', name: 'Boss', role: 'admin' as const };
    await expect(table.move('retire', { actor: GRACE })).rejects.toEqual(refused('table.move_refused'));
    await approve(rig.ctx, boss, { tableId: table.id, verb: 'retire', planHash });
    await expect(table.move('retire', { actor: boss, typedName: table.name })).rejects.toEqual(
      refused('table.approval_self'),
    );
    await expect(table.move('retire', { actor: GRACE, typedName: 'x' })).rejects.toEqual(
      refused('table.name_not_typed'),
    );
    await table.move('retire', { actor: GRACE, typedName: table.name });
    expect((await table.look()).stage).toBe('retired');
    const [used] = await rig.sql`select used_at from approval where plan_table_id = ${table.id}`;
    expect(used?.used_at).not.toBeNull();
  });

  test('is bound to the steps that were seen, and needs the approver role', async () => {
    const { table, planHash } = await atBackup();
    const ask = { tableId: table.id, verb: 'retire' as const };
    await expect(approve(rig.ctx, ADA, { ...ask, planHash })).rejects.toEqual(refused('auth.role_too_low'));
    await expect(approve(rig.ctx, GRACE, { ...ask, planHash: 'x' })).rejects.toEqual(refused('table.plan_changed'));
  });
});

describe('a backfill', () => {
  test('begins only when the live channel is proven, and completes into a verification by itself', async () => {
    const table = await rig.newTable({ stage: 'dual_write' });
    await rig.sql`update plan_table set barrier_verb = null, barrier_passed_at = null, canary_arrived_at = null
      where id = ${table.id}`;
    await expect(table.move('begin_backfill', { reason: '' })).rejects.toEqual(refused('table.move_refused'));
    await table.makeVerified();
    const { runId } = await table.move('begin_backfill', { reason: '' });
    expect(await rig.sql`select 1 from segment where run_id = ${runId}`).toHaveLength(4);
    const jobs = await rig.sql`select key from graphile_worker.jobs where key like 'segment:%' and key in
      (select 'segment:' || id from segment where run_id = ${runId})`;
    expect(jobs).toHaveLength(4);
    expect(await completeBackfill(rig.ctx, { tableId: table.id })).toBe(false);
    await rig.sql`update segment set state = 'done' where run_id = ${runId}`;
    await rig.sql`update run set state = 'done', finished_at = now() where id = ${runId}`;
    expect(await completeBackfill(rig.ctx, { tableId: table.id })).toBe(true);
    expect((await table.look()).stage).toBe('verify');
    const runs =
      await rig.sql`select kind, state from run where plan_table_id = ${table.id} and id <> ${runId} order by created_at desc limit 1`;
    expect(runs).toEqual([{ kind: 'verification', state: 'waiting' }]);
    expect(await completeBackfill(rig.ctx, { tableId: table.id })).toBe(false);
  });

  test('may begin before every gateway writes to both stores only with the rule of the live channel off', async () => {
    const table = await rig.newTable();
    await table.makeReady();
    await table.gateway('a');
    await table.move('begin_dual_write');
    await passBarriers(rig.ctx);
    await expect(table.move('begin_backfill', { reason: '' })).rejects.toEqual(refused('table.move_refused'));
    await table.move('begin_backfill', { reason: '', as: rig.contextWith(without('liveChannelFirst')) });
    expect((await table.look()).stage).toBe('backfill');
  });
});

describe('the audit chain', () => {
  test('is unbroken over writers at the same time, and shows a changed entry', async () => {
    const tables = await Promise.all(Array.from({ length: 6 }, () => rig.newTable({ stage: 'shift' })));
    await Promise.all(tables.map((table) => table.move('abandon')));
    const report = await verifyChain(rig.ctx);
    expect(report).toMatchObject({ verified: true, brokenAt: null });
    expect(report.entries).toBeGreaterThanOrEqual(6);
    const [middle] = await rig.sql`select sequence from audit order by sequence desc offset 2 limit 1`;
    await rig.sql`update audit set reason = 'another' where sequence = ${middle?.sequence}`;
    expect(await verifyChain(rig.ctx)).toMatchObject({ verified: false, brokenAt: Number(middle?.sequence) });
    await rig.sql`update audit set reason = 'because' where sequence = ${middle?.sequence}`;
    await waitFor(async () => (await verifyChain(rig.ctx)).verified, { what: 'the chain to fit again' });
  });
});
