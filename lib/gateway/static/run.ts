/**
 * A gateway without Postgres: routing from a file, intents and dirty keys in a folder of its own, settled by itself. For
 * tests, conformance runs and emergencies. It makes no change of direction safe: that wants a fence, and so a document
 * that turns authority round is refused while a key is still to be settled.
 */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@/lib/adapters/clock';
import { createLog } from '@/lib/adapters/log';
import type { Clock, Log } from '@/lib/adapters/ports';
import { createSealer } from '@/lib/adapters/sealing';
import type { StaticRouting } from '@/lib/contracts/static-routing';
import { ALL_SAFEGUARDS, type SafeguardSet } from '@/lib/domain/safeguards';
import { Admission } from '../admission/admission';
import { LoopDelay } from '../admission/loop-delay';
import { probeTargets, silentTargets } from '../breaker/authority-health';
import { Loop } from '../control/loop';
import { type MetricsPlace, type MetricsServer, startMetricsOf } from '../http/metrics-server';
import { isLoopback, startServer } from '../http/server';
import { Intents } from '../intents/intents';
import { LIMITS } from '../limits';
import { Counters } from '../metrics/counters';
import { createPipeline } from '../pipeline/create';
import { Views } from '../pipeline/views';
import { Authorizer } from '../sigv4/authorize';
import { readJson, writeDurably } from '../state/files';
import { lockFolder } from '../state/lock';
import { DirtyKeys } from './dirty-keys';
import { authorityOfEntry, RoutingDocumentError, readDocument } from './document';
import { StaticRequests } from './requests';
import { Settler } from './settler';
import { StaticStores } from './stores';
import { TableOperations } from './table-operations';
import { StaticTables } from './tables';

export interface StaticGatewayOptions {
  document: StaticRouting;
  /** Intents and dirty keys; one process a folder. */
  folder: string;
  host: string;
  port: number;
  /** How long it serves on after it was told to end, so that balancers and clients go elsewhere first; 0 by default. */
  drainMs?: number;
  /** Where `/metrics` listens; nowhere where it is left out. */
  metrics?: MetricsPlace;
  clock?: Clock;
  log?: Log;
  safeguards?: SafeguardSet;
  onFatal?: (error: Error) => void;
}

export interface RunningStaticGateway {
  url: string;
  port: number;
  metricsUrl: string | null;
  /** Keys that are still to be settled. */
  dirty(): number;
  /** Obeys another document from now on. @throws DirectionError */
  take(document: StaticRouting): Promise<void>;
  /** What is under way ends first; keys that are still dirty stay on disk for the next start. */
  close(): Promise<void>;
  /** For tests: ends as kill -9 would, as far as one process can. */
  crash(): Promise<void>;
}

/** The document turns authority round while keys of the other direction are still to be settled. */
export class DirectionError extends Error {
  override readonly name = 'DirectionError';
  constructor(tables: readonly string[]) {
    super(
      `Keys of ${tables.join(', ')} were written in the other direction and are not settled yet: start with the former ` +
        'routing document until they are, or give a new dataDir and make the stores equal yourself',
    );
  }
}

