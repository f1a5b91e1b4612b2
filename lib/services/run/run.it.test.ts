import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADA, GRACE, openServiceRig, type RigTable, type ServiceRig, VIEWER } from '@/lib/testing/service-rig';
import { waitFor } from '@/lib/testing/wait-for';
import { dryRun } from '../table/dry-run';
import { verificationView } from '../view/run-view';
import { acceptSetAside } from './accept-set-aside';
import { completeBackfill } from './complete-backfill';
import { cancelRun, pauseRun, resumeRun, setRunLimit } from './control';
import { recheckMismatch, repairMismatch } from './repair';
import { previewRepair, repairAll } from './repair-all';
import { clearVerifyAgain, startVerification } from './verification';

let rig: ServiceRig;
beforeAll(async () => {
  rig = await openServiceRig();
});
afterAll(async () => {
  await rig.close();
});

const runOf = async (runId: string) => (await rig.sql`select * from run where id = ${runId}`)[0]!;
const jobsOf = (runId: string) => rig.sql`select 1 from graphile_worker.jobs
  where key in (select 'segment:' || id from segment where run_id = ${runId})`;

async function backfilling(): Promise<{ table: RigTable; runId: string }> {
  const table = await rig.newTable({ stage: 'dual_write' });
  await table.makeVerified();
  const isAllowed = async () => (await dryRun(rig.ctx, ADA, { tableId: table.id, verb: 'begin_backfill' })).allowed;
  await waitFor(isAllowed, { what: 'delta to pass' });
  const { runId } = await table.move('begin_backfill', { reason: '' });
  return { table, runId: runId! };
}

describe('a run', () => {
  test('is paused, resumed and cancelled, each once and on record, by an operator', async () => {
    const { table, runId } = await backfilling();
    await expect(pauseRun(rig.ctx, VIEWER, { runId })).rejects.toMatchObject({ code: 'auth.role_too_low' });
    await pauseRun(rig.ctx, ADA, { runId });
    expect(await runOf(runId)).toMatchObject({ state: 'paused', paused_by: 'Ada' });
    await expect(pauseRun(rig.ctx, ADA, { runId })).rejects.toMatchObject({ code: 'run.not_running' });
    await resumeRun(rig.ctx, ADA, { runId });
    expect((await runOf(runId)).state).toBe('waiting');
    expect(await jobsOf(runId)).toHaveLength(4);
    await cancelRun(rig.ctx, ADA, { runId, reason: 'wrong table' });
    expect(await runOf(runId)).toMatchObject({ state: 'cancelled', stop_reason: 'wrong table' });
    await expect(resumeRun(rig.ctx, ADA, { runId })).rejects.toMatchObject({ code: 'run.not_running' });
    const actions =
      await rig.sql`select action from audit where subject = ${table.id} and action like 'run.%' order by sequence`;
    expect(actions.map((row) => row.action)).toEqual(['run.paused', 'run.resumed', 'run.cancelled']);
    await expect(pauseRun(rig.ctx, ADA, { runId: 'none' })).rejects.toMatchObject({ code: 'run.not_found' });
  });

  test('takes another limit while it runs', async () => {
    const { runId } = await backfilling();
    await setRunLimit(rig.ctx, ADA, { runId, itemsPerSecondMax: 250 });
    expect((await runOf(runId)).items_per_second_max).toBe(250);
    await setRunLimit(rig.ctx, ADA, { runId, itemsPerSecondMax: null });
    expect((await runOf(runId)).items_per_second_max).toBeNull();
    await expect(setRunLimit(rig.ctx, ADA, { runId, itemsPerSecondMax: 0 })).rejects.toMatchObject({
      code: 'input.invalid',
    });
  });
});

describe('items that were set aside', () => {
  test('hold the backfill until they are accepted by name, and then it completes by itself', async () => {
    const { table, runId } = await backfilling();
    await rig.sql`update segment set state = 'done' where run_id = ${runId}`;
    await rig.sql`update run set state = 'done', finished_at = now() where id = ${runId}`;
    await rig.sql`insert into set_aside (id, run_id, plan_table_id, key_id, key, reason, error_type)
      values (${`sas_${table.id}`}, ${runId}, ${table.id}, '["S#k"]', '{}', 'too large', 'ValidationException')`;
    expect(await completeBackfill(rig.ctx, { tableId: table.id })).toBe(false);
    expect(await completeBackfill(rig.ctx, { tableId: table.id })).toBe(false);
    expect(await table.look()).toMatchObject({ stage: 'backfill', hold_kind: 'gate' });
    expect(await acceptSetAside(rig.ctx, ADA, { runId })).toEqual({ accepted: 1, completed: true });
    expect(await table.look()).toMatchObject({ stage: 'verify', hold_kind: null });
    const [row] = await rig.sql`select accepted_by from set_aside where run_id = ${runId}`;
    expect(row?.accepted_by).toBe('Ada');
  });
});

