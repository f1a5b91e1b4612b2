/** Who ends a hold when nobody drives it (PROTOCOL F2). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readFence } from '@/db/queries/fence/fence';
import { openServiceRig, type RigTable, type ServiceRig } from '@/lib/testing/service-rig';
import { waitFor } from '@/lib/testing/wait-for';
import { reapFences } from './abort';
import { startReaper } from './reaper';

let rig: ServiceRig;
beforeAll(async () => {
  rig = await openServiceRig();
});
afterAll(() => rig.close());

/** A fence in its hold, with neither driver nor worker, past its bound or shortly before it. */
async function forgotten(boundInMs = 0): Promise<{ table: RigTable; fenceId: string }> {
  const table = await rig.newTable({ stage: 'shift' });
  const fenceId = `fnc_${table.name}`;
  await rig.sql`update routing set writes = 'held' where plan_table_id = ${table.id}`;
  await rig.sql`insert into fence (id, plan_table_id, plan_id, verb, step, plan_hash, hold_epoch, opened_by, reason, bound_at)
    values (${fenceId}, ${table.id}, ${table.planId}, 'flip_writes', 'hold', 'h', 2, 'test', '', now() + ${boundInMs}::float8 * interval '1 millisecond')`;
  return { table, fenceId };
}
const stepOf = async (fenceId: string) => (await readFence(rig.ctx.db, fenceId))?.step;

describe('a fence that is past its bound', () => {
  test('is undone by a process without a worker', async () => {
    const { table, fenceId } = await forgotten();
    const stop = startReaper(rig.ctx);
    await waitFor(async () => (await stepOf(fenceId)) === 'aborted', { what: 'the hold to be undone' });
    expect(await table.look()).toMatchObject({ stage: 'shift', writes: 'source_target' });
    await stop();
  });

  test('is undone with its bound, however seldom fences are looked for', async () => {
    const { fenceId } = await forgotten(300);
    const stop = startReaper(rig.ctx, { everyMs: 60_000 });
    await waitFor(async () => (await stepOf(fenceId)) === 'aborted', {
      what: 'the hold to be undone',
      timeoutMs: 20_000,
    });
    await stop();
  });

  test('is undone though another one cannot be', async () => {
    const broken = await forgotten();
    const whole = await forgotten();
    // Every change of this one fails, as it would for as long as somebody holds its rows.
    await rig.sql.unsafe(`create function stay() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
      create trigger stay before update on fence for each row when (old.id = '${broken.fenceId}') execute function stay()`);
    await reapFences(rig.ctx);
    expect(await stepOf(broken.fenceId)).toBe('hold');
    expect(await stepOf(whole.fenceId)).toBe('aborted');
    await rig.sql.unsafe('drop trigger stay on fence; drop function stay()');
    await reapFences(rig.ctx);
    expect(await stepOf(broken.fenceId)).toBe('aborted');
  });
});
