/** Composition root of a gateway: everything it is made of, wired once, and the order in which it starts and ends. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '@/db/client';
import { systemClock } from '@/lib/adapters/clock';
import { createLog } from '@/lib/adapters/log';
import type { Clock, Log } from '@/lib/adapters/ports';
import { createSealer } from '@/lib/adapters/sealing';
import { ALL_SAFEGUARDS, type SafeguardSet } from '@/lib/domain/safeguards';
import { Control } from './control/control';
import { DirtyFeed } from './dirty/feed';
import { Marks } from './dirty/marks';
import { startServer } from './http/server';
import { Intents } from './intents/intents';
import { LIMITS } from './limits';
import { createPipeline } from './pipeline/create';
import { Views } from './pipeline/views';
import { Authorizer } from './sigv4/authorize';
import { openFolder } from './state/folder';
import { SealedStores } from './stores';

export const GATEWAY_VERSION = '0.1.0';

export interface GatewayOptions {
  databaseUrl: string;
  sealingKey: string;
  /** The source connection, by id or by name. */
  connection: string;
  identity: string;
  /** The state of this gateway lies in `<dataDir>/gateways/<identity>`. */
  dataDir: string;
  host: string;
  port: number;
  /** False: development without verification of signatures, on loopback only. */
  verifySignatures?: boolean;
  clock?: Clock;
  log?: Log;
  safeguards?: SafeguardSet;
  /** Ends the process; a failed sync of the intents does that. */
  onFatal?: (error: Error) => void;
}

export interface RunningGateway {
  url: string;
  port: number;
  gatewayId: string;
  /** Resolves when it serves: it has routing to obey. */
  ready: Promise<void>;
  /** Says goodbye where nothing is in flight and no intent is open; `clean: false` counts as a crash. */
  close(): Promise<{ clean: boolean }>;
  /** For tests: ends as kill -9 would, as far as one process can. */
  crash(): Promise<void>;
}

/** Starts a gateway; resolves when it listens. @throws FolderLockedError, or when the port is taken. */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const { clock = systemClock, safeguards = ALL_SAFEGUARDS } = options;
  const log = options.log ?? createLog({ process: 'gateway', level: 'info' });
  const folder = await openFolder(join(options.dataDir, 'gateways', options.identity));
  const database = openDatabase('gateway', options.databaseUrl);
  const sealer = createSealer(options.sealingKey);
  const views = new Views();
  const stores = new SealedStores(sealer, log);
  const authorizer = new Authorizer(sealer, clock, log);
  const onFatal = options.onFatal ?? endProcess(log);
  const intents = await Intents.open({
    folder: join(folder.path, 'intents'),
    keysMax: LIMITS.intentKeysMax,
    compactBytes: LIMITS.intentCompactBytes,
    bytesMax: LIMITS.intentLogBytesMax,
    clock,
    log,
    safeguards,
    onFatal,
  }).catch(async (error: unknown) => {
    await database.close();
    folder.release();
    throw error;
  });
  const feed = new DirtyFeed(clock, safeguards);
  const { sql } = database;
  const marks = new Marks({ sql, intents, feed, views, log, safeguards });
  const pipeline = createPipeline({ views, stores, clock, log, safeguards, intents, marker: marks, dirty: feed });
  const control = new Control({
    ...{ sql, folder, views, clock, log, safeguards, stores, authorizer, intents, marks, feed, pipeline },
  });
  const server = await startServer({
    host: options.host,
    port: options.port,
    region: 'landfall',
    authorizer: options.verifySignatures === false ? null : authorizer,
    log,
    handle: (request) => pipeline.handle(request),
    notReady: () => control.notReady(),
  }).catch(async (error: unknown) => {
    await database.close();
    folder.release();
    throw error;
  });
  const url = `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${server.port}`;
  const ready = control.start({ ...options, onFatal, version: GATEWAY_VERSION, host: hostname(), listen: url });
  ready.catch(() => {});

  const release = async () => {
    await stores.close();
    await intents.close().catch(() => {});
    await database.close();
    folder.release();
  };
  return {
    url,
    port: server.port,
    gatewayId: folder.gatewayId,
    ready,
    async close() {
      const stopped = server.stop();
      const clean = await control.goodbye(stopped);
      server.destroy();
      await release();
      return { clean };
    },
    async crash() {
      server.destroy();
      stores.kill();
      await control.die();
      await release();
    },
  };
}

const endProcess = (log: Log) => (error: Error) => {
  log.error({ error }, 'The gateway ends: it cannot keep its promises any more');
  process.exit(1);
};

/** Runs a gateway as a process of its own until SIGTERM or SIGINT. */
export async function runGatewayProcess(
  options: GatewayOptions & { logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent' },
): Promise<void> {
  const log = createLog({ process: 'gateway', level: options.logLevel });
  const onFatal = endProcess(log);
  const gateway = await startGateway({ ...options, log, onFatal });
  let isClosing = false;
  const end = () => {
    if (isClosing) return;
    isClosing = true;
    void gateway.close().then(({ clean }) => {
      log.info({ clean }, clean ? 'Goodbye' : 'Ended without goodbye; the gateway stays registered');
      process.exit(0);
    }, onFatal);
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  await gateway.ready.catch(onFatal);
  process.stdout.write(`${JSON.stringify({ ready: true, url: gateway.url, gatewayId: gateway.gatewayId })}\n`);
}
