import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '@/lib/adapters/log';
import type { WireItem, WireOutcome } from '@/lib/adapters/ports';
import { insertRun, TEST_SEALING_KEY } from '@/lib/testing/plan-fixture';
import { waitFor } from '@/lib/testing/wait-for';
import { servicesWith } from '@/lib/testing/worker-process';
import { type Hook, type Rig, type RigTable, startRig } from '@/lib/testing/worker-rig';
import { startWorker } from './run';
import { backfillSegment } from './tasks/backfill-segment';

const page = (answer: object): WireOutcome => ({
  ...{ kind: 'ok', status: 200, headers: {} },
  body: Buffer.from(JSON.stringify(answer)),
});
const item = (pk: string): WireItem => ({ pk: { S: pk }, body: { S: 'x'.repeat(50) } });

describe('writing to a target that does not take everything', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig();
  });
  afterAll(() => rig.stop());

  const fill = async (table: RigTable, count: number) => {
    for (let at = 0; at < count; at += 1) await table.put('source', item(`k${at}`));
  };
  const counts = async (table: RigTable) => {
    const [row] = await table.sql`select sum(items_read)::int as read, sum(items_written)::int as written,
      sum(items_set_aside)::int as aside, sum(items_marked)::int as marked from segment s join run r on r.id = s.run_id
      where r.plan_table_id = ${table.planTableId}`;
    return row;
  };

  it('obeys Retry-After to the millisecond and then writes what was turned away', async () => {
    const table = await rig.table();
    await fill(table, 60);
    const throttle = {
      kind: 'throttle' as const,
      operations: ['BatchWriteItem'],
      bodyIncludes: table.name,
      retryAfterS: 1,
    };
    const fault = table.faults.target.add({ ...throttle, times: 1 });
    let throttledAtMs = 0;
    const afterMs: number[] = [];
    const hook: Hook = async (sent) => {
      if (sent.operation === 'BatchWriteItem' && throttledAtMs > 0) afterMs.push(performance.now() - throttledAtMs);
      const outcome = await sent.next();
      if (outcome.kind === 'refused') throttledAtMs = performance.now();
      return outcome;
    };
    const worker = await table.worker({ hook });
    await backfillSegment(worker, { segmentId: await table.backfill() });
    table.faults.target.remove(fault.id);
    // Requests already on their way when the answer came are not counted against it: they follow within moments.
    const later = afterMs.filter((ms) => ms > 100);
    expect(later.length).toBeGreaterThan(0);
    expect(Math.min(...later)).toBeGreaterThanOrEqual(999);
    expect(await counts(table)).toEqual({ read: 60, written: 60, aside: 0, marked: 0 });
    expect(await table.divergent()).toEqual([]);
  });

  it('counts nothing as written that the target left unprocessed', async () => {
    const table = await rig.table();
    await fill(table, 50);
    const partial = { kind: 'partial' as const, operations: ['BatchWriteItem'], bodyIncludes: table.name, times: 3 };
    const fault = table.faults.target.add(partial);
    const worker = await table.worker();
    await backfillSegment(worker, { segmentId: await table.backfill() });
    table.faults.target.remove(fault.id);
    expect(await counts(table)).toEqual({ read: 50, written: 50, aside: 0, marked: 0 });
    expect(await table.divergent()).toEqual([]);
  });

  it('sets an item aside by name when the target refuses it, and copies the others', async () => {
    const table = await rig.table();
    await fill(table, 30);
    await table.put('source', item('poison'));
    const refusal: WireOutcome = {
      kind: 'refused',
      status: 400,
      headers: {},
      body: Buffer.from('{}'),
      errorType: 'ValidationException',
      message: 'One or more parameter values were invalid',
      retryAfterMs: null,
    };
    const hook: Hook = async (sent) =>
      sent.operation === 'BatchWriteItem' && JSON.stringify(sent.input).includes('poison')
        ? refusal
        : await sent.next();
    const worker = await table.worker({ hook });
    await backfillSegment(worker, { segmentId: await table.backfill() });
    expect(await counts(table)).toEqual({ read: 31, written: 30, aside: 1, marked: 0 });
    const rows =
      await table.sql`select key_id, error_type, reason from set_aside where plan_table_id = ${table.planTableId}`;
    expect([...rows]).toEqual([{ key_id: '["S#poison"]', error_type: 'ValidationException', reason: refusal.message }]);
    expect(await table.divergent()).toEqual([JSON.stringify([{ S: 'poison' }])]);
  });

  it('fails a segment with a sentence when the target refuses the key, and sets nothing aside', async () => {
    const table = await rig.table();
    await fill(table, 3);
    const denied: WireOutcome = {
      kind: 'refused',
      status: 400,
      headers: {},
      body: Buffer.from('{}'),
      errorType: 'AccessDeniedException',
      message: 'no',
      retryAfterMs: null,
    };
    const hook: Hook = async (sent) => (sent.operation === 'BatchWriteItem' ? denied : await sent.next());
    const worker = await table.worker({ hook });
    const segmentId = await table.backfill();
    const [row] = await waitFor(
      async () => {
        await backfillSegment(worker, { segmentId });
        const rows = await table.sql`select state, error, page_keys from segment where id = ${segmentId}`;
        return rows[0]?.state === 'failed' ? rows : null;
      },
      { what: 'the segment to fail' },
    );
    expect(row).toEqual({
      state: 'failed',
      error: 'BatchWriteItem was refused: AccessDeniedException (status 400).',
      page_keys: null,
    });
    expect(await counts(table)).toEqual({ read: 0, written: 0, aside: 0, marked: 0 });
  });

  it('reads on behind an empty page, and ends only where the store names no cursor', async () => {
    const table = await rig.table();
    await fill(table, 12);
    let scans = 0;
    const hook: Hook = async (sent) => {
      if (sent.operation !== 'Scan') return await sent.next();
      scans += 1;
      const { ExclusiveStartKey } = sent.input;
      if (scans === 2) return page({ Items: [], Count: 0, ScannedCount: 9, LastEvaluatedKey: ExclusiveStartKey });
      const outcome = await sent.next();
      if (outcome.kind !== 'ok') return outcome;
      const answer = JSON.parse(outcome.body.toString()) as { Items: WireItem[]; LastEvaluatedKey?: WireItem };
      if (answer.LastEvaluatedKey !== undefined || answer.Items.length === 0) return outcome;
      // The last full page names a cursor too; the page behind it is empty.
      return page({ ...answer, LastEvaluatedKey: { pk: answer.Items.at(-1)?.pk } });
    };
    const worker = await table.worker({ hook, limits: { pageItemsMax: 5 } });
    await backfillSegment(worker, { segmentId: await table.backfill() });
    expect(await counts(table)).toEqual({ read: 12, written: 12, aside: 0, marked: 0 });
    expect(await table.divergent()).toEqual([]);
    const [row] = await table.sql`select s.state, s.pages from segment s join run r on r.id = s.run_id
      where r.plan_table_id = ${table.planTableId}`;
    expect({ ...row }).toEqual({ state: 'done', pages: 5 });
  });

  it('gives its segment back when the run is paused while a page is read', async () => {
    const table = await rig.table();
    await fill(table, 3);
    const segmentId = await table.backfill();
    const hook: Hook = async (sent) => {
      const outcome = await sent.next();
      if (sent.operation === 'Scan')
        await table.sql`update run r set state = 'paused' from segment s
        where s.run_id = r.id and s.id = ${segmentId}`;
      return outcome;
    };
    await backfillSegment(await table.worker({ hook }), { segmentId });
    const [row] = await table.sql`select lease_owner, page_keys from segment where id = ${segmentId}`;
    expect({ ...row }).toEqual({ lease_owner: null, page_keys: null });
    expect((await table.items('target')).size).toBe(0);
  });

  it('goes at the rate of the run, says so, and stops within two seconds of a pause', { timeout: 60_000 }, async () => {
    const table = await rig.table();
    await fill(table, 400);
    const running = await startWorker({
      databaseUrl: rig.database.url,
      sealingKey: TEST_SEALING_KEY,
      services: servicesWith(),
      log: createLog({ process: 'worker', level: 'silent' }),
      limits: { pageItemsMax: 25 },
    });
    try {
      const { runId } = await insertRun(table.sql, table.planTableId, {
        kind: 'backfill',
        segments: 1,
        itemsPerSecondMax: 50,
      });
      const read = async () => Number((await counts(table))?.read ?? 0);
      await waitFor(async () => (await read()) >= 50, { what: 'the first pages', timeoutMs: 20_000 });
      const [{ reason }] = (await waitFor(
        async () => {
          const rows = await table.sql`select throttle_reason as reason from run where id = ${runId}`;
          return rows[0]?.reason ? rows : null;
        },
        { what: 'a reason for the rate' },
      )) as unknown as [{ reason: string }];
      expect(reason).toContain('At the limit of this run');
      await table.sql`update run set state = 'paused' where id = ${runId}`;
      const pausedAtMs = performance.now();
      await waitFor(
        async () =>
          (await table.sql`select 1 from segment where run_id = ${runId} and lease_owner is null`).length === 1,
        {
          what: 'the worker to let go',
        },
      );
      expect(performance.now() - pausedAtMs).toBeLessThan(2_000);
      const atPause = await read();
      expect(atPause).toBeLessThan(400);
      await table.sql`update run set state = 'waiting', items_per_second_max = null where id = ${runId}`;
      await waitFor(async () => (await read()) === 400, { what: 'the rest', timeoutMs: 20_000 });
    } finally {
      await running.stop();
    }
  });
});
