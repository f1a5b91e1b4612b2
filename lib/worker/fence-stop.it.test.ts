/** Workers and fences (PROTOCOL F1a): stopped means stopped, until the fence has ended. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { markKeys } from '@/db/queries/dirty';
import { createLog } from '@/lib/adapters/log';
import { TEST_SEALING_KEY } from '@/lib/testing/plan-fixture';
import { waitFor } from '@/lib/testing/wait-for';
import { servicesWith } from '@/lib/testing/worker-process';
import { RIG_SCHEMA, type Rig, type RigTable, startRig } from '@/lib/testing/worker-rig';
import { obeyFences } from './loops/control';
import { startWorker } from './run';

describe('a fence that has stopped the workers of a table', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig();
  });
  afterAll(() => rig.stop());

  const fenceAt = async (table: RigTable, step: string): Promise<string> => {
    const id = `fnc_${table.name}`;
    await rig.database.sql`insert into fence (id, plan_table_id, plan_id, verb, step, plan_hash, hold_epoch, opened_by,
        reason, bound_at)
      select ${id}, t.id, t.plan_id, 'flip_writes', ${step}, 'h', 3, 'test', '', now() + interval '1 hour'
      from plan_table t where t.id = ${table.planTableId}`;
    return id;
  };
  const dirtyTable = async (): Promise<RigTable> => {
    const table = await rig.table();
    const { planTableId } = table;
    const keyIds = [JSON.stringify(['S#a'])];
    await table.put('source', { pk: { S: 'a' } });
    await markKeys(rig.database.sql, { planTableId, schema: RIG_SCHEMA, keyIds, cause: 'mirror_failed' });
    return table;
  };
  const claims = async (table: RigTable) => {
    const [row] = await table.sql<{ attempts: number }[]>`
      select coalesce(sum(attempts), 0)::int as attempts from dirty_key where plan_table_id = ${table.planTableId}`;
    return row?.attempts;
  };

  for (const step of ['settled', 'workers_stopped', 'flipped', 'canary_proven'])
    it(`at ${step}: a worker that starts now claims nothing of it, and goes on when the fence is undone`, async () => {
      const table = await dirtyTable();
      const other = await dirtyTable();
      const fenceId = await fenceAt(table, step);
      const worker = await startWorker({
        databaseUrl: rig.database.url,
        sealingKey: TEST_SEALING_KEY,
        services: servicesWith(),
        log: createLog({ process: 'worker', level: 'silent' }),
      });
      // It says so, and works: what is dirty elsewhere is settled meanwhile.
      await waitFor(
        async () => (await rig.database.sql`select 1 from fence_worker where fence_id = ${fenceId}`).length === 1,
        { what: 'the worker to say that it has stopped' },
      );
      await waitFor(async () => (await other.dirty()).length === 0, { what: 'the other table to be settled' });
      expect(await claims(table)).toBe(0);
      expect((await table.items('target')).size).toBe(0);
      await rig.database.sql`update fence set step = 'aborted' where id = ${fenceId}`;
      await waitFor(async () => (await table.dirty()).length === 0, { what: 'the key to be settled' });
      await worker.stop();
    });

  it('stays so when a look at the fences from before comes back late', async () => {
    const table = await rig.table();
    const worker = await table.worker();
    let letGo = () => {};
    const held = new Promise<void>((done) => {
      letGo = done;
    });
    let looked = () => {};
    const hasLooked = new Promise<void>((done) => {
      looked = done;
    });
    const slow: typeof worker.ledger.fencesThatStopWorkers = async (workerId) => {
      const rows = await worker.ledger.fencesThatStopWorkers(workerId);
      looked();
      await held;
      return rows;
    };
    const early = obeyFences({ ...worker, ledger: { ...worker.ledger, fencesThatStopWorkers: slow } });
    await hasLooked;
    await fenceAt(table, 'settled');
    await obeyFences(worker);
    expect(worker.gates.isStopped(table.planTableId)).toBe(true);
    letGo();
    await early;
    expect(worker.gates.isStopped(table.planTableId)).toBe(true);
  });
});
