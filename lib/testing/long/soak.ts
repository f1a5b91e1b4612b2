/**
 * An hour of dual write with half of the reads on the target: two gateways and a worker as processes of their own, puts,
 * counters, deletes, reads and queries over the same keys through both gateways. What must hold: every answer is a
 * success, each gateway's memory stays where it was after the first tenth, no acknowledged increment is missing, and both
 * sides are equal at the end.
 */
import { type GatewayRig, startGatewayRig } from '../gateway-rig';
import { waitFor } from '../wait-for';
import { spawnWorker } from '../worker-process';
import { type GatewayProcess, spawnGateway } from './gateway-child';
import { Load, loadTarget } from './load';
import type { LongOptions } from './main';
import { type LongRun, percentile } from './result';

const SECONDS = 3_600;
const PER_SECOND = 200;
const KEYS = 3_000;
const COUNTERS = 50;
const LOOKS = 120;
/** Above the memory after the first tenth; caches of keys and connections have filled by then. */
const RSS_GROWTH_MB_MAX = 50;
const SETTLE_MS_MAX = 120_000;
const TABLE = 'orders';

interface Counter {
  acknowledged: number;
  unknown: number;
}
interface Look {
  atS: number;
  rssMb: number[];
}

export async function runSoak(options: LongOptions & { perSecond?: number }): Promise<LongRun> {
  const seconds = options.rounds ?? SECONDS;
  const settings = { deltaMs: 2_000, storeTimeoutMs: 5_000 };
  const rig = await startGatewayRig({ serverUrl: options.serverUrl, settings });
  const worker = await spawnWorker({
    databaseUrl: rig.database.url,
    environment: { LANDFALL_SEALING_KEY: rig.sealingKey },
  });
  const gateways: GatewayProcess[] = [];
  try {
    const id = await rig.table(TABLE, { partition: { name: 'id', type: 'S' } });
    await rig.stage(id, 'shift', 50_000);
    for (const identity of ['soak-1', 'soak-2']) gateways.push(await spawnGateway(rig.environment(identity)));
    const perSecond = options.perSecond ?? PER_SECOND;
    return await soak({ rig, gateways, id, seconds, perSecond, say: options.say });
  } finally {
    for (const gateway of gateways) await gateway.kill();
    await worker.stop();
    await rig.stop();
  }
}

interface Scene {
  rig: GatewayRig;
  gateways: GatewayProcess[];
  id: string;
  seconds: number;
  perSecond: number;
  say(line: string): void;
}

async function soak({ rig, gateways, id, seconds, perSecond, say }: Scene): Promise<LongRun> {
  const load = new Load({ credentials: rig.key, targets: gateways.map((gateway) => loadTarget(gateway.url)) });
  const counters = Array.from({ length: COUNTERS }, (): Counter => ({ acknowledged: 0, unknown: 0 }));
  const startedAt = performance.now();
  const atS = () => (performance.now() - startedAt) / 1_000;
  const looping = load.openLoop({
    perSecond,
    isOver: () => atS() >= seconds,
    next: () => request(load, counters),
  });
  const looks: Look[] = [];
  let dirtyMax = 0;
  const everyS = seconds / LOOKS;
  for (let dueS = everyS; dueS <= seconds; dueS += everyS) {
    await waitFor(() => atS() >= dueS, { timeoutMs: (everyS + 60) * 1_000, what: 'the next look', everyMs: 200 });
    const rss = await Promise.all(gateways.map((gateway) => gateway.metric('resident_memory_bytes ')));
    looks.push({ atS: Math.round(atS()), rssMb: rss.map((bytes) => Math.round(bytes / 1e6)) });
    dirtyMax = Math.max(dirtyMax, (await rig.dirty(id)).length);
    if (looks.length % 10 === 0) say(`${JSON.stringify(looks.at(-1))} ${JSON.stringify([...load.outcomes])}`);
  }
  await looping;
  await waitFor(() => load.open === 0, { what: 'the last answers', timeoutMs: 60_000 });
  const settled = { timeoutMs: SETTLE_MS_MAX, everyMs: 200 };
  for (const gateway of gateways)
    await waitFor(async () => (await gateway.metric('intents_open ')) === 0, { ...settled, what: 'no open intent' });
  await waitFor(async () => (await rig.dirty(id)).length === 0, { ...settled, what: 'no dirty key' });
  const targetReads = await Promise.all(
    gateways.map((gateway) => gateway.metric('table_events_total{table="orders",event="readsTarget"')),
  );
  return conclude({
    ...{ seconds, load, looks, counters, dirtyMax, gateways: gateways.length },
    targetReads: targetReads.reduce((sum, count) => sum + count, 0),
    sides: [await contents(rig.source), await contents(rig.target)],
  });
}

function request(load: Load, counters: Counter[]): Promise<unknown> {
  const dice = Math.random();
  const key = { id: { S: `k${Math.floor(Math.random() * KEYS)}` } };
  if (dice < 0.45) return load.call('GetItem', { TableName: TABLE, Key: key });
  if (dice < 0.55) {
    return load.call('Query', {
      ...{ TableName: TABLE, KeyConditionExpression: '#k = :k' },
      ...{ ExpressionAttributeNames: { '#k': 'id' }, ExpressionAttributeValues: { ':k': key.id } },
    });
  }
  if (dice < 0.8) {
    const text = { S: 'x'.repeat(200 + Math.floor(dice * 1_000)) };
    return load.call('PutItem', { TableName: TABLE, Item: { ...key, n: { N: String(load.sent) }, text } });
  }
  if (dice < 0.88) return load.call('DeleteItem', { TableName: TABLE, Key: key });
  return increment(load, counters);
}

