/**
 * More than a gateway can carry, for ten minutes, with a target that answers after thirty seconds: requests of 1 KB and
 * of 350 KB come in an open loop above what the stores take. What must hold: the gateway's memory stays flat, it answers
 * every request, with success or with an error that SDKs repeat, and afterwards both sides become equal by themselves.
 */

import { type GatewayRig, startGatewayRig } from '../gateway-rig';
import { waitFor } from '../wait-for';
import { spawnWorker } from '../worker-process';
import { type GatewayProcess, spawnGateway } from './gateway-child';
import { Load, loadTarget } from './load';
import type { LongOptions } from './main';
import { type LongRun, percentile } from './result';

const SECONDS = 600;
const PER_SECOND = 400;
const KEYS = 2_000;
const LARGE_BYTES = 350_000;
const LARGE_KEYS = 40;
const LARGE_SHARE = 0.03;
const RSS_SPREAD_MB_MAX = 300;
const SETTLE_MS_MAX = 600_000;
/** Errors that SDKs repeat by themselves; every other one is a broken promise. */
const REPEATED = new Set(['ThrottlingException', 'ServiceUnavailable', 'InternalServerError']);

export async function runOverload(options: LongOptions & { perSecond?: number }): Promise<LongRun> {
  const seconds = options.rounds ?? SECONDS;
  const rig = await startGatewayRig({ serverUrl: options.serverUrl, settings: { deltaMs: 2_000 } });
  let gateway: GatewayProcess | null = null;
  try {
    const id = await rig.table('orders', { partition: { name: 'id', type: 'S' } });
    await rig.stage(id, 'shift', 50_000);
    gateway = await spawnGateway(rig.environment('overloaded'));
    rig.target.running.faults.add({ kind: 'delay', delayMs: 30_000 });
    const samples: Sample[] = [];
    const load = await drive({
      rig,
      gateway,
      seconds,
      samples,
      perSecond: options.perSecond ?? PER_SECOND,
      say: options.say,
    });
    rig.target.running.faults.clear();
    const dirtyAtEnd = (await rig.dirty(id)).length;
    const settledMs = await settle(rig, gateway, id);
    return await conclude({ gateway, load, samples, seconds, dirtyAtEnd, settledMs });
  } finally {
    await gateway?.kill();
    await rig.stop();
  }
}

interface Sample {
  atS: number;
  rssMb: number;
  live: number;
  mirror: number;
}

interface Drive {
  rig: GatewayRig;
  gateway: GatewayProcess;
  seconds: number;
  perSecond: number;
  samples: Sample[];
  say(line: string): void;
}

async function drive({ rig, gateway, seconds, perSecond, samples, say }: Drive): Promise<Load> {
  const load = new Load({ credentials: rig.key, targets: [loadTarget(gateway.url)] });
  const startedAt = performance.now();
  const atS = () => (performance.now() - startedAt) / 1_000;
  const large = 'x'.repeat(LARGE_BYTES);
  const small = 'y'.repeat(1_000);
  const next = () => {
    const dice = Math.random();
    const isLarge = Math.random() < LARGE_SHARE;
    const id = { S: isLarge ? `large-${Math.floor(dice * LARGE_KEYS)}` : `small-${Math.floor(dice * KEYS)}` };
    if (Math.random() < 0.5) return load.call('GetItem', { TableName: 'orders', Key: { id } });
    const Item = { id, n: { N: String(load.sent) }, text: { S: isLarge ? large : small } };
    return load.call('PutItem', { TableName: 'orders', Item });
  };
  const looping = load.openLoop({ perSecond, isOver: () => atS() >= seconds, next });
  const everyS = Math.max(1, seconds / 120);
  for (let dueS = everyS; dueS <= seconds; dueS += everyS) {
    await waitFor(() => atS() >= dueS, { timeoutMs: (everyS + 60) * 1_000, what: 'the next look' });
    const [rss, live, mirror] = await Promise.all(
      ['resident_memory_bytes ', 'in_flight{class="live"}', 'in_flight{class="mirror"}'].map((name) =>
        gateway.metric(name),
      ),
    );
    samples.push({ atS: Math.round(atS()), rssMb: Math.round((rss ?? 0) / 1e6), live: live ?? 0, mirror: mirror ?? 0 });
    if (samples.length % 10 === 0)
      say(`${Math.round(atS())} s: ${JSON.stringify(samples.at(-1))} ${JSON.stringify([...load.outcomes])}`);
  }
  await looping;
  await waitFor(() => load.open === 0, { what: 'the last answers', timeoutMs: 60_000 });
  return load;
}

