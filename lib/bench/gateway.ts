/**
 * What the gateway costs: requests for one second of the proxy's own processor time, all its threads, held against nginx
 * and `http-proxy` in alternating rounds of one run. Store and load are processes of their own on another core, so they
 * are not in the figure. Ratios of a round are taken first and their median after, because a shared machine changes from
 * minute to minute and all that ran in one round changed alike. Rounds are short, so that what is held against each other
 * ran within seconds, and those of Node run in several processes in turn: what its compiler made of the same code differs
 * from process to process by more than the machine does from round to round.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GATEWAY_NODE_ARGS } from '@/lib/supervisor/child';
import { itemOf, type LoadAsked, type LoadDone } from './gateway-asked';
import { type GatewayResult, gatewayMarkdown, median, medianRatio, round, type Sample } from './gateway-report';
import { type Rival, startHttpProxy, startNginx } from './gateway-rivals';
import { busyS, describeMachine } from './machine';
import { type BenchProcess, cpuS, goFirst, hasTaskset, pinned, startProcess } from './processes';

const ROUNDS = Number(process.argv[3] ?? 24);
const ROUND_MS = 800;
const WARM_UP_MS = 3_000;
/** Of each variant that runs in Node; rounds take them in turn. */
const PROCESSES = 3;
const PACED_ROUNDS = 5;
const CONNECTIONS = 32;
const PACED_RATE = 1_000;
const PACED_MS = 3_000;
const PAD_BYTES = 940;
/** Rounds below this are a trial and are not written down. */
const ROUNDS_RECORDED_MIN = 24;
const SETTLE_MS_MAX = 10_000;
const BARS = { gatewayOverNginx: 0.2, gatewayOverHttpProxy: 1.5, dualWriteOverNginx: 0.09, addedP50Ms: 0.5 };
const KEY = { accessKeyId: 'LFBENCH0000000000001', secretAccessKey: 'bench-secret' };

const entry = { keySchema: { partition: { name: 'pk', type: 'S' } }, storeTimeoutMs: 5_000 };
const documentOf = (stub: { source: number; target: number }) => {
  const store = (port: number) => ({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'STORE', secretAccessKey: 'store-secret' },
  });
  return {
    source: store(stub.source),
    target: { ...store(stub.target), kind: 'dynamodb' },
    tables: {
      'bench-source': { ...entry, writes: 'source', reads: 'source' },
      'bench-dual': { ...entry, writes: 'source_target', reads: 'source' },
    },
    applicationKeys: [KEY],
  };
};

interface Loader {
  run(asked: Omit<LoadAsked, 'credentials' | 'padBytes' | 'run'>): Promise<LoadDone>;
  stop(): void;
}

