/**
 * The target stopped in the middle of dual write, for sixty seconds, under an application that goes on. What must hold:
 * no error for the application, dirty keys rise and then fall to none by themselves, and both sides are equal.
 */

import { type GatewayRig, startGatewayRig } from '../gateway-rig';
import { startTcpProxy } from '../tcp-proxy';
import { waitFor } from '../wait-for';
import { spawnWorker } from '../worker-process';
import { type GatewayProcess, spawnGateway } from './gateway-child';
import { Load, loadTarget } from './load';
import type { LongOptions } from './main';
import { type LongRun, percentile } from './result';

const SECONDS = 60;
const PER_SECOND = 20;
const KEYS = 500;
const MIRROR_WAIT_MS = 250;

export async function runOutage(options: LongOptions): Promise<LongRun> {
  const seconds = options.rounds ?? SECONDS;
  const settings = { deltaMs: 2_000, mirrorWaitMsMax: MIRROR_WAIT_MS, storeTimeoutMs: 5_000 };
  const rig = await startGatewayRig({ serverUrl: options.serverUrl, settings });
  const link = await startTcpProxy(Number(new URL(rig.target.endpoint).port));
  const worker = await spawnWorker({
    databaseUrl: rig.database.url,
    environment: { LANDFALL_SEALING_KEY: rig.sealingKey },
  });
  let gateway: GatewayProcess | null = null;
  try {
    const endpoint = link.through(rig.target.endpoint).replace(/\/$/, '');
    await rig.database.sql`update connection set endpoint = ${endpoint} where id = ${rig.targetConnectionId}`;
    const id = await rig.table('orders', { partition: { name: 'id', type: 'S' } });
    await rig.stage(id, 'dual_write');
    gateway = await spawnGateway(rig.environment('outage'));
    return await run({ rig, gateway, id, seconds, link, say: options.say });
  } finally {
    await gateway?.kill();
    await worker.stop();
    await rig.stop();
    await link.close();
  }
}

interface Scene {
  rig: GatewayRig;
  gateway: GatewayProcess;
  id: string;
  seconds: number;
  link: { cut(): void; heal(): void };
  say(line: string): void;
}

async function run({ rig, gateway, id, seconds, link, say }: Scene): Promise<LongRun> {
  const load = new Load({ credentials: rig.key, targets: [loadTarget(gateway.url)] });
  let isOver = false;
  const next = () => {
    const key = { id: { S: `k${Math.floor(Math.random() * KEYS)}` } };
    if (Math.random() < 0.3) return load.call('GetItem', { TableName: 'orders', Key: key });
    if (Math.random() < 0.1) return load.call('DeleteItem', { TableName: 'orders', Key: key });
    return load.call('PutItem', { TableName: 'orders', Item: { ...key, n: { N: String(load.sent) } } });
  };
  const loop = load.openLoop({ perSecond: PER_SECOND, isOver: () => isOver, next });
  await waitFor(() => load.tookMs.length > 3 * PER_SECOND, { timeoutMs: 60_000 });
  const beforeMs = load.tookMs.splice(0);
  link.cut();
  const cutAt = performance.now();
  let dirtyMax = 0;
  await waitFor(
    async () => {
      dirtyMax = Math.max(dirtyMax, (await rig.dirty(id)).length);
      return performance.now() - cutAt >= seconds * 1_000;
    },
    { what: 'the end of the outage', timeoutMs: (seconds + 60) * 1_000, everyMs: 250 },
  );
  link.heal();
  const healedAt = performance.now();
  const duringMs = load.tookMs.splice(0);
  if (load.outcomes.size > 1) {
    const text = await (await fetch(gateway.metricsUrl)).text();
    say(
      text
        .split('\n')
        .filter((line) => /attempts_total|breaker|shed|loop/.test(line))
        .join('\n'),
    );
    say(gateway.said());
  }
  say(`healed with ${dirtyMax} dirty keys: ${JSON.stringify([...load.outcomes])}`);
  // The application goes on while its keys are settled; then it pauses, and nothing may be left.
  await waitFor(async () => (await rig.dirty(id)).length < dirtyMax / 10, {
    what: 'dirty keys to fall',
    timeoutMs: 120_000,
  });
  isOver = true;
  await loop;
  await waitFor(() => load.open === 0, { timeoutMs: 60_000 });
  await waitFor(async () => (await gateway.metric('intents_open ')) === 0, {
    what: 'no open intent',
    timeoutMs: 60_000,
  });
  await waitFor(async () => (await rig.dirty(id)).length === 0, { what: 'no dirty key', timeoutMs: 120_000 });
  const noneAfterMs = Math.round(performance.now() - healedAt);
  const different = await differences(rig);
  const outcomes = Object.fromEntries(load.outcomes);
  const figures = {
    seconds,
    requests: load.sent,
    outcomes,
    dirtyMax,
    noneDirtyAfterMs: noneAfterMs,
    different,
    beforeP50Ms: percentile(beforeMs, 0.5),
    beforeP99Ms: percentile(beforeMs, 0.99),
    duringP50Ms: percentile(duringMs, 0.5),
    duringP99Ms: percentile(duringMs, 0.99),
    duringMsMax: percentile(duringMs, 1),
  };
  const broken = [
    ...Object.entries(outcomes).flatMap(([name, count]) => (name === 'ok' ? [] : [`${count} answers were ${name}`])),
    ...(dirtyMax === 0 ? ['no key became dirty'] : []),
    ...(different > 0 ? [`${different} keys differ`] : []),
  ];
  return { figures, broken, words: wordsOf(figures) };
}

async function differences(rig: GatewayRig): Promise<number> {
  let different = 0;
  for (let at = 0; at < KEYS; at += 1) {
    const input = { TableName: 'orders', Key: { id: { S: `k${at}` } } };
    const [left, right] = await Promise.all(
      [rig.source, rig.target].map((one) => one.running.engine.run('GetItem', input)),
    );
    if (JSON.stringify((left as { Item?: unknown }).Item) !== JSON.stringify((right as { Item?: unknown }).Item))
      different += 1;
  }
  return different;
}

const wordsOf = (of: Record<string, unknown>): string => `
The target was unreachable for ${of.seconds} s in the middle of *dual write*, under ${of.requests} requests (reads, puts,
deletes) in an open loop from a client that repeats nothing; gateway and worker are processes of their own.

| | |
|---|---|
| answers by outcome, all of the run | \`${JSON.stringify(of.outcomes)}\` |
| most dirty keys | ${of.dirtyMax} |
| from the target's return to no dirty key, by itself | ${of.noneDirtyAfterMs} ms |
| keys that differ at the end | ${of.different} |
| latency before: p50, p99 | ${of.beforeP50Ms}, ${of.beforeP99Ms} ms |
| latency during: p50, p99, highest | ${of.duringP50Ms}, ${of.duringP99Ms}, ${of.duringMsMax} ms |
`;
