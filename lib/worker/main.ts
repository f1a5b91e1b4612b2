/** A worker as a process of its own: `npm run worker`, or a child of the supervisor. */
import { createLog } from '@/lib/adapters/log';
import { ConfigError, safeguardsOf, type WorkerConfig, workerConfig } from '@/lib/config';
import { createServiceContext } from '@/lib/services/context';
import { startWorker } from './run';
import { bindServices } from './services';

/** A clean end that takes longer is cut: what is left open is marked by whoever takes over. */
const STOP_MS_MAX = 10_000;

async function main(config: WorkerConfig): Promise<void> {
  const log = createLog({ process: 'worker', level: config.logLevel, destination: process.stderr });
  const safeguards = safeguardsOf(config);
  const { databaseUrl, sealingKey } = config;
  const services = createServiceContext({
    process: 'worker',
    databaseUrl,
    sealingKey,
    log,
    safeguards,
    exportDir: config.exportDir,
  });
  let isEnding = false;
  const end = async (code: number): Promise<void> => {
    if (isEnding) return;
    isEnding = true;
    const cut = setTimeout(() => process.exit(1), STOP_MS_MAX);
    await worker.stop().catch((error) => log.error({ error }, 'The worker did not stop cleanly'));
    await services.close().catch(() => {});
    clearTimeout(cut);
    process.exit(code);
  };
  const worker = await startWorker({
    databaseUrl,
    sealingKey,
    log,
    safeguards,
    limits: { jobsMax: config.workerConcurrency },
    services: bindServices(services),
    // Somebody recorded the end of this process: nothing it does counts any more, so it does nothing more.
    onEnded: () => process.exit(1),
  });
  process.on('SIGTERM', () => void end(0));
  process.on('SIGINT', () => void end(0));
  process.on('unhandledRejection', (error) => log.error({ error }, 'Something went wrong that nobody waited for'));
  process.stdout.write(`${JSON.stringify({ ready: true, workerId: worker.id, pid: process.pid })}\n`);
}

try {
  await main(workerConfig());
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : (error as Error).stack}\n`);
  process.exit(1);
}