async function increment(load: Load, counters: Counter[]): Promise<void> {
  const at = Math.floor(Math.random() * COUNTERS);
  const counter = counters[at] as Counter;
  const { outcome } = await load.call('UpdateItem', {
    ...{ TableName: TABLE, Key: { id: { S: counterKey(at) } }, UpdateExpression: 'ADD #c :one' },
    ...{ ExpressionAttributeNames: { '#c': 'count' }, ExpressionAttributeValues: { ':one': { N: '1' } } },
  });
  if (outcome === 'ok') counter.acknowledged += 1;
  else counter.unknown += 1;
}

const counterKey = (at: number): string => `counter-${at}`;

type Contents = Map<string, string>;

/** Every item by its key, read from the store itself and not through a gateway. */
async function contents(store: GatewayRig['source']): Promise<Contents> {
  const items: Contents = new Map();
  let from: unknown;
  do {
    const input = { TableName: TABLE, ConsistentRead: true, ...(from ? { ExclusiveStartKey: from } : {}) };
    const page = (await store.running.engine.run('Scan', input)) as {
      Items: Record<string, Record<string, string>>[];
      LastEvaluatedKey?: unknown;
    };
    for (const item of page.Items) {
      const names = Object.keys(item).sort();
      items.set(String(item.id?.S), JSON.stringify(names.map((name) => [name, item[name]])));
    }
    from = page.LastEvaluatedKey;
  } while (from);
  return items;
}

interface Ended {
  seconds: number;
  load: Load;
  looks: readonly Look[];
  counters: readonly Counter[];
  dirtyMax: number;
  gateways: number;
  targetReads: number;
  sides: [Contents, Contents];
}

function conclude(of: Ended): LongRun {
  const { load, looks, seconds } = of;
  const [source, target] = of.sides;
  const keys = new Set([...source.keys(), ...target.keys()]);
  const different = [...keys].filter((key) => source.get(key) !== target.get(key)).length;
  const lost = of.counters.filter((counter, at) => {
    const held = Number(/"count",\{"N":"(\d+)"/.exec(source.get(counterKey(at)) ?? '')?.[1] ?? 0);
    return held < counter.acknowledged || held > counter.acknowledged + counter.unknown;
  }).length;
  const growth = Array.from({ length: of.gateways }, (_, at) => growthOf(looks, at));
  const outcomes = Object.fromEntries([...load.outcomes].sort());
  const figures = {
    seconds,
    requests: load.sent,
    outcomes,
    readsByTarget: of.targetReads,
    increments: of.counters.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
    countersWrong: lost,
    itemsAtEnd: keys.size,
    different,
    dirtyMax: of.dirtyMax,
    rssMbMax: Math.max(...looks.flatMap(({ rssMb }) => rssMb)),
    rssGrowthMbMax: Math.max(...growth),
    p50Ms: percentile(load.tookMs, 0.5),
    p99Ms: percentile(load.tookMs, 0.99),
    highestMs: percentile(load.tookMs, 1),
    generatorSkipped: load.skipped,
  };
  const broken = [
    ...Object.entries(outcomes).flatMap(([name, count]) => (name === 'ok' ? [] : [`${count} answers were ${name}`])),
    ...(lost > 0 ? [`${lost} counters are not what was acknowledged`] : []),
    ...(different > 0 ? [`${different} items differ`] : []),
    ...(of.targetReads === 0 ? ['no read was answered by the target'] : []),
    ...growth.flatMap((mb, at) => (mb > RSS_GROWTH_MB_MAX ? [`gateway ${at + 1} grew by ${mb} MB`] : [])),
  ];
  return { figures, broken, words: wordsOf(figures) };
}

/** Median memory of the last tenth above that of the second. */
function growthOf(looks: readonly Look[], gateway: number): number {
  const tenth = Math.max(1, Math.floor(looks.length / 10));
  const median = (part: readonly Look[]) =>
    percentile(
      part.map(({ rssMb }) => rssMb[gateway] ?? 0),
      0.5,
    );
  return Math.round(median(looks.slice(-tenth)) - median(looks.slice(tenth, 2 * tenth)));
}

const wordsOf = (of: Record<string, unknown>): string => `
For ${of.seconds} s two gateways in stage *shift* (50 %) carried ${of.requests} requests (reads, queries, puts, increments,
deletes over the same keys) in an open loop from a client that repeats nothing; gateways and worker are processes of their own.

| | |
|---|---|
| answers by outcome | \`${JSON.stringify(of.outcomes)}\` |
| reads that the target answered | ${of.readsByTarget} |
| acknowledged increments, and counters that do not hold them | ${of.increments}, ${of.countersWrong} |
| items at the end, and how many of them differ | ${of.itemsAtEnd}, ${of.different} |
| most dirty keys at a look | ${of.dirtyMax} |
| memory of a gateway: highest, and growth from the second tenth to the last | ${of.rssMbMax}, ${of.rssGrowthMbMax} MB |
| latency p50, p99, highest | ${of.p50Ms}, ${of.p99Ms}, ${of.highestMs} ms |
`;
