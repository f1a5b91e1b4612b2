/** `npm run bench -- storm`: what a backfill gets through while the store keeps turning it away for seconds. */
import { insertRun } from '@/lib/testing/plan-fixture';
import { describeMachine } from './machine';
import { pause, reportScale, type ScaleRig, startScaleRig } from './scale-rig';
import type { StormSettings, StubCounts } from './scale-stub';

const REQUESTS_PER_SECOND = 125;
const LIVE_SHARE = 0.2;
const BULK_PER_SECOND = REQUESTS_PER_SECOND * (1 - LIVE_SHARE);
const LIVE_PER_SECOND = 20;
const SERVICE_MS = 50;
const WORKERS = 2;
const ALONE_MS = 12_000;
const CALM_MS = 8_000;
const STORM_MS = 60_000;
/** On average 3 s of refusal after 12 s of none: of the calls of a client that did not obey, one in five. */
const STORM: StormSettings = { openMsMin: 8_000, openMsMax: 16_000, retryAfterS: [1, 2, 3, 4, 5], hearingMs: 50 };

/** Calls at fixed times, whatever became of those before; latencies in ms of the ones that were answered 200. */
function startLive(endpoint: string) {
  let latencies: number[] = [];
  let failed = 0;
  const timer = setInterval(async () => {
    const sentMs = performance.now();
    const answer = await fetch(endpoint, {
      method: 'POST',
      headers: { 'x-amz-target': 'DynamoDB_20120810.PutItem' },
      body: '{}',
    }).catch(() => null);
    await answer?.arrayBuffer();
    if (answer?.status === 200) latencies.push(performance.now() - sentMs);
    else failed += 1;
  }, 1_000 / LIVE_PER_SECOND);
  return {
    take: () => {
      const taken = { latencies, failed };
      latencies = [];
      failed = 0;
      return taken;
    },
    stop: () => clearInterval(timer),
  };
}

const p99 = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * 0.99))] ?? Number.NaN;

/** Accepted bulk requests over what the rate allows in the time outside every Retry-After. */
const goodput = (counts: StubCounts): number => counts.accepted / ((BULK_PER_SECOND * counts.openMs) / 1_000);

async function measure(
  rig: ScaleRig,
  live: ReturnType<typeof startLive>,
  of: { ms: number; storm: StormSettings | null },
) {
  await rig.set({ storm: of.storm });
  live.take();
  await pause(of.ms);
  return { counts: await rig.counts(), live: live.take() };
}

export async function runStormBench(): Promise<void> {
  const machine = describeMachine();
  const rig = await startScaleRig({ requestsPerSecond: REQUESTS_PER_SECOND, liveReserveMilli: LIVE_SHARE * 100_000 });
  let stopLive = () => {};
  try {
    await rig.set({ items: 10_000_000, serviceMs: SERVICE_MS, requestsPerSecond: REQUESTS_PER_SECOND });
    await Promise.all(Array.from({ length: WORKERS }, () => rig.worker(2)));
    const live = startLive(rig.live);
    stopLive = live.stop;
    await pause(2_000);
    const alone = await measure(rig, live, { ms: ALONE_MS, storm: null });
    const { runId } = await insertRun(rig.sql, rig.plan.planTableId, { kind: 'backfill', segments: 4 });
    await pause(8_000);
    const calm = await measure(rig, live, { ms: CALM_MS, storm: null });
    const storm = await measure(rig, live, { ms: STORM_MS, storm: STORM });
    const [reason] = await rig.sql`select throttle_reason as sentence from run where id = ${runId}`;
    const ratio = (value: number) => Number(value.toFixed(3));
    reportScale({
      bench: 'storm',
      title: 'A storm of refusals',
      bars: [
        { name: 'stormGoodput', value: ratio(goodput(storm.counts)), atLeast: 0.9 },
        { name: 'requestsInsideRetryAfter', value: storm.counts.inside, atMost: 0 },
        { name: 'liveP99Ratio', value: ratio(p99(storm.live.latencies) / p99(alone.live.latencies)), atMost: 1.1 },
      ],
      more: {
        calmGoodput: ratio(goodput(calm.counts)),
        refusedTimeShare: ratio(1 - storm.counts.openMs / storm.counts.passedMs),
        storm: storm.counts,
        calm: calm.counts,
        liveP99Ms: { alone: ratio(p99(alone.live.latencies)), storm: ratio(p99(storm.live.latencies)) },
        liveCalls: { alone: alone.live.latencies.length, storm: storm.live.latencies.length },
        liveFailed: storm.live.failed,
        reason: reason?.sentence ?? null,
        machine,
        loadAtEnd: describeMachine().loadAtStart,
      },
      notes: [
        `${WORKERS} worker processes as they ship, over a Postgres that does not wait for its disk, share a target of ${REQUESTS_PER_SECOND} requests/s, of which ${LIVE_SHARE * 100} % are kept for ${LIVE_PER_SECOND} live calls a second beside them, straight to the store and with a key of their own. The stub limits the sum of both by a token bucket; an answer takes ${SERVICE_MS} ms.`,
        'The storm: after 8 to 16 s the store begins to turn every bulk call away for 1 to 5 s and says so by Retry-After; that is a fifth of the time (refusedTimeShare), so a fifth of the calls of a client that does not obey. Workers that obey are turned away far less often, as the counts show.',
        `stormGoodput: bulk requests that were taken, over ${BULK_PER_SECOND} a second times the time outside every Retry-After that was named (the union of their times). The halved rate after each refusal and its return count against it; the named times do not, because nothing may be sent in them.`,
        `requestsInsideRetryAfter: arrivals more than ${STORM.hearingMs} ms after the first refusal and before its named time is over. Those that were under way at that moment, or sent by the other process before it heard, are counted as underWay, the latest of them as underWayMsMax.`,
        'What this storm is not: a store that refuses one call in five at random, whatever its rate. Each of those would silence the connection for seconds after five calls, and the rate that is allowed is then nearly nothing.',
        'liveP99Ratio: the 99th percentile of live calls during the storm over that without any bulk traffic.',
      ],
    });
  } finally {
    stopLive();
    await rig.stop();
  }
}
