/** What workers share of a connection: its rate, its quiet times, its month; and the segments of a run. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { heartbeatWorker } from '@/db/queries/worker';
import { createLog } from '@/lib/adapters/log';
import type { WireItem, WireOutcome } from '@/lib/adapters/ports';
import { FakeClock } from '@/lib/testing/fake-clock';
import { insertRun, TEST_SEALING_KEY } from '@/lib/testing/plan-fixture';
import { waitFor } from '@/lib/testing/wait-for';
import { servicesWith } from '@/lib/testing/worker-process';
import { type Hook, type Rig, type RigTable, startRig } from '@/lib/testing/worker-rig';
import { startWorker } from './run';
import { SegmentWork } from './segment-work';
import { backfillSegment } from './tasks/backfill-segment';

const item = (pk: string): WireItem => ({ pk: { S: pk }, body: { S: 'x'.repeat(50) } });
const RETRY_MS = 700;
const turnedAway: WireOutcome = {
  kind: 'refused',
  status: 429,
  headers: {},
  body: Buffer.from('{}'),
  errorType: 'TooManyRequests',
  message: 'slow down',
  retryAfterMs: RETRY_MS,
};

describe('sharing a connection', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig();
  });
  afterAll(() => rig.stop());

  const fill = async (table: RigTable, count: number) => {
    for (let at = 0; at < count; at += 1) await table.put('source', item(`k${at}`));
  };
  const connections = async (table: RigTable) => {
    const [row] = await table.sql<{ source: string; target: string }[]>`
      select p.source_connection_id as source, p.target_connection_id as target
      from plan p join plan_table t on t.plan_id = p.id where t.id = ${table.planTableId}`;
    return row as { source: string; target: string };
  };
  /** Turns the first write away and notes when others begin after that answer was there. */
  const refusingOnce = () => {
    const seen = { refusedAtMs: 0, afterMs: [] as number[] };
    const hook: Hook = async (sent) => {
      if (sent.operation !== 'BatchWriteItem') return await sent.next();
      if (seen.refusedAtMs > 0) seen.afterMs.push(performance.now() - seen.refusedAtMs);
      else if (seen.afterMs.length === 0) {
        await new Promise<void>((done) => setImmediate(done));
        if (seen.refusedAtMs === 0) {
          seen.refusedAtMs = performance.now();
          return turnedAway;
        }
      }
      return await sent.next();
    };
    return { seen, hook };
  };

  it('sends nothing inside a Retry-After, not even what waited for its turn when the answer came', async () => {
    const table = await rig.table();
    await fill(table, 400);
    const { seen, hook } = refusingOnce();
    const worker = await table.worker({ hook, limits: { pageItemsMax: 400 } });
    await backfillSegment(worker, { segmentId: await table.backfill() });
    expect(seen.afterMs.length).toBeGreaterThan(6);
    expect(seen.afterMs.filter((ms) => ms < RETRY_MS - 1)).toEqual([]);
    expect(await table.divergent()).toEqual([]);
  });

  it('keeps a worker quiet that came too late to hear of it', async () => {
    const table = await rig.table();
    const { target } = await connections(table);
    const told = await table.worker();
    const askedAtMs = performance.now();
    (await told.stores.get(target)).pace.throttled(RETRY_MS);
    await waitFor(
      async () => (await table.sql`select 1 from connection where id = ${target} and quiet_until is not null`).length,
      { what: 'the quiet time to be kept' },
    );
    const late = await table.worker();
    const { pace } = await late.stores.get(target);
    const cost = { requests: 1, items: 1 };
    const end = await pace.turn({ cost, priority: 'settle', timeoutMs: 1_000, mayGoOn: () => true });
    expect(performance.now() - askedAtMs).toBeGreaterThanOrEqual(RETRY_MS);
    end?.();
  });

  it('leaves the part of idle workers to those at work, and takes less as soon as another is', async () => {
    const table = await rig.table();
    const { target } = await connections(table);
    const clock = new FakeClock();
    const busy = await table.worker({ clock });
    const other = await table.worker();
    const { pace } = await busy.stores.get(target);
    const turn = async () => {
      const cost = { requests: 0, items: 0 };
      (await pace.turn({ cost, priority: 'backfill', timeoutMs: 1_000, mayGoOn: () => true }))?.();
    };
    const requests = async () => {
      await busy.stores.refresh(2);
      return pace.limits.requestsPerSecond;
    };
    await turn();
    // A newcomer: others may not know of it yet.
    expect(await requests()).toBe(25_000);
    for (let at = 0; at < 3; at += 1) {
      clock.advance(1_000);
      await turn();
    }
    expect(await requests()).toBe(50_000);
    await heartbeatWorker(table.sql, other.workerId, [{ what: 'settle', planTableId: table.planTableId }]);
    expect(await requests()).toBe(25_000);
  });

  it('stops bulk work before the month is spent, says why, and books what was sent', async () => {
    const table = await rig.table({ settings: { storeTimeoutMs: 900 } });
    await fill(table, 400);
    const { target } = await connections(table);
    await table.sql`update connection set limits = limits || '{"requestsPerMonth": 10, "liveReserveMilli": 20000}'
      where id = ${target}`;
    let sent = 0;
    const hook: Hook = async (one) => {
      if (one.side === 'target') sent += 1;
      return await one.next();
    };
    const worker = await table.worker({ hook, limits: { leaseMs: 2_400, pageItemsMax: 400 } });
    const segmentId = await table.backfill();
    const working = backfillSegment(worker, { segmentId });
    await waitFor(() => sent >= 8, { what: 'the quota to be used' });
    const { pace } = await worker.stores.get(target);
    await worker.stores.refresh(1);
    expect(pace.reason()).toContain('2 of 10 requests are left, and 20 % is kept for live traffic');
    await table.sql`update run r set state = 'paused' from segment s where s.run_id = r.id and s.id = ${segmentId}`;
    await working;
    expect(sent).toBe(8);
    const [booked] = await table.sql`select requests::int as n from connection_month where connection_id = ${target}`;
    expect(booked?.n).toBe(8);
  });

  it('takes a limit over within two seconds of its change', async () => {
    const table = await rig.table();
    const { target } = await connections(table);
    const running = await startWorker({
      databaseUrl: rig.database.url,
      sealingKey: TEST_SEALING_KEY,
      services: servicesWith(),
      log: createLog({ process: 'worker', level: 'silent' }),
    });
    try {
      const { pace } = await running.context.stores.get(target);
      await table.sql`update connection set limits = limits || '{"itemsPerSecond": 77}' where id = ${target}`;
      const changedAtMs = performance.now();
      const live = () => running.context.liveWorkers;
      await waitFor(() => Math.abs(pace.limits.itemsPerSecond * live() - 77) < 1e-6, { what: 'the new limit' });
      expect(performance.now() - changedAtMs).toBeLessThan(2_000);
    } finally {
      await running.stop();
    }
  });

  it("shares a run's rate among those who hold a segment of it, and with nobody who is only there", async () => {
    const table = await rig.table();
    const { runId, segmentIds } = await insertRun(table.sql, table.planTableId, {
      ...{ kind: 'backfill', segments: 2, itemsPerSecondMax: 90 },
    });
    const holds = async (at: number) => {
      const ctx = await table.worker();
      ctx.liveWorkers = 3;
      const segmentId = segmentIds[at] as string;
      const ask = { segmentId, owner: ctx.workerId, leaseMs: 30_000, markTakeOver: true };
      const segment = await ctx.ledger.takeSegment(ask);
      const known = await ctx.ledger.loadWorkTable(table.planTableId);
      if (!segment || !known) throw new Error('the segment is free');
      const work = new SegmentWork(ctx, segment, known, ctx.clock.monotonicMs());
      work.end();
      await work.renew();
      return { ctx, segment, work };
    };
    const first = await holds(0);
    expect(first.work.itemsPerSecond()).toBe(90);
    const second = await holds(1);
    expect(second.work.itemsPerSecond()).toBe(45);
    await first.work.renew();
    expect(first.work.itemsPerSecond()).toBe(45);
    await second.ctx.ledger.releaseSegment(second.segment);
    await table.sql`update run set items_per_second_max = 30 where id = ${runId}`;
    await first.work.renew();
    expect(first.work.itemsPerSecond()).toBe(30);
  });

  it('takes the segments of a run in turns of some pages', async () => {
    const table = await rig.table();
    await fill(table, 40);
    const worker = await table.worker({ limits: { pageItemsMax: 2, turnPages: 2 } });
    const { segmentIds } = await insertRun(table.sql, table.planTableId, { kind: 'backfill', segments: 2 });
    const pages = async () =>
      (await table.sql`select pages from segment where id in ${table.sql(segmentIds)} order by number`).map(
        (row) => row.pages,
      );
    const [first = '', second = ''] = segmentIds;
    await backfillSegment(worker, { segmentId: first });
    expect(await pages()).toEqual([2, 0]);
    await backfillSegment(worker, { segmentId: second });
    expect(await pages()).toEqual([2, 2]);
    await table.sql`update segment set state = 'done' where id = ${second}`;
    await backfillSegment(worker, { segmentId: first });
    const [row] = await table.sql`select state from segment where id = ${first}`;
    expect(row?.state).toBe('done');
  });

  it('writes on between two renewals of its lease, however long the store may take for a request', async () => {
    const table = await rig.table({ settings: { storeTimeoutMs: 4_000 } });
    await fill(table, 60);
    const hook: Hook = async (sent) => {
      // The page is written between the renewals: more than a lease less one time-out after it was taken.
      if (sent.operation === 'Scan') clock.advance(1_300);
      return await sent.next();
    };
    const clock = new FakeClock();
    const worker = await table.worker({ clock, hook, limits: { leaseMs: 5_000 } });
    await backfillSegment(worker, { segmentId: await table.backfill() });
    expect(await table.divergent()).toEqual([]);
    expect(
      await table.sql`select 1 from segment s join run r on r.id = s.run_id
      where r.plan_table_id = ${table.planTableId} and s.state = 'done'`,
    ).toHaveLength(1);
  });

  it('leaves segments beyond its part to others, and takes them when nobody came', async () => {
    const table = await rig.table();
    await fill(table, 5);
    const clock = new FakeClock();
    const greedy = await table.worker({ clock });
    greedy.inHand.add('another');
    greedy.liveWorkers = 2;
    greedy.segmentsMax = 1;
    const { segmentIds } = await insertRun(table.sql, table.planTableId, { kind: 'backfill', segments: 2 });
    const states = async () => {
      const rows = await table.sql<{ state: string }[]>`select state from segment
        where id in ${table.sql(segmentIds)} order by number`;
      return rows.map((row) => row.state);
    };
    const [first = '', second = ''] = segmentIds;
    await backfillSegment(greedy, { segmentId: first });
    await backfillSegment(greedy, { segmentId: second });
    expect(await states()).toEqual(['waiting', 'waiting']);
    await backfillSegment(await table.worker(), { segmentId: first });
    expect(await states()).toEqual(['done', 'waiting']);
    clock.advance(3_000);
    await backfillSegment(greedy, { segmentId: second });
    expect(await states()).toEqual(['done', 'done']);
  });

  it('gives a segment that is alone the lanes of all jobs, and beside others its part of them', async () => {
    const table = await rig.table();
    await fill(table, 40);
    let [underWay, most] = [0, 0];
    const hook: Hook = async (sent) => {
      if (sent.operation !== 'BatchWriteItem') return await sent.next();
      underWay += 1;
      most = Math.max(most, underWay);
      return await sent.next().finally(() => {
        underWay -= 1;
      });
    };
    const worker = await table.worker({ hook, limits: { jobsMax: 4, groupsAtATime: 1, groupItems: 5 } });
    await backfillSegment(worker, { segmentId: await table.backfill() });
    expect(most).toBe(4);
    most = 0;
    for (const other of ['a', 'b', 'c']) worker.atWork.set(other, { runId: 'run', paces: [] });
    await backfillSegment(worker, { segmentId: await table.backfill() });
    expect(most).toBe(1);
    expect(await table.divergent()).toEqual([]);
  });
});
