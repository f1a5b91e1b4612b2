/** A gateway as a server: the core behind HTTP, and the order in which both start and end. */
import { systemClock } from '@/lib/adapters/clock';
import { createLog } from '@/lib/adapters/log';
import type { Clock, Log } from '@/lib/adapters/ports';
import { createSealer } from '@/lib/adapters/sealing';
import { ALL_SAFEGUARDS, type SafeguardSet } from '@/lib/domain/safeguards';
import { openCore } from './core';
import { type MetricsPlace, startMetricsOf } from './http/metrics-server';
import { startServer } from './http/server';
import { Authorizer } from './sigv4/authorize';

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
  /** How long it serves on after it was told to end, so that balancers and clients go elsewhere first; 0 by default. */
  drainMs?: number;
  /** Where `/metrics` listens; nowhere where it is left out. */
  metrics?: MetricsPlace;
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
  metricsUrl: string | null;
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
  const sealer = createSealer(options.sealingKey);
  const authorizer = new Authorizer(sealer, clock, log);
  const onFatal = options.onFatal ?? endProcess(log);
  const { databaseUrl, connection, identity, dataDir } = options;
  const core = await openCore({
    ...{ databaseUrl, connection, identity, dataDir, sealer, clock, log, safeguards, onFatal, keys: authorizer },
    verifiesSignatures: options.verifySignatures !== false,
  });
  authorizer.onDenied = (fault) => core.inside.counters.denial(fault);
  const server = await startServer({
    host: options.host,
    port: options.port,
    region: 'landfall',
    authorizer: options.verifySignatures === false ? null : authorizer,
    log,
    handle: (request) => core.handle(request),
    admission: core.inside.admission,
    notReady: () => core.notReady(),
    notServing: () => core.notServing(),
  }).catch(async (error: unknown) => {
    await core.release();
    throw error;
  });
  const url = `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${server.port}`;
  const metrics = await startMetricsOf(core.inside, { metrics: options.metrics, log });
  const ready = core.start(url);
  ready.catch(() => {});

  return {
    url,
    port: server.port,
    gatewayId: core.gatewayId,
    metricsUrl: metrics?.url ?? null,
    ready,
    async close() {
      const { clean } = await core.goodbye(server.stop(options.drainMs ?? 0));
      server.destroy();
      metrics?.close();
      await core.release();
      return { clean };
    },
    async crash() {
      server.destroy();
      metrics?.close();
      await core.die();
      await core.release();
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
  const { url, gatewayId, metricsUrl } = gateway;
  process.stdout.write(`${JSON.stringify({ ready: true, url, gatewayId, metricsUrl })}\n`);
}