/** Resolves when it listens. @throws FolderLockedError, DirectionError, or when the port is taken. */
export async function startStaticGateway(options: StaticGatewayOptions): Promise<RunningStaticGateway> {
  const { folder, clock = systemClock, safeguards = ALL_SAFEGUARDS } = options;
  const log = options.log ?? createLog({ process: 'gateway', level: 'info' });
  const onFatal = options.onFatal ?? ((error) => die(log, error));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const release = lockFolder(folder);
  const views = new Views();
  const intents = await openIntents(options, { clock, log, safeguards, onFatal }).catch((error: unknown) => {
    release();
    throw error;
  });
  const counters = new Counters();
  const stores = new StaticStores(options.document, { clock, counters });
  const tables = new StaticTables(views, stores, options.document);
  const deltaMsOf = (table: string) => tables.entry(table)?.deltaMs ?? DELTA_MS;
  const dirty = new DirtyKeys({ intents, views, clock, log, safeguards, deltaMsOf });
  const operations = new TableOperations({ stores, tables, dirty, log });
  const loopDelay = new LoopDelay();
  const admission = new Admission(() => loopDelay.sustainedMs());
  const common = { views, stores, clock, log, safeguards, intents, admission };
  // Authority does not turn under an application here, so a cursor stays the bytes that its store wrote.
  const pipeline = createPipeline({ ...common, marker: dirty, dirty, marksCursors: false });
  const requests = new StaticRequests({ ...options, stores, tables, operations, intents, counters, pipeline, log });
  const settler = new Settler({
    ...{ dirty, views, stores, clock, log, safeguards },
    learn: (table) => tables.learn(table),
    mayVanish: (table) => tables.isLearnt(table),
  });
  const loops: Loop[] = [];
  let isEnding = false;
  let { document } = options;
  const notReady = () => {
    if (isEnding) return 'this gateway is ending';
    // Tables that nobody has spoken of yet are served by their entry.
    const isBySource = Object.values(document.tables).some((entry) => authorityOfEntry(entry) === 'source');
    return isBySource ? null : silentTargets(views.current?.snapshot.tables ?? [], stores);
  };
  const measured = { views, stores, intents, admission, counters, loopDelay, notReady, database: null };
  let metrics: MetricsServer | null = null;
  const end = async () => {
    metrics?.close();
    loopDelay.stop();
    pipeline.stop();
    await Promise.all([settler.stop(), ...loops.map((loop) => loop.stop())]);
    await stores.close();
    await intents.close().catch(() => {});
    release();
  };
  try {
    await refuseTurn(options, intents);
    dirty.markLeft();
    const authorizer = authorizerOf(document, clock, log);
    if (authorizer !== null) authorizer.onDenied = (fault) => counters.denial(fault);
    metrics = await startMetricsOf({ ...measured, dirtyKeys: () => dirty.size }, { metrics: options.metrics, log });
    const server = await startServer({
      ...{ host: options.host, port: options.port, region: document.source.region, log },
      ...{ authorizer, admission, notReady, notServing: () => null },
      handle: (request) => requests.handle(request),
    });
    settler.start();
    loops.push(...keep({ views, intents, log, stores }));
    const { port } = server;
    return {
      url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
      port,
      metricsUrl: metrics?.url ?? null,
      dirty: () => dirty.size,
      async take(next) {
        await refuseTurn({ ...options, document: next }, intents);
        document = next;
        tables.take(next);
        requests.take(next);
      },
      async close() {
        isEnding = true;
        await withDeadline(server.stop(options.drainMs ?? 0), LIMITS.closeWaitMsMax);
        server.destroy();
        await end();
      },
      async crash() {
        server.destroy();
        metrics?.close();
        loopDelay.stop();
        await intents.die();
        await Promise.all([settler.stop(), ...loops.map((loop) => loop.stop())]);
        release();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Of a table that the document speaks of no more. */
const DELTA_MS = 120_000;

function openIntents(
  options: StaticGatewayOptions,
  parts: { clock: Clock; log: Log; safeguards: SafeguardSet; onFatal: (error: Error) => void },
): Promise<Intents> {
  return Intents.open({
    folder: join(options.folder, 'intents'),
    keysMax: LIMITS.intentKeysMax,
    compactBytes: LIMITS.intentCompactBytes,
    bytesMax: LIMITS.intentLogBytesMax,
    ...parts,
  });
}

/** Counters are let go, clears of an idle time reach the disk, and the disk is tried again after trouble. */
function keep(of: { views: Views; intents: Intents; log: Log; stores: StaticStores }): Loop[] {
  const { views, intents, log, stores } = of;
  const everyMs = LIMITS.reportEveryMs;
  let said = 0;
  return [
    new Loop({ name: 'counters', everyMs, log, run: async () => void views.viewsToSample() }),
    new Loop({
      ...{ name: 'target probe', everyMs, log },
      run: () => probeTargets(views.current?.snapshot.tables ?? [], stores),
    }),
    new Loop({ name: 'intents', everyMs, log, run: () => intents.flushIdle() }),
    new Loop({
      ...{ name: 'unproven', everyMs, log },
      run: async () => {
        if (intents.unproven.size === 0) return;
        await intents.probe();
        if (said === intents.unproven.size) return;
        said = intents.unproven.size;
        const unproven = [...intents.unproven.keys()];
        log.error({ tables: unproven }, 'Writes went unrecorded: these tables must be compared, item by item');
      },
    }),
  ];
}

function authorizerOf(document: StaticRouting, clock: Clock, log: Log): Authorizer | null {
  if (!document.verifySignatures) return null;
  const sealer = createSealer(randomBytes(32).toString('hex'));
  const authorizer = new Authorizer(sealer, clock, log);
  authorizer.update(
    document.applicationKeys.map(({ secretAccessKey, ...key }) => ({
      ...key,
      secretSealed: sealer.seal(secretAccessKey, 'gateway-key'),
    })),
  );
  return authorizer;
}

/** Remembers who the authority is, and refuses another one while a key waits that was written under the former. */
async function refuseTurn(options: { document: StaticRouting; folder: string }, intents: Intents): Promise<void> {
  const path = join(options.folder, 'authority.json');
  const now = Object.fromEntries(
    Object.entries(options.document.tables).map(([name, entry]) => [name, authorityOfEntry(entry)]),
  );
  const before = (await readJson(path)) as Record<string, 'source' | 'target'> | null;
  if (before !== null) {
    const of = (all: Record<string, string>, table: string) => (Object.hasOwn(all, table) ? all[table] : all['*']);
    const turned = [...intents.openTables()].filter((table) => of(before, table) !== of(now, table));
    if (turned.length > 0) throw new DirectionError(turned);
  }
  if (JSON.stringify(before) !== JSON.stringify(now)) await writeDurably(path, JSON.stringify(now));
}

function die(log: Log, error: Error): void {
  log.error({ error }, 'The gateway ends: it cannot keep its promises any more');
  process.exit(1);
}

async function withDeadline(promise: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((done) => {
    timer = setTimeout(done, ms);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}

export interface StaticProcessOptions {
  /** Path of the routing document. */
  routing: string;
  host: string;
  port: number;
  dataDir: string | null;
  defaultDataDir: string;
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  drainMs: number;
  metrics: MetricsPlace;
  safeguards: SafeguardSet;
}

/** Runs one as a process of its own until SIGTERM or SIGINT; SIGHUP reads the document again. */
export async function runStaticGatewayProcess(options: StaticProcessOptions): Promise<void> {
  const log = createLog({ process: 'gateway', level: options.logLevel });
  const document = await readDocument(options.routing);
  const { host, port, safeguards, drainMs, metrics } = options;
  if (!document.verifySignatures && !isLoopback(host)) {
    throw new RoutingDocumentError(options.routing, [
      `verifySignatures: false is for loopback only; listen there (--host 127.0.0.1), or set it to true and give applicationKeys`,
    ]);
  }
  const folder = options.dataDir ?? document.dataDir ?? join(options.defaultDataDir, 'gateways', `static-${port}`);
  const gateway = await startStaticGateway({ document, folder, host, port, drainMs, metrics, safeguards, log });
  let isClosing = false;
  const end = () => {
    if (isClosing) return;
    isClosing = true;
    void gateway.close().then(
      () => process.exit(0),
      (error: Error) => die(log, error),
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  process.on('SIGHUP', () => {
    void readDocument(options.routing)
      .then((next) => gateway.take(next))
      .then(
        () => log.info({}, 'The routing document was read again; stores, keys and folder stay as they were'),
        (error: Error) => log.error({ error }, 'The routing document was read again and is not obeyed'),
      );
  });
  const { url, metricsUrl } = gateway;
  process.stdout.write(`${JSON.stringify({ ready: true, url, metricsUrl, dataDir: folder })}\n`);
}
