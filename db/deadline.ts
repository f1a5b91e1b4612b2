/**
 * Deadlines for postgres.js. The driver waits for ever on a frozen backend or a half-open connection, and the
 * server's own `statement_timeout` does not help there, so every statement carries a deadline of the client, and after
 * two misses in a row the whole pool is replaced (its sockets are destroyed, what was in flight rejects).
 */
import type postgres from 'postgres';

/** The client's deadline passed. The statement may still be applied: treat its outcome as unknown. */
export class DatabaseDeadlineError extends Error {
  override readonly name = 'DatabaseDeadlineError';
  readonly code = 'LF_DEADLINE';
  constructor(readonly afterMs: number) {
    super(`Postgres did not answer within ${afterMs} ms`);
  }
}

/** Too many statements wait for a connection already; this one was never sent. */
export class DatabaseBusyError extends Error {
  override readonly name = 'DatabaseBusyError';
  readonly code = 'LF_BUSY';
  constructor(sentence: string) {
    super(sentence);
  }
}

/** First come, first served permits; a waiter that is told to give up leaves the queue. */
export class Permits {
  #free: number;
  readonly #waiting = new Set<() => void>();
  constructor(
    readonly permitsMax: number,
    readonly queuedMax: number,
  ) {
    this.#free = permitsMax;
  }
  get queued(): number {
    return this.#waiting.size;
  }
  /** Null when a permit was free; else a promise of one. Throws when the queue is full. */
  take(waitMsMax: number): Promise<void> | null {
    if (this.#free > 0) {
      this.#free -= 1;
      return null;
    }
    if (this.#waiting.size >= this.queuedMax) {
      throw new DatabaseBusyError(`${this.#waiting.size} statements wait for a connection already`);
    }
    return new Promise((grant, refuse) => {
      const waiter = () => {
        clearTimeout(timer);
        grant();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(waiter);
        refuse(new DatabaseBusyError(`no connection came free within ${waitMsMax} ms`));
      }, waitMsMax);
      this.#waiting.add(waiter);
    });
  }
  give(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}

/** What postgres.js's Query object has beside a promise; it runs when somebody first waits for it. */
interface DriverQuery extends Promise<unknown> {
  handle(): Promise<void>;
  reject(error: unknown): void;
  executed: boolean;
}

export interface Guard {
  queryMsMax: number;
  /** Null inside a transaction, which holds the permit itself. */
  permits: Permits | null;
  /** Throws when nothing may be sent any more (the transaction's own deadline passed). */
  check(): void;
  missed(): void;
  answered(): void;
}

/** Makes one statement obey its guard; builders, identifiers and parameters pass through untouched. */
export function guardQuery<T>(value: T, guard: Guard): T {
  const query = value as unknown as DriverQuery;
  if (!(value instanceof Promise) || typeof query.handle !== 'function') return value;
  const run = query.handle.bind(query);
  query.handle = async () => {
    if (query.executed) return;
    query.executed = true;
    let isHolding = false;
    try {
      guard.check();
      await guard.permits?.take(guard.queryMsMax);
      isHolding = guard.permits !== null;
    } catch (error) {
      query.reject(error);
      return;
    }
    let isDone = false;
    const finish = () => {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      if (isHolding) guard.permits?.give();
    };
    const timer = setTimeout(() => {
      finish();
      guard.missed();
      query.reject(new DatabaseDeadlineError(guard.queryMsMax));
    }, guard.queryMsMax);
    // Promise.prototype.then, because the query's own `then` would call handle() again.
    Promise.prototype.then.call(
      query,
      () => {
        if (!isDone) guard.answered();
        finish();
      },
      () => finish(),
    );
    query.executed = false;
    await run();
  };
  return value;
}

export type Sql = postgres.Sql;