function startLoader(core: number | null): Loader {
  const file = fileURLToPath(new URL('./gateway-load.ts', import.meta.url));
  const [command, ...args] = pinned(core, [process.execPath, '--import', 'tsx', file]);
  const child = spawn(command as string, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  let runs = 0;
  return {
    run: (asked) =>
      new Promise((done, fail) => {
        runs += 1;
        child.once('exit', (code) => fail(new Error(`the load ended with ${code}`)));
        child.once('message', (message) => {
          child.removeAllListeners('exit');
          done(message as LoadDone);
        });
        child.send({ ...asked, credentials: KEY, padBytes: PAD_BYTES, run: runs });
      }),
    stop: () => child.disconnect(),
  };
}

type Who = 'nginx' | 'httpProxy' | 'gateway' | 'dual';
const WHO: readonly Who[] = ['nginx', 'gateway', 'httpProxy', 'dual'];

interface Proxy {
  pid: number;
  port: number;
}

interface Bench {
  loader: Loader;
  stubPort: number;
  /** Processes of each variant; none: not installed. `dual` has its own, so none runs in code warmed by another table. */
  proxies: Record<Who, Proxy[]>;
}

interface Stretch {
  who: Who;
  operation: LoadAsked['operation'];
}

/** One stretch of full load on one proxy. */
async function stretch(bench: Bench, proxy: Proxy, of: Stretch & { ms: number }): Promise<Sample> {
  const { who, operation, ms } = of;
  const table = who === 'dual' ? 'bench-dual' : 'bench-source';
  const before = cpuS(proxy.pid);
  const done = await bench.loader.run({
    ...{ port: proxy.port, operation, table, ms },
    connections: CONNECTIONS,
    rate: null,
  });
  const usedS = cpuS(proxy.pid) - before;
  if (done.errors > 0) throw new Error(`${who}: ${done.errors} requests of ${operation} were not answered with 200`);
  return {
    perCpuSecond: done.requests / usedS,
    perSecond: (done.requests / done.wallMs) * 1_000,
    usUsed: (usedS / done.requests) * 1e6,
    share: (usedS / done.wallMs) * 1_000,
  };
}

const series = (who: Who, operation: string): string => `${who} ${operation}`;

async function rounds(bench: Bench): Promise<Map<string, Sample[]>> {
  const samples = new Map<string, Sample[]>();
  // One operation after the other, so that those whose ratio is taken run one directly behind the other.
  const stretches: Stretch[] = (['GetItem', 'PutItem'] as const).flatMap((operation) =>
    WHO.filter((who) => bench.proxies[who].length > 0 && (who !== 'dual' || operation === 'PutItem')).map((who) => ({
      who,
      operation,
    })),
  );
  for (const one of stretches) {
    for (const proxy of bench.proxies[one.who]) await stretch(bench, proxy, { ...one, ms: WARM_UP_MS });
  }
  for (let at = 0; at < ROUNDS; at += 1) {
    for (const one of at % 2 === 0 ? stretches : stretches.toReversed()) {
      const id = series(one.who, one.operation);
      const all = bench.proxies[one.who];
      const sample = await stretch(bench, all[at % all.length] as Proxy, { ...one, ms: ROUND_MS });
      samples.set(id, [...(samples.get(id) ?? []), sample]);
    }
    process.stderr.write(`round ${at + 1} of ${ROUNDS}\n`);
  }
  return samples;
}

/** Latency at a pace that all bear, the store itself for comparison. */
async function latencies(bench: Bench): Promise<GatewayResult['paced']> {
  const seen: Record<string, LoadDone[]> = { direct: [], nginx: [], gateway: [] };
  for (let at = 0; at < PACED_ROUNDS; at += 1) {
    const portOf = (who: Who) => bench.proxies[who][at % PROCESSES]?.port ?? bench.proxies[who][0]?.port ?? null;
    const ports = { direct: bench.stubPort, nginx: portOf('nginx'), gateway: portOf('gateway') };
    for (const [who, port] of Object.entries(ports)) {
      if (port === null) continue;
      const asked = { port, operation: 'GetItem', table: 'bench-source', ms: PACED_MS } as const;
      seen[who]?.push(await bench.loader.run({ ...asked, connections: CONNECTIONS, rate: PACED_RATE }));
    }
  }
  const { direct = [], nginx = [], gateway = [] } = seen;
  const added = gateway.map((one, at) => one.p50Ms - (direct[at]?.p50Ms ?? 0));
  const p99 = nginx.map((one, at) => (gateway[at]?.p99Ms ?? 0) / one.p99Ms);
  const of = (all: LoadDone[]) =>
    all.length === 0
      ? null
      : { p50Ms: round(median(all.map((one) => one.p50Ms))), p99Ms: round(median(all.map((one) => one.p99Ms))) };
  return {
    addedP50Ms: round(median(added)),
    p99OverNginx: p99.length === 0 ? null : round(median(p99)),
    direct: of(direct),
    nginx: of(nginx),
    gateway: of(gateway),
  };
}

interface StubSaid {
  source: Record<string, number>;
  target: Record<string, number>;
  items: number;
  unequal: number;
}

/** Both stores must hold the same when all mirrors are done; else the figures are of a gateway that does not work. */
async function proveEqual(stubPort: number): Promise<StubSaid> {
  const endsAt = performance.now() + SETTLE_MS_MAX;
  for (;;) {
    const said = (await (await fetch(`http://127.0.0.1:${stubPort}/`)).json()) as StubSaid;
    if (said.items > 0 && said.unequal === 0) return said;
    if (performance.now() > endsAt) throw new Error(`the stores differ in ${said.unequal} of ${said.items} items`);
    await new Promise<void>((done) => setTimeout(done, 100));
  }
}

function resultOf(
  samples: Map<string, Sample[]>,
  rest: Pick<GatewayResult, 'paced' | 'machine' | 'proof' | 'versions' | 'othersBusyS' | 'pinned' | 'goesFirst'>,
): GatewayResult {
  const ratio = (a: string, b: string) => medianRatio(samples.get(a) ?? [], samples.get(b) ?? []);
  const lower = (a: number | null, b: number | null) => (a === null || b === null ? null : Math.min(a, b));
  const gatewayOverNginx = lower(ratio('gateway GetItem', 'nginx GetItem'), ratio('gateway PutItem', 'nginx PutItem'));
  const gatewayOverHttpProxy = lower(
    ratio('gateway GetItem', 'httpProxy GetItem'),
    ratio('gateway PutItem', 'httpProxy PutItem'),
  );
  const dualWriteOverNginx = ratio('dual PutItem', 'nginx PutItem');
  const { addedP50Ms, p99OverNginx } = rest.paced;
  return {
    bench: 'gateway',
    gatewayOverNginx,
    gatewayOverHttpProxy,
    dualWriteOverNginx,
    addedP50Ms,
    p99OverNginx,
    met:
      (gatewayOverNginx === null || gatewayOverNginx >= BARS.gatewayOverNginx) &&
      (gatewayOverHttpProxy ?? 0) >= BARS.gatewayOverHttpProxy &&
      (dualWriteOverNginx === null || dualWriteOverNginx >= BARS.dualWriteOverNginx) &&
      addedP50Ms <= BARS.addedP50Ms,
    bars: BARS,
    rounds: ROUNDS,
    processes: PROCESSES,
    series: Object.fromEntries(samples),
    ...rest,
    at: new Date().toISOString(),
  };
}

const PROFILE = process.argv.includes('--cpu-prof')
  ? ['--cpu-prof', '--cpu-prof-dir', join(tmpdir(), 'landfall-prof')]
  : [];

export async function runGatewayBench(): Promise<void> {
  const machine = describeMachine();
  const dir = mkdtempSync(join(tmpdir(), 'landfall-bench-'));
  const stops: (() => Promise<void> | void)[] = [];
  const isPinned = cpus().length > 1 && hasTaskset();
  const [proxyCore, otherCore] = isPinned ? [0, 1] : [null, null];
  const goesFirst = isPinned && goFirst();
  try {
    const item = itemOf(0, 0, PAD_BYTES);
    const stub: BenchProcess = await startProcess('lib/bench/gateway-stub.ts', { input: { item }, core: otherCore });
    stops.push(() => stub.stop());
    const ports = stub.ready as unknown as { source: number; target: number };
    const file = join(dir, 'routing.json');
    writeFileSync(file, JSON.stringify(documentOf(ports)));
    const startGateway = async (name: string) => {
      const gateway = await startProcess('lib/gateway/main.ts', {
        args: ['--routing', file, '--port', '0', '--data-dir', join(dir, name)],
        environment: { LANDFALL_LOG_LEVEL: 'warn' },
        core: proxyCore,
        nodeArgs: [...GATEWAY_NODE_ARGS, ...PROFILE],
      });
      stops.push(() => gateway.stop());
      return { pid: gateway.pid, port: Number(new URL(String(gateway.ready.url)).port) };
    };
    const nginx = await startNginx({ dir, upstream: ports.source, core: proxyCore });
    if (nginx === null) process.stderr.write('nginx is not installed (apt-get install nginx-light): no ratio to it\n');
    else stops.push(() => nginx.stop());
    const rivals: Rival[] = [];
    const proxies: Bench['proxies'] = {
      nginx: nginx === null ? [] : [nginx],
      httpProxy: rivals,
      gateway: [],
      dual: [],
    };
    for (let n = 0; n < PROCESSES; n += 1) {
      proxies.gateway.push(await startGateway(`gateway-${n}`));
      proxies.dual.push(await startGateway(`dual-${n}`));
      const rival = await startHttpProxy({ upstream: ports.source, core: proxyCore });
      stops.push(() => rival.stop());
      rivals.push(rival);
    }
    const loader = startLoader(otherCore);
    stops.push(() => loader.stop());
    const bench: Bench = { loader, stubPort: ports.source, proxies };

    const [busyBefore, from] = [busyS(), performance.now()];
    const samples = await rounds(bench);
    const othersBusyS = round(busyS() - busyBefore);
    const wallS = round((performance.now() - from) / 1_000);
    const paced = await latencies(bench);
    const proof = { ...(await proveEqual(ports.source)), wallS };
    const versions = { nginx: nginx?.version ?? null, httpProxy: rivals[0]?.version ?? '' };
    const result = resultOf(samples, { paced, machine, proof, versions, othersBusyS, pinned: isPinned, goesFirst });
    if (ROUNDS >= ROUNDS_RECORDED_MIN) {
      const results = fileURLToPath(new URL('./results', import.meta.url));
      mkdirSync(results, { recursive: true });
      writeFileSync(join(results, 'gateway.json'), `${JSON.stringify(result, null, 2)}\n`);
      writeFileSync(join(results, 'gateway.md'), gatewayMarkdown(result));
    }
    process.stderr.write(gatewayMarkdown(result));
    const { series: _, ...line } = result;
    process.stdout.write(`${JSON.stringify(line)}\n`);
    if (!result.met) process.exitCode = 1;
  } finally {
    for (const stop of stops.reverse()) await Promise.resolve(stop()).catch(() => {});
    rmSync(dir, { recursive: true, force: true });
  }
}