describe('a verification', () => {
  test('starts once at a time, reads both sides, and only where there is a copy to compare', async () => {
    const table = await rig.newTable({ stage: 'shift' });
    const { runId } = await startVerification(rig.ctx, ADA, { tableId: table.id, idempotencyKey: null });
    const sides =
      await rig.sql`select side, count(*)::int as n from segment where run_id = ${runId} group by side order by side`;
    expect(sides).toEqual([
      { side: 'source', n: 4 },
      { side: 'target', n: 4 },
    ]);
    const again = startVerification(rig.ctx, ADA, { tableId: table.id, idempotencyKey: null });
    await expect(again).rejects.toMatchObject({ code: 'run.already_running' });
    const planned = await rig.newTable();
    const early = startVerification(rig.ctx, ADA, { tableId: planned.id, idempotencyKey: null });
    await expect(early).rejects.toMatchObject({ code: 'table.move_refused' });
  });

  test('of a sample stands for no full one at any gate, unless it found something: then only a full one clears', async () => {
    const table = await rig.newTable({ stage: 'verify' });
    await table.makeReady();
    await table.makeVerified();
    const cleanOf = async () => {
      const move = await dryRun(rig.ctx, ADA, { tableId: table.id, verb: 'begin_shift' });
      return move.gates.find((gate) => gate.gate === 'verification_clean');
    };
    expect(await cleanOf()).toMatchObject({ met: true });
    await rig.sql`update plan_table set shape = jsonb_set(shape, '{itemCount}', '1000000') where id = ${table.id}`;
    await expect(
      startVerification(rig.ctx, ADA, { tableId: table.id, sampleItems: 10, mismatchesMax: 0, idempotencyKey: null }),
    ).rejects.toMatchObject({
      code: 'input.invalid',
      detail: { fields: { sampleItems: expect.any(String), mismatchesMax: expect.any(String) } },
    });
    const { runId } = await startVerification(rig.ctx, ADA, {
      tableId: table.id,
      sampleItems: 5_000,
      idempotencyKey: null,
    });
    expect(await runOf(runId)).toMatchObject({ sample_ppm: 5_000, sample_salt: expect.any(String) });
    await rig.sql`update segment set state = 'done', compared = case when side = 'source' then 125 else 0 end where run_id = ${runId}`;
    await rig.sql`update run set state = 'done', started_at = now(), finished_at = now() where id = ${runId}`;
    await rig.sql`update plan_table set verify_again_since = now() - interval '1 hour', verify_again_reason = 'x' where id = ${table.id}`;
    expect(await clearVerifyAgain(rig.ctx, { runId })).toBe(false);
    const { runs } = await verificationView(rig.ctx, ADA, table.id);
    expect(runs[0]?.sample).toEqual({
      ppm: 5_000,
      sentence: '0 of 5,000 sampled items differ: with 95 % confidence at most 599 ppm of all items do.',
    });
    // The full one before it still counts; what the sample finds counts against it, and stays when it was repaired.
    expect(await cleanOf()).toMatchObject({ met: true });
    await rig.sql`insert into mismatch (id, run_id, plan_table_id, key_id, key, class)
      values (${`mis_${table.id}`}, ${runId}, ${table.id}, '["S#k"]', '{}', 'missing')`;
    expect(await cleanOf()).toMatchObject({ met: false });
    await rig.sql`update mismatch set state = 'gone' where run_id = ${runId}`;
    expect(await cleanOf()).toMatchObject({ met: false, observed: expect.stringContaining('not full') });
    await table.makeVerified();
    expect(await cleanOf()).toMatchObject({ met: true });
  });

  test('clears what is owed only when it began after that and found nothing', async () => {
    const table = await rig.newTable({ stage: 'verify' });
    await table.makeVerified();
    const [run] = await rig.sql`select id from run where plan_table_id = ${table.id}`;
    const owe = (when: string) =>
      rig.sql`update plan_table set verify_again_since = now() + ${when}::interval, verify_again_reason = 'x' where id = ${table.id}`;
    await owe('1 hour');
    expect(await clearVerifyAgain(rig.ctx, { runId: run?.id })).toBe(false);
    await owe('-1 hour');
    expect(await clearVerifyAgain(rig.ctx, { runId: run?.id })).toBe(true);
    expect(await clearVerifyAgain(rig.ctx, { runId: run?.id })).toBe(false);
  });
});

