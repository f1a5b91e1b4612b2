import { hostname } from 'node:os';
import type { Sql } from '@/db/client';
import { heartbeatWorker, registerWorker } from '@/db/queries/worker';
import type { Log } from '@/lib/adapters/ports';
import type { Activities } from './context';
import { markOf } from './process-mark';

export const WORKER_VERSION = '0.1.0';

/** The row that makes this process count, and its pulse. Registration commits before the process does anything else. */
export class Registration {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: {
      sql: Sql;
      workerId: string;
      log: Log;
      activity: Activities;
      heartbeatMs: number;
      /** Somebody recorded that this process has ended; it must stop at once. */
      onEnded(): void;
    },
  ) {}

  async begin(): Promise<void> {
    const { sql, workerId, heartbeatMs } = this.options;
    const { pid } = process;
    await registerWorker(sql, { id: workerId, host: hostname(), pid, version: WORKER_VERSION, mark: markOf(pid) });
    this.#timer = setInterval(() => void this.#beat(), heartbeatMs);
  }

  async #beat(): Promise<void> {
    const { sql, workerId, activity, log, onEnded } = this.options;
    try {
      if (!(await heartbeatWorker(sql, workerId, activity.list()))) onEnded();
    } catch (error) {
      log.warn({ error }, 'A heartbeat did not reach Postgres');
    }
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
