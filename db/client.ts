/**
 * Doors to Postgres: `sql` (postgres.js, raw) and `db` (drizzle), each on a pool of its own, because drizzle changes
 * the parsers of the client that it is given. In both every statement has a deadline; see `deadline.ts`.
 */
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { DatabaseDeadlineError, type Guard, guardQuery, Permits, type Sql } from './deadline';

export { DatabaseBusyError, DatabaseDeadlineError, type Sql } from './deadline';
export { type ListenOptions, listen } from './listen';

export type ProcessKind = 'web' | 'worker' | 'gateway' | 'supervisor' | 'test';

export interface PoolLimits {
  /** Connections. */
  max: number;
  /** One statement, on the client; the server gives up at four fifths of it. */
  queryMsMax: number;
  /** A whole transaction, BEGIN to COMMIT. */
  transactionMsMax: number;
  /** Statements that may wait for a connection; one more is refused at once. */
  queuedMax: number;
}

export const POOL_LIMITS: Readonly<Record<ProcessKind, PoolLimits>> = Object.freeze({
  web: { max: 10, queryMsMax: 5_000, transactionMsMax: 10_000, queuedMax: 200 },
  worker: { max: 10, queryMsMax: 10_000, transactionMsMax: 20_000, queuedMax: 500 },
  gateway: { max: 4, queryMsMax: 4_000, transactionMsMax: 8_000, queuedMax: 500 },
  supervisor: { max: 2, queryMsMax: 10_000, transactionMsMax: 20_000, queuedMax: 50 },
  test: { max: 5, queryMsMax: 20_000, transactionMsMax: 30_000, queuedMax: 1_000 },
});

const MISSES_BEFORE_REPLACEMENT = 2;
const CONNECT_S_MAX = 5;
const IDLE_IN_TRANSACTION_MS_MAX = 10_000;
const RETRIES_MAX = 5;

export interface SqlOptions extends Partial<PoolLimits> {
  /** Told when a pool was given up; for the log. */
  onReplaced?: () => void;
}

interface Origin {
  kind: ProcessKind;
  url: string;
  options: SqlOptions;
}

// On globalThis, because the web's bundler makes several copies of this module in one process, and a client made by
// one copy is handed to another.
const held = globalThis as typeof globalThis & { landfallSqlOrigins?: WeakMap<object, Origin> };
held.landfallSqlOrigins ??= new WeakMap();
const origins = held.landfallSqlOrigins;

const connectionOptions = (kind: ProcessKind, limits: PoolLimits) => ({
  max: limits.max,
  connect_timeout: CONNECT_S_MAX,
  // Idle connections go, so that a restarted or failed-over server is not shadowed by dead sockets.
  idle_timeout: 60,
  fetch_types: false,
  onnotice: () => {},
  connection: {
    application_name: `landfall-${kind}`,
    statement_timeout: Math.floor(limits.queryMsMax * 0.8),
    lock_timeout: Math.floor(limits.queryMsMax * 0.6),
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS_MAX,
    tcp_user_timeout: 10_000,
    tcp_keepalives_idle: 10,
    tcp_keepalives_interval: 5,
    tcp_keepalives_count: 3,
  },
});

/** The transaction's own client: its statements are guarded, its savepoints too, and nothing is sent past the end. */
function guardTransaction(tx: postgres.TransactionSql, guard: Guard): postgres.TransactionSql {
  return new Proxy(tx, {
    apply: (target, self, args) => guardQuery(Reflect.apply(target as never, self, args), guard),
    get(target, property) {
      const value = Reflect.get(target, property);
      if (property === 'unsafe') {
        return (...args: unknown[]) => guardQuery(Reflect.apply(value as never, target, args), guard);
      }
      if (property === 'savepoint') {
        return (...args: unknown[]) => {
          const run = args.pop() as (inner: postgres.TransactionSql) => unknown;
          return Reflect.apply(value as never, target, [
            ...args,
            (inner: postgres.TransactionSql) => run(guardTransaction(inner, guard)),
          ]);
        };
      }
      return value;
    },
  });
}

