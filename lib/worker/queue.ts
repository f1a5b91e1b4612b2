/** graphile-worker as the queue that wakes work up; who owns what is decided by leases, never by a job. */
import { EventEmitter } from 'node:events';
import { Logger, type Runner, run, type TaskList, type WorkerEvents } from 'graphile-worker';
import pg from 'pg';
import type { Log } from '@/lib/adapters/ports';

/** One statement of the queue; a frozen Postgres must not hold its jobs for ever. */
const QUERY_MS_MAX = 10_000;
const POLL_MS = 1_000;
const SHUTDOWN_MS_MAX = 4_000;
/** For what the last jobs have to say. */
const LAST_WORDS_MS_MAX = 2_000;
const LOOK_MS = 5;

export interface Queue {
  poolId: string;
  /** Takes no more jobs, lets those at hand end. */
  stop(): Promise<void>;
  /** Drops everything as it stands. */
  abandon(): Promise<void>;
}

export async function startQueue(options: { url: string; jobsMax: number; tasks: TaskList; log: Log }): Promise<Queue> {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.jobsMax + 2,
    query_timeout: QUERY_MS_MAX,
    connectionTimeoutMillis: 5_000,
    application_name: 'landfall-worker-queue',
  });
  // An idle connection that breaks emits here; without a listener it would end the process.
  pool.on('error', (error) => options.log.warn({ error }, 'A connection of the queue broke'));
  pool.on('connect', (client) => {
    client.on('error', (error) => options.log.warn({ error }, 'A connection of the queue broke'));
  });
  const events: WorkerEvents = new EventEmitter() as WorkerEvents;
  let poolId = '';
  events.on('pool:create', ({ workerPool }) => {
    poolId = workerPool.id;
  });
  const runner: Runner = await run({
    pgPool: pool,
    concurrency: options.jobsMax,
    taskList: options.tasks,
    noHandleSignals: true,
    pollInterval: POLL_MS,
    gracefulShutdownAbortTimeout: SHUTDOWN_MS_MAX,
    events,
    logger: loggerOf(options.log),
  });
  runner.promise.catch((error) => options.log.error({ error }, 'The queue has stopped'));
  // The queue does not wait until the end of its last job is written, and a pool that ends strands whoever waits for a
  // connection: the job would stay taken, and the wait would fail unheard when its time is over.
  const endPool = async () => {
    const giveUpAt = performance.now() + LAST_WORDS_MS_MAX;
    do await new Promise((done) => setTimeout(done, LOOK_MS));
    while (pool.waitingCount > 0 && performance.now() < giveUpAt);
    await pool.end().catch(() => {});
  };
  return {
    poolId,
    stop: async () => {
      await runner.stop().catch(() => {});
      await endPool();
    },
    abandon: async () => {
      void runner.stop().catch(() => {});
      await endPool();
    },
  };
}

const loggerOf = (log: Log): Logger =>
  new Logger(() => (level, message) => {
    if (level === 'error') log.error({ queue: message }, 'The queue reports an error');
    else if (level === 'warning') log.warn({ queue: message }, 'The queue warns');
    else log.debug({ queue: message }, 'The queue says');
  });