describe('a mismatch', () => {
  const withMismatch = async (kind: string) => {
    const table = await rig.newTable({ stage: 'shift' });
    await table.makeVerified();
    const id = `mis_${kind}_${table.id}`;
    await rig.sql`insert into mismatch (id, run_id, plan_table_id, key_id, key, class)
      select ${id}, r.id, ${table.id}, '["S#k"]', '{"pk":{"S":"k"}}', ${kind} from run r where r.plan_table_id = ${table.id}`;
    return { table, id };
  };

  test('is repaired by marking its key, never by writing an image', async () => {
    const { table, id } = await withMismatch('different');
    await repairMismatch(rig.ctx, ADA, { mismatchId: id });
    expect(await rig.sql`select key_id, cause from dirty_key where plan_table_id = ${table.id}`).toEqual([
      { key_id: '["S#k"]', cause: 'mismatch' },
    ]);
    expect((await rig.sql`select state from mismatch where id = ${id}`)[0]?.state).toBe('repairing');
  });

  test('all open ones are repaired as previewed: counted by what happens, deletes by an approver alone', async () => {
    const { table } = await withMismatch('missing');
    await rig.sql`insert into mismatch (id, run_id, plan_table_id, key_id, key, class)
      select 'mis_x_' || n || run_id, run_id, plan_table_id, '["S#k' || n || '"]', '{}', case n when 1 then 'extra' else 'type' end
      from mismatch m, generate_series(1, 3) n where m.plan_table_id = ${table.id}`;
    const preview = await previewRepair(rig.ctx, ADA, table.id);
    const counts = Object.fromEntries(preview.effects.map(({ does, count }) => [does, count]));
    expect(counts).toEqual({ creates: 1, overwrites: 2, deletes: 1 });
    expect(preview).toMatchObject({ side: 'target', needsApprover: true });
    const act = (actor: typeof ADA, hash: string) => repairAll(rig.ctx, actor, { tableId: table.id, hash });
    await expect(act(ADA, preview.hash)).rejects.toMatchObject({ code: 'auth.role_too_low' });
    await expect(act(GRACE, 'another')).rejects.toMatchObject({ code: 'input.stale_form' });
    expect(await act(GRACE, preview.hash)).toEqual({ repairing: 4 });
    await expect(act(GRACE, preview.hash)).rejects.toMatchObject({ code: 'input.stale_form' });
    const dirty = await rig.sql`select cause from dirty_key where plan_table_id = ${table.id}`;
    expect(dirty.map((row) => row.cause)).toEqual(['mismatch', 'mismatch', 'mismatch', 'mismatch']);
  });

  test('whose repair deletes an item on the source after the flip needs an approver too', async () => {
    const { table, id } = await withMismatch('missing');
    await rig.sql`update plan_table set stage = 'target_first' where id = ${table.id}`;
    await expect(repairMismatch(rig.ctx, ADA, { mismatchId: id })).rejects.toMatchObject({ code: 'auth.role_too_low' });
  });

  test('whose repair deletes an item on the target needs an approver', async () => {
    const { id } = await withMismatch('extra');
    await expect(repairMismatch(rig.ctx, ADA, { mismatchId: id })).rejects.toMatchObject({ code: 'auth.role_too_low' });
    await repairMismatch(rig.ctx, GRACE, { mismatchId: id });
    expect((await rig.sql`select deletes_on_target from mismatch where id = ${id}`)[0]?.deletes_on_target).toBe(true);
  });

  test('is looked at again without a change, and unknown ones are refused', async () => {
    const { table, id } = await withMismatch('missing');
    await recheckMismatch(rig.ctx, ADA, { mismatchId: id });
    expect(await rig.sql`select 1 from graphile_worker.jobs where key = ${`recheck:${id}`}`).toHaveLength(1);
    expect(await rig.sql`select 1 from dirty_key where plan_table_id = ${table.id}`).toHaveLength(0);
    await expect(recheckMismatch(rig.ctx, ADA, { mismatchId: 'none' })).rejects.toMatchObject({
      code: 'mismatch.not_found',
    });
  });
});
