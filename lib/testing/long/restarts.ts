/**
 * Rolling restarts under load: two gateways, one after the other told to end and started again, behind a client that
 * goes to the one that is ready and repeats nothing. What must hold: no connection with a request on it is lost, every
 * gateway says its goodbye, and every acknowledged write is on both sides at the end.
 */

import { type GatewayRig, startGatewayRig } from '../gateway-rig';
import { waitFor } from '../wait-for';
import { spawnWorker } from '../worker-process';
import { type GatewayProcess, spawnGateway } from './gateway-child';
import { Load, type LoadTarget, loadTarget, watchReady } from './load';
import type { LongOptions } from './main';
import { type LongRun, percentile } from './result';

const RESTARTS = 50;
const PER_SECOND = 20;
const KEYS = 300;
const DRAIN_MS = 1_000;

export async function runRestarts(options: LongOptions & { perSecond?: number }): Promise<LongRun> {
  const restarts = options.rounds ?? RESTARTS;
  const settings = { deltaMs: 1_000, storeTimeoutMs: 5_000 };
  const rig = await startGatewayRig({ serverUrl: options.serverUrl, settings });
  const gateways: GatewayProcess[] = [];
  const worker = await spawnWorker({
    databaseUrl: rig.database.url,
    environment: { LANDFALL_SEALING_KEY: rig.sealingKey },
  });
  try {
    const id = await rig.table('orders', { partition: { name: 'id', type: 'S' } });
    await rig.stage(id, 'shift', 50_000);
    const start = (at: number) =>
      spawnGateway({
        ...rig.environment(`rolling-${at}`),
        LANDFALL_GATEWAY_DRAIN_MS: String(DRAIN_MS),
        LANDFALL_LOG_LEVEL: 'info',
      });
    gateways.push(...(await Promise.all([0, 1].map(start))));
    const targets = gateways.map((one) => loadTarget(one.url));
    const load = new Load({ credentials: rig.key, targets });
    const stopWatching = watchReady(() => targets);
    const written = new Map<string, number>();
    const wrong: string[] = [];
    let isOver = false;
    const loop = load.openLoop({
      perSecond: options.perSecond ?? PER_SECOND,
      isOver: () => isOver,
      next: () => one(load, written, wrong),
    });
    let unclean = 0;
    for (let round = 0; round < restarts; round += 1) {
      const at = round % 2;
      const isClean = await restart({ gateways, targets, at, start });
      if (!isClean) unclean += 1;
      options.say(`${round + 1}/${restarts}: ${JSON.stringify([...load.outcomes])}`);
    }
    isOver = true;
    await loop;
    await waitFor(() => load.open === 0, { what: 'the last answers', timeoutMs: 60_000 });
    stopWatching();
    const lost = await compare(rig, { id, written, gateways });
    return conclude({ load, restarts, unclean, wrong, lost, written });
  } finally {
    await Promise.all(gateways.map((one) => one.kill()));
    await worker.stop();
    await rig.stop();
  }
}

interface Rolling {
  gateways: GatewayProcess[];
  targets: LoadTarget[];
  at: number;
  start(at: number): Promise<GatewayProcess>;
}

/** Ends one and starts it again under its name, at another port. Whether it said goodbye. */
async function restart({ gateways, targets, at, start }: Rolling): Promise<boolean> {
  const old = gateways[at] as GatewayProcess;
  const code = await old.stop();
  const isClean = code === 0 && old.said().includes('Goodbye');
  const fresh = await start(at);
  gateways[at] = fresh;
  (targets[at] as LoadTarget).agent.destroy();
  targets[at] = loadTarget(fresh.url);
  await waitFor(() => (targets[at] as LoadTarget).isReady, { what: 'a gateway that is ready again' });
  return isClean;
}

/** One key is written by one request at a time, in rising numbers, so that what must be read is known. */
const busy = new Set<string>();
async function one(load: Load, written: Map<string, number>, wrong: string[]): Promise<void> {
  const id = `k${Math.floor(Math.random() * KEYS)}`;
  if (busy.has(id)) return;
  busy.add(id);
  try {
    const before = written.get(id) ?? 0;
    const n = before + 1;
    const Item = { id: { S: id }, n: { N: String(n) } };
    const answer = await load.call('PutItem', { TableName: 'orders', Item });
    if (answer.outcome !== 'ok') wrong.push(`${answer.outcome}: ${answer.body.slice(0, 200)}`);
    written.set(id, answer.outcome === 'ok' ? n : n + 1_000_000);
  } finally {
    busy.delete(id);
  }
}

/** Acknowledged writes that a side does not have. */
async function compare(
  rig: GatewayRig,
  of: { id: string; written: Map<string, number>; gateways: readonly GatewayProcess[] },
): Promise<number> {
  for (const gateway of of.gateways) {
    await waitFor(async () => (await gateway.metric('intents_open ')) === 0, {
      what: 'no open intent',
      timeoutMs: 60_000,
    });
  }
  await waitFor(async () => (await rig.dirty(of.id)).length === 0, { what: 'no dirty key', timeoutMs: 120_000 });
  let lost = 0;
  for (const [id, n] of of.written) {
    if (n > 1_000_000) continue;
    for (const store of [rig.source, rig.target]) {
      const found = await store.running.engine.run('GetItem', { TableName: 'orders', Key: { id: { S: id } } });
      if ((found as { Item?: { n: { N: string } } }).Item?.n.N !== String(n)) lost += 1;
    }
  }
  return lost;
}

interface Ended {
  load: Load;
  restarts: number;
  unclean: number;
  wrong: readonly string[];
  lost: number;
  written: ReadonlyMap<string, number>;
}

function conclude({ load, restarts, unclean, wrong, lost, written }: Ended): LongRun {
  const outcomes = Object.fromEntries([...load.outcomes].sort());
  const figures = {
    restarts,
    requests: load.sent,
    keys: written.size,
    outcomes,
    resets: load.outcomes.get('reset') ?? 0,
    lost,
    unclean,
    p50Ms: percentile(load.tookMs, 0.5),
    p99Ms: percentile(load.tookMs, 0.99),
    msMax: percentile(load.tookMs, 1),
  };
  const broken = [
    ...(lost > 0 ? [`${lost} acknowledged writes are missing on a side`] : []),
    ...(unclean > 0 ? [`${unclean} gateways ended without a goodbye`] : []),
    ...[...new Set(wrong)].slice(0, 5),
  ];
  const words = `
${restarts} times one of two gateways was told to end (SIGTERM, ${DRAIN_MS} ms of notice) and started again, under
${load.sent} writes in an open loop from a client that repeats nothing and asks \`/ready\` as a balancer does.

| | |
|---|---|
| answers by outcome | \`${JSON.stringify(outcomes)}\` |
| connections lost with a request on them | ${figures.resets} |
| acknowledged writes missing on a side | ${lost} |
| gateways that ended without a goodbye | ${unclean} |
| latency p50, p99, highest | ${figures.p50Ms}, ${figures.p99Ms}, ${figures.msMax} ms |
`;
  return { figures, broken, words };
}