/** One pool that can be replaced under its users. */
class ReplaceablePool {
  #sql: Sql;
  #missesInARow = 0;
  readonly #permits: Permits;
  readonly guard: Guard;
  constructor(
    readonly limits: PoolLimits,
    private readonly make: () => Sql,
    private readonly onReplaced: () => void,
  ) {
    this.#sql = make();
    this.#permits = new Permits(limits.max, limits.queuedMax);
    this.guard = {
      queryMsMax: limits.queryMsMax,
      permits: this.#permits,
      check: () => {},
      missed: () => this.missed(),
      answered: () => this.answered(),
    };
  }
  get sql(): Sql {
    return this.#sql;
  }
  answered(): void {
    this.#missesInARow = 0;
  }
  missed(): void {
    this.#missesInARow += 1;
    if (this.#missesInARow < MISSES_BEFORE_REPLACEMENT) return;
    this.#missesInARow = 0;
    const old = this.#sql;
    this.#sql = this.make();
    // Drizzle set its own parsers on the old client; the new one must read the same way.
    Object.assign(this.#sql.options.parsers, old.options.parsers);
    Object.assign(this.#sql.options.serializers, old.options.serializers);
    void old.end({ timeout: 0 }).catch(() => {});
    this.onReplaced();
  }
  async begin(args: unknown[]): Promise<unknown> {
    const run = args.pop() as (tx: postgres.TransactionSql) => unknown;
    const { transactionMsMax, queryMsMax } = this.limits;
    await this.#permits.take(queryMsMax);
    let isExpired = false;
    const check = () => {
      if (isExpired) throw new DatabaseDeadlineError(transactionMsMax);
    };
    const guard: Guard = { ...this.guard, permits: null, check };
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, refuse) => {
      timer = setTimeout(() => {
        isExpired = true;
        this.missed();
        refuse(new DatabaseDeadlineError(transactionMsMax));
      }, transactionMsMax);
    });
    const whole = Reflect.apply(this.#sql.begin as never, this.#sql, [
      ...args,
      async (tx: postgres.TransactionSql) => {
        const result = await run(guardTransaction(tx, guard));
        // Past the deadline the caller was told "unknown"; throwing here makes it a roll-back.
        check();
        return result;
      },
    ]) as Promise<unknown>;
    whole.catch(() => {});
    try {
      const result = await Promise.race([whole, deadline]);
      this.answered();
      return result;
    } finally {
      clearTimeout(timer);
      this.#permits.give();
    }
  }
}

/**
 * A postgres.js client with deadlines. `int8` comes back as a string (postgres.js's own choice: cast with `::int`
 * where it fits). Not for cursors, COPY or `reserve()`, which it refuses: a reserved connection whose backend dies
 * takes the Node process with it (postgres.js 3.4.9).
 */
export function makeSql(kind: ProcessKind, url: string, options: SqlOptions = {}): Sql {
  const { onReplaced = () => {}, ...overrides } = options;
  const limits: PoolLimits = { ...POOL_LIMITS[kind], ...overrides };
  const pool = new ReplaceablePool(limits, () => postgres(url, connectionOptions(kind, limits)), onReplaced);
  const proxy = new Proxy(pool.sql, {
    apply: (_, self, args) => guardQuery(Reflect.apply(pool.sql as never, self, args), pool.guard),
    get(_, property) {
      if (property === 'begin') return (...args: unknown[]) => pool.begin(args);
      if (property === 'reserve' || property === 'listen' || property === 'subscribe') {
        return () => {
          throw new Error(`sql.${String(property)} is not offered here; use listen() or a transaction`);
        };
      }
      const value = Reflect.get(pool.sql, property);
      if (property === 'unsafe' || property === 'notify') {
        return (...args: unknown[]) => guardQuery(Reflect.apply(value as never, pool.sql, args), pool.guard);
      }
      return value;
    },
  });
  origins.set(proxy, { kind, url, options });
  return proxy;
}

export type Db = PostgresJsDatabase<Record<string, never>> & { $client: Sql };

/** Drizzle on a pool of its own, made like that of `sql`. Plain selects only: relational queries round bigints. */
export function makeDb(sql: Sql): Db {
  const origin = origins.get(sql);
  if (!origin) throw new Error('makeDb wants what makeSql returned');
  return drizzle(makeSql(origin.kind, origin.url, origin.options)) as Db;
}

export const urlOf = (sql: Sql): string => {
  const origin = origins.get(sql);
  if (!origin) throw new Error('urlOf wants what makeSql returned');
  return origin.url;
};

export interface Database {
  sql: Sql;
  db: Db;
  close(): Promise<void>;
}

export function openDatabase(kind: ProcessKind, url: string, options: SqlOptions = {}): Database {
  const sql = makeSql(kind, url, options);
  const db = makeDb(sql);
  const close = async () => {
    await Promise.all([sql.end({ timeout: 5 }), db.$client.end({ timeout: 5 })]);
  };
  return { sql, db, close };
}

/** The SQLSTATE of an error, also through drizzle's wrapping; null when it is not Postgres's. */
export function sqlStateOf(error: unknown): string | null {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    const code = (at as { code?: unknown }).code;
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return code;
  }
  return null;
}

type DbTransaction = Parameters<Parameters<Db['transaction']>[0]>[0];

export type { DbTransaction };

type TransactionConfig = Parameters<Db['transaction']>[1];

/** 40001 serialization failure and 40P01 deadlock: Postgres rolled the whole back, so the whole may run again. */
const RETRYABLE = new Set(['40001', '40P01']);

/**
 * Runs `run` in one transaction, again (at most five times more) when Postgres rolled it back for others' sake.
 * `run` must have no effect outside the database. A deadline rejects with DatabaseDeadlineError: outcome unknown.
 */
export async function withTransaction<T>(
  db: Db,
  run: (tx: DbTransaction) => Promise<T>,
  config?: TransactionConfig,
): Promise<T> {
  for (let retries = 0; ; retries += 1) {
    try {
      return await db.transaction(run, config);
    } catch (error) {
      if (retries >= RETRIES_MAX || !RETRYABLE.has(sqlStateOf(error) ?? '')) throw error;
      const pauseMs = Math.random() * 20 * 2 ** retries;
      await new Promise((done) => setTimeout(done, pauseMs));
    }
  }
}
