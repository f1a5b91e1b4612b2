/**
 * The gateway process: configuration in, a gateway out; SIGTERM says goodbye. With `--routing FILE` it runs on a routing
 * document and needs no Postgres.
 */
import { parseArgs } from 'node:util';
import { ConfigError, gatewayConfig, safeguardsOf, staticGatewayConfig } from '@/lib/config';
import { runGatewayProcess } from './run';
import { FolderLockedError } from './state/lock';
import { RoutingDocumentError } from './static/document';
import { DirectionError, runStaticGatewayProcess } from './static/run';

const USAGE = 'npm run gateway -- --routing FILE.json [--port N] [--host ADDRESS] [--data-dir DIRECTORY]';

function argumentsOf() {
  try {
    const { values } = parseArgs({
      options: {
        routing: { type: 'string' },
        port: { type: 'string' },
        host: { type: 'string' },
        'data-dir': { type: 'string' },
      },
    });
    const port = values.port === undefined ? null : Number(values.port);
    if (port !== null && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
      throw new Error('--port: give a whole number, 0 to 65535');
    }
    if (values.routing === undefined && Object.keys(values).length > 0) {
      throw new Error('--routing: name the routing document; without one this process takes no options');
    }
    return { ...values, port };
  } catch (error) {
    return fail(`${(error as Error).message}\nUsage: ${USAGE}`);
  }
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

/** What a person can mend is said without a stack. */
const mendable = (error: unknown): boolean =>
  error instanceof RoutingDocumentError ||
  error instanceof DirectionError ||
  error instanceof FolderLockedError ||
  error instanceof ConfigError ||
  (error as { code?: unknown }).code === 'EADDRINUSE';

// Bodies of requests and answers are cut from pools of this size, 8 KB by itself: making a pool costs more than cutting it.
// It is no larger because one body that lives on, in the queue of its mirror, keeps all of its pool.
Buffer.poolSize = 32 * 1024;

const given = argumentsOf();
if (given.routing !== undefined) {
  try {
    const config = staticGatewayConfig();
    await runStaticGatewayProcess({
      routing: given.routing,
      host: given.host ?? config.bindHost,
      port: given.port ?? config.gatewayPort,
      dataDir: given['data-dir'] ?? null,
      defaultDataDir: config.dataDir,
      logLevel: config.logLevel,
      drainMs: config.gatewayDrainMs,
      metrics: { host: config.metricsHost, port: config.metricsPort, token: config.metricsToken ?? null },
      safeguards: safeguardsOf(config),
    });
  } catch (error) {
    if (mendable(error)) fail((error as Error).message);
    throw error;
  }
} else {
  const config = gatewayConfig();
  await runGatewayProcess({
    databaseUrl: config.databaseUrl,
    sealingKey: config.sealingKey,
    connection: config.gatewayConnection,
    identity: config.gatewayIdentity,
    dataDir: config.dataDir,
    host: config.bindHost,
    port: config.gatewayPort,
    logLevel: config.logLevel,
    drainMs: config.gatewayDrainMs,
    verifySignatures: config.gatewayVerify,
    metrics: { host: config.metricsHost, port: config.metricsPort, token: config.metricsToken ?? null },
    safeguards: safeguardsOf(config),
  });
}