/** A worker starts now, as after an outage; nobody does anything else. */
async function settle(rig: GatewayRig, gateway: GatewayProcess, id: string): Promise<number> {
  const startedAt = performance.now();
  const environment = { LANDFALL_SEALING_KEY: rig.sealingKey };
  const worker = await spawnWorker({ databaseUrl: rig.database.url, environment });
  try {
    await waitFor(async () => (await gateway.metric('intents_open ')) === 0, {
      what: 'no open intent',
      timeoutMs: 120_000,
    });
    await waitFor(async () => (await rig.dirty(id)).length === 0, {
      what: 'no dirty key',
      timeoutMs: SETTLE_MS_MAX,
      everyMs: 200,
    });
  } finally {
    await worker.stop();
  }
  return Math.round(performance.now() - startedAt);
}

interface Ended {
  gateway: GatewayProcess;
  load: Load;
  samples: readonly Sample[];
  seconds: number;
  dirtyAtEnd: number;
  settledMs: number;
}

async function conclude(of: Ended): Promise<LongRun> {
  const { gateway, load, samples, seconds, dirtyAtEnd, settledMs } = of;
  // The first tenth fills caches and the heap's young generation.
  const later = samples.filter((sample) => sample.atS >= seconds / 10).map((sample) => sample.rssMb);
  const spread = Math.max(...later) - Math.min(...later);
  const outcomes = Object.fromEntries([...load.outcomes].sort());
  const unexpected = Object.keys(outcomes).filter((name) => name !== 'ok' && !REPEATED.has(name));
  const shed = async (name: string) => await gateway.metric(`shed_total{class="${name}"}`);
  const figures = {
    seconds,
    sentPerSecond: Math.round(load.sent / seconds),
    okPerSecond: Math.round((load.outcomes.get('ok') ?? 0) / seconds),
    rssMbMax: Math.max(...samples.map((sample) => sample.rssMb)),
    rssMbSpread: spread,
    rssMbFirst: later[0] ?? 0,
    rssMbLast: later.at(-1) ?? 0,
    liveMax: Math.max(...samples.map((sample) => sample.live)),
    mirrorMax: Math.max(...samples.map((sample) => sample.mirror)),
    p50Ms: percentile(load.tookMs, 0.5),
    p99Ms: percentile(load.tookMs, 0.99),
    outcomes,
    shed: {
      read: await shed('read'),
      write: await shed('write'),
      mirrorWait: await shed('mirror_wait'),
      mirror: await shed('mirror'),
    },
    breakerOpened: await gateway.metric('breaker_opened_total'),
    dirtyAtEnd,
    settledMs,
    generatorSkipped: load.skipped,
  };
  const broken = [
    ...(spread > RSS_SPREAD_MB_MAX ? [`memory moved by ${spread} MB`] : []),
    ...unexpected.map((name) => `${outcomes[name]} answers were ${name}`),
  ];
  return { figures, broken, words: wordsOf(figures) };
}

const wordsOf = (of: Record<string, unknown>): string => `
For ${of.seconds} s requests came in an open loop, ${of.sentPerSecond} a second (half reads, 3 % of the items 350 KB), at a
gateway of its own process in stage *shift* (50 %), with a target that answers after 30 s.

| | |
|---|---|
| answered with success, a second | ${of.okPerSecond} |
| memory of the gateway, highest | ${of.rssMbMax} MB |
| memory after the first tenth: first, last, highest minus lowest | ${of.rssMbFirst}, ${of.rssMbLast}, ${of.rssMbSpread} MB |
| answers by outcome | \`${JSON.stringify(of.outcomes)}\` |
| shed by the gateway | \`${JSON.stringify(of.shed)}\` |
| latency p50, p99 | ${of.p50Ms}, ${of.p99Ms} ms |
| dirty keys at the end, and the time until none was left | ${of.dirtyAtEnd}, ${of.settledMs} ms |

Stores, load and gateway share the machine, so the rates say nothing of a gateway's capacity; the memory is what is held.
`;
