/**
 * Both stores, a database and a table on its way, for tests that run single tasks of a worker and interleave an
 * application with them at an exact request.
 */
import { closeHoldsOfEnded } from '@/db/queries/dirty';
import { recordWorkerExit, registerWorker } from '@/db/queries/worker';
import { createStoreWire } from '@/lib/adapters/dynamodb/wire';
import { createLog } from '@/lib/adapters/log';
import type { Clock, StoreWire, WireItem, WireOutcome } from '@/lib/adapters/ports';
import type { KeySchema } from '@/lib/domain/item/item';
import type { PlanSettings } from '@/lib/domain/plan/facts';
import type { SafeguardSet } from '@/lib/domain/safeguards';
import type { WorkerContext } from '@/lib/worker/context';
import type { WorkerLimits } from '@/lib/worker/limits';
import { makeWorkerContext } from '@/lib/worker/run';
import { settle } from '@/lib/worker/tasks/settle';
import { createTestDatabase, type TestDatabase } from './database';
import { startTestSource, startTestTarget } from './emulator';
import { insertPlan, insertRun, TEST_SEALING_KEY } from './plan-fixture';
import { contents, deleteOne, putOne } from './store-contents';
import { waitFor } from './wait-for';
import { servicesWith } from './worker-process';

export const RIG_SCHEMA: KeySchema = { partition: { name: 'pk', type: 'S' }, sort: null };

export interface Sent {
  side: 'source' | 'target';
  operation: string;
  input: Record<string, unknown>;
  next(): Promise<WireOutcome>;
}
export type Hook = (sent: Sent) => Promise<WireOutcome>;

export interface RigWorkerOptions {
  safeguards?: SafeguardSet;
  limits?: Partial<WorkerLimits>;
  hook?: Hook;
  clock?: Clock;
}

const log = createLog({ process: 'worker', level: 'silent' });
let tables = 0;

/** Starts the stores and the database once a file; `table` gives each test a table of its own. */
export async function startRig() {
  const [database, source, target] = await Promise.all([createTestDatabase(), startTestSource(), startTestTarget()]);
  const stop = async () => {
    await Promise.all([source.stop(), target.stop()]);
    await database.drop();
  };
  const table = async (options: { settings?: Partial<PlanSettings>; ttlAttribute?: string } = {}) => {
    tables += 1;
    const name = `orders-${tables}`;
    await Promise.all([
      source.createTable(name, { partition: { name: 'pk', type: 'S' } }),
      target.createTable(name, { partition: { name: 'pk', type: 'S' } }),
    ]);
    const settings = { storeTimeoutMs: 2_000, deltaMs: 200, recheckDelayMs: 50, ...options.settings };
    const stores = { source: source.target, target: target.target };
    const { ttlAttribute } = options;
    const plan = await insertPlan(database.sql, { ...stores, table: name, schema: RIG_SCHEMA, settings, ttlAttribute });
    return rigTable({ database, source, target, name, plan });
  };
  return { database, source, target, table, stop };
}
export type Rig = Awaited<ReturnType<typeof startRig>>;
export type RigTable = Awaited<ReturnType<Rig['table']>>;

interface DirtyRow {
  key_id: string;
  cause: string;
  hold_open_for: string | null;
  hot: boolean;
}

interface Parts {
  database: TestDatabase;
  source: Awaited<ReturnType<typeof startTestSource>>;
  target: Awaited<ReturnType<typeof startTestTarget>>;
  name: string;
  plan: { planTableId: string };
}

function rigTable({ database, source, target, name, plan }: Parts) {
  const { sql } = database;
  const { planTableId } = plan;
  const engines = { source: source.running.engine, target: target.running.engine };
  type Side = keyof typeof engines;

  /** A registered worker whose tasks the test runs by itself; every request goes through `hook`. */
  const worker = async (options: RigWorkerOptions = {}): Promise<WorkerContext> => {
    const context = makeWorkerContext(
      {
        databaseUrl: database.url,
        sealingKey: TEST_SEALING_KEY,
        services: servicesWith(),
        log,
        safeguards: options.safeguards,
        clock: options.clock,
        limits: { leaseMs: 30_000, pageItemsMax: 100, settleBatchesAtATime: 1, ...options.limits },
        makeWire: (store) => hooked(createStoreWire(store), options.hook),
      },
      { sql, stopping: new AbortController().signal },
    );
    await registerWorker(sql, { id: context.workerId, host: 'test', pid: 1, version: 'test' });
    return context;
  };
  const put = (side: Side, item: WireItem) => putOne(engines[side], name, item as never);
  const remove = (side: Side, pk: string) => deleteOne(engines[side], name, { pk: { S: pk } });
  const items = (side: Side) => contents(engines[side], name, ['pk']);
  const dirty = async (): Promise<DirtyRow[]> => [
    ...(await sql<DirtyRow[]>`
      select key_id, cause, hold_open_for, hot from dirty_key where plan_table_id = ${planTableId}`),
  ];
  /** Settles until nothing is dirty any more. */
  const converge = async (context: WorkerContext) => {
    await waitFor(
      async () => {
        await closeHoldsOfEnded(sql);
        await settle(context, { planTableId });
        return (await dirty()).length === 0;
      },
      { what: 'every dirty key to be settled', timeoutMs: 20_000, everyMs: 50 },
    );
  };
  return {
    name,
    planTableId,
    sql,
    worker,
    put,
    remove,
    items,
    dirty,
    converge,
    faults: { source: source.running.faults, target: target.running.faults },
    backfill: async () =>
      (await insertRun(sql, planTableId, { kind: 'backfill', segments: 1 })).segmentIds[0] as string,
    verification: () => insertRun(sql, planTableId, { kind: 'verification', segments: 1 }),
    exited: (context: WorkerContext) => recordWorkerExit(sql, context.workerId),
    /** Keys whose items differ between the sides now, the application being silent. */
    divergent: async () => {
      const [truth, copy] = await Promise.all([items('source'), items('target')]);
      return [...new Set([...truth.keys(), ...copy.keys()])].filter((key) => truth.get(key) !== copy.get(key));
    },
  };
}

function hooked(wire: StoreWire, hook: Hook | undefined): StoreWire {
  if (!hook) return wire;
  return {
    ...wire,
    send: (request) =>
      hook({
        side: wire.target.kind === 'dynamodb' ? 'source' : 'target',
        operation: request.operation,
        input: JSON.parse(request.body.toString()) as Record<string, unknown>,
        next: () => wire.send(request),
      }),
  };
}

/** A hook that runs `act` once, right after the `nth` request of this kind was answered. */
export function afterRequest(
  of: { side: 'source' | 'target'; operation: string; nth?: number },
  act: () => Promise<unknown>,
): Hook {
  let seen = 0;
  return async (sent) => {
    const outcome = await sent.next();
    if (sent.side === of.side && sent.operation === of.operation) {
      seen += 1;
      if (seen === (of.nth ?? 1)) await act();
    }
    return outcome;
  };
}
