/** `npm run bench -- scale`: four workers against one where the store's latency rules, and ten times the items. */
import { readFileSync } from 'node:fs';
import { insertRun } from '@/lib/testing/plan-fixture';
import { describeMachine } from './machine';
import type { BenchProcess } from './processes';
import { pause, reportScale, type ScaleRig, startScaleRig } from './scale-rig';

const ROUNDS = 3;
const SERVICE_MS = 100;
const SEGMENTS = 8;
const SETTLE_MS = 6_000;
const WINDOW_MS = 10_000;
const RUN_MS_MAX = 240_000;
const MILLION = 1_000_000;

/** Items a second that arrive at the target, between two moments of a backfill that does not end. */
async function rateOf(rig: ScaleRig): Promise<number> {
  await rig.set({ items: 10 * MILLION, serviceMs: SERVICE_MS });
  const { runId } = await insertRun(rig.sql, rig.plan.planTableId, { kind: 'backfill', segments: SEGMENTS });
  await pause(SETTLE_MS);
  const [before, beganMs] = [await rig.counts(), performance.now()];
  await pause(WINDOW_MS);
  const after = await rig.counts();
  const perSecond = ((after.written - before.written) / (performance.now() - beganMs)) * 1_000;
  await rig.sql`update run set state = 'cancelled' where id = ${runId}`;
  await pause(3_000);
  return Math.round(perSecond);
}

/** Seconds of a whole backfill, with every item accounted for. */
async function secondsOf(rig: ScaleRig, items: number): Promise<number> {
  await rig.set({ items, serviceMs: 0 });
  const beganMs = performance.now();
  const { runId } = await insertRun(rig.sql, rig.plan.planTableId, { kind: 'backfill', segments: SEGMENTS });
  while (performance.now() - beganMs < RUN_MS_MAX) {
    const [row] = await rig.sql<{ left: number; written: number }[]>`select
      count(*) filter (where state <> 'done')::int as left, sum(items_written)::int as written
      from segment where run_id = ${runId}`;
    if (row?.left === 0) {
      if (row.written !== items) throw new Error(`${row.written} of ${items} items were written and confirmed`);
      return (performance.now() - beganMs) / 1_000;
    }
    await pause(100);
  }
  throw new Error(`a backfill of ${items} items took longer than ${RUN_MS_MAX} ms`);
}

const memoryMb = ({ pid }: BenchProcess, field: 'VmRSS' | 'VmHWM'): number => {
  const kb = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kb) / 1_024);
};

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] as number;

export async function runScaleBench(): Promise<void> {
  const machine = describeMachine();
  const rig = await startScaleRig({ requestsPerSecond: 1e6, liveReserveMilli: 0 });
  try {
    const alone = await rig.worker(1);
    const rounds: { one: number; four: number }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const one = await rateOf(rig);
      const others = await Promise.all([rig.worker(1), rig.worker(1), rig.worker(1)]);
      rounds.push({ one, four: await rateOf(rig) });
      await Promise.all(others.map((worker) => worker.stop()));
    }
    await alone.stop();
    const worker = await rig.worker(4);
    await secondsOf(rig, 50_000);
    const smallS = [await secondsOf(rig, MILLION / 10)];
    const afterSmallMb = memoryMb(worker, 'VmHWM');
    const largeS = await secondsOf(rig, MILLION);
    const peakMb = memoryMb(worker, 'VmHWM');
    smallS.push(await secondsOf(rig, MILLION / 10), await secondsOf(rig, MILLION / 10));
    const ratio = median(rounds.map(({ one, four }) => four / one));
    reportScale({
      bench: 'scale',
      title: 'Workers and items',
      bars: [
        { name: 'workers4Over1', value: Number(ratio.toFixed(2)), atLeast: 3.7 },
        { name: 'items10xTime', value: Number((largeS / median(smallS)).toFixed(2)), atMost: 10.5 },
        { name: 'workerRssMb', value: peakMb, atMost: 250 },
      ],
      more: {
        rounds,
        serviceMs: SERVICE_MS,
        largeS,
        smallS,
        afterSmallMb,
        machine,
        loadAtEnd: describeMachine().loadAtStart,
      },
      notes: [
        `Worker processes as they ship, with queue, leases, page keys, confirming reads and checkpoints in a real Postgres that does not wait for its disk; the stub store answers each request after ${SERVICE_MS} ms in the first part and at once in the second. Processes are not pinned to cores.`,
        'workers4Over1: items a second that arrive at the target, one segment a worker at a time, a run of eight segments; median of the ratios of the rounds, one and four workers in turn.',
        'items10xTime: seconds of a backfill of 1,000,000 items over the median of three of 100,000, one worker, four segments at a time, each item confirmed and counted.',
        'workerRssMb: the highest resident set of that worker since its start (VmHWM), in MB of 2^20 bytes.',
      ],
    });
  } finally {
    await rig.stop();
  }
}
