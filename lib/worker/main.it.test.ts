import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '@/lib/testing/wait-for';
import { spawnWorker } from '@/lib/testing/worker-process';
import { type Rig, startRig } from '@/lib/testing/worker-rig';

describe('the worker process', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig();
  });
  afterAll(() => rig.stop());

  it('copies a table, moves its stage on, verifies it, and says goodbye', { timeout: 120_000 }, async () => {
    const table = await rig.table({ settings: { storeTimeoutMs: 900, holdMsMax: 2_000 } });
    for (let at = 0; at < 300; at += 1) await table.put('source', { pk: { S: `k${at}` }, n: { N: String(at) } });
    await table.backfill();
    const worker = await spawnWorker({ databaseUrl: rig.database.url });
    try {
      const [registered] = await table.sql`select state, pool_id from worker where id = ${worker.workerId}`;
      expect(registered).toMatchObject({ state: 'registered', pool_id: expect.any(String) });
      await waitFor(
        async () =>
          (await table.sql`select 1 from plan_table where id = ${table.planTableId} and stage = 'verify'`).length,
        { what: 'the stage to be verify', timeoutMs: 40_000 },
      );
      const run = await waitFor(
        async () => {
          const rows = await table.sql`select id, state from run
            where plan_table_id = ${table.planTableId} and kind = 'verification'`;
          return rows[0]?.state === 'done' ? rows[0] : null;
        },
        { what: 'the verification to be done', timeoutMs: 40_000 },
      );
      expect(await table.sql`select 1 from mismatch where run_id = ${run.id}`).toHaveLength(0);
      expect(await table.divergent()).toEqual([]);
      const samples = await table.sql`select 1 from table_sample where plan_table_id = ${table.planTableId}`;
      expect(samples.length).toBeGreaterThan(0);
    } finally {
      expect(await worker.stop(), worker.stderr()).toBe(0);
    }
    const [ended] = await table.sql`select state, activity from worker where id = ${worker.workerId}`;
    expect(ended).toEqual({ state: 'goodbye', activity: [] });
    const kinds = await table.sql`select kind from event where id like ${`evt_${worker.workerId}%`} order by at, kind`;
    expect(kinds.map((row) => row.kind)).toEqual(['worker.started', 'worker.goodbye']);
  });
});
