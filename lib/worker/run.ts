/** The worker process: registered before anything else, then loops and tasks, then goodbye. */
import { randomBytes } from 'node:crypto';
import type { TaskList } from 'graphile-worker';
import { listen, openDatabase } from '@/db/client';
import type { Listening } from '@/db/listen';
import { sayGoodbye, setWorkerPool } from '@/db/queries/worker';
import { systemClock } from '@/lib/adapters/clock';
import type { Clock, Log, StoreTarget, StoreWire } from '@/lib/adapters/ports';
import { createSealer, type Sealer } from '@/lib/adapters/sealing';
import { createWire } from '@/lib/adapters/store-wire';
import { CHANNELS } from '@/lib/contracts/routing';
import { makeId } from '@/lib/domain/ids';
import { ALL_SAFEGUARDS, type SafeguardSet } from '@/lib/domain/safeguards';
import { Activities, type WorkerContext, type WorkerServices } from './context';
import { type Ledger, sqlLedger } from './ledger';
import { WORKER_LIMITS, type WorkerLimits } from './limits';
import { barriersRound } from './loops/barriers';
import { controlRound, obeyFences } from './loops/control';
import { holdsRound } from './loops/holds';
import { type Loop, startLoop } from './loops/loop';
import { makeObserveRound, settleRound } from './loops/observe';
import { type Queue, startQueue } from './queue';
import { Registration } from './registration';
import { Stores } from './stores';
import { StreamReaders } from './streams/readers';
import { TableGates } from './table-gates';
import { makeTasks } from './tasks';

export interface WorkerOptions {
  databaseUrl: string;
  sealingKey: string;
  services: WorkerServices;
  log: Log;
  clock?: Clock;
  safeguards?: SafeguardSet;
  limits?: Partial<WorkerLimits>;
  makeWire?: (target: StoreTarget) => StoreWire;
  /** Told when somebody else recorded the end of this worker, or its queue stopped by itself. */
  onEnded?: () => void;
}

export interface RunningWorker {
  id: string;
  context: WorkerContext;
  /** Finishes the page or batch at hand, gives everything back and says goodbye. */
  stop(): Promise<void>;
  /** Ends like a killed process: nothing is given back, nothing is said. For tests. */
  crash(): Promise<void>;
}

const FENCES_MS = 200;
/** Guardrails: rules look at a minute and more, so a few seconds later is soon. */
const GUARD_MS = 3_000;
/** Alerts and sign-offs: soon enough for a person, seldom enough to cost nothing. */
const CARE_MS = 5_000;

export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { sql, close } = openDatabase('worker', options.databaseUrl);
  const stopping = new AbortController();
  const ctx = makeWorkerContext(options, { sql, stopping: stopping.signal });
  const registration = new Registration({
    sql,
    workerId: ctx.workerId,
    log: ctx.log,
    activity: ctx.activity,
    heartbeatMs: ctx.limits.heartbeatMs,
    onEnded: options.onEnded ?? (() => {}),
  });
  await registration.begin();
  // After the registration: a fence that did not count this worker is seen here, one that begins later counts it.
  await controlRound(ctx);
  const loops = startLoops(ctx);
  const tasks = makeTasks(ctx);
  const queueOf = (jobsMax: number, some: TaskList) =>
    startQueue({ url: options.databaseUrl, jobsMax, tasks: some, log: ctx.log });
  const queues = [await queueOf(ctx.limits.urgentJobsMax, tasks.urgent), await queueOf(ctx.limits.jobsMax, tasks.long)];
  await setWorkerPool(sql, ctx.workerId, queues.map((queue) => queue.poolId).join(','));
  const listening = startListening(ctx, loops);
  ctx.log.info({ workerId: ctx.workerId }, 'The worker is at work');
  const parts = { ctx, queues, loops, listening, registration, close };
  return {
    id: ctx.workerId,
    context: ctx,
    stop: () => stop(parts, stopping),
    crash: () => crash(parts, stopping),
  };
}

/** What tasks and loops are given; `startWorker` makes one, tests that run a task by itself do too. */
export function makeWorkerContext(
  options: WorkerOptions,
  made: { sql: WorkerContext['sql']; stopping: AbortSignal; ledger?: Ledger; sealer?: Sealer },
): WorkerContext {
  const workerId = makeId('worker', randomBytes(10).toString('hex'));
  const clock = options.clock ?? systemClock;
  const makeWire = options.makeWire ?? ((target: StoreTarget) => createWire(target));
  const sealer = made.sealer ?? createSealer(options.sealingKey);
  const ledger = made.ledger ?? sqlLedger(made.sql);
  return {
    workerId,
    sql: made.sql,
    ledger,
    log: options.log.child({ workerId }),
    clock,
    safeguards: options.safeguards ?? ALL_SAFEGUARDS,
    sealer,
    limits: { ...WORKER_LIMITS, ...options.limits },
    stores: new Stores({ workerId, ledger, sealer, clock, makeWire }),
    gates: new TableGates(),
    services: options.services,
    activity: new Activities(),
    stopping: made.stopping,
    runPaces: new Map(),
    inHand: new Set(),
    atWork: new Map(),
    liveWorkers: 1,
    segmentsMax: Number.POSITIVE_INFINITY,
    makeWire,
    random: () => Math.random(),
    newId: (kind) => makeId(kind, randomBytes(10).toString('hex')),
  };
}

type Loops = Record<
  | 'control'
  | 'fences'
  | 'holds'
  | 'observe'
  | 'settle'
  | 'barriers'
  | 'reaper'
  | 'guard'
  | 'care'
  | 'streams'
  | 'exports',
  Loop
>;

function startLoops(ctx: WorkerContext): Loops {
  const { log, limits } = ctx;
  const loop = (name: string, everyMs: number, round: () => Promise<void>) => startLoop({ name, everyMs, log, round });
  return {
    control: loop('control', limits.controlMs, () => controlRound(ctx)),
    fences: loop('fences', FENCES_MS, () => obeyFences(ctx)),
    holds: loop('holds', limits.controlMs, () => holdsRound(ctx)),
    observe: loop('observe', limits.observeMs, makeObserveRound(ctx)),
    barriers: loop('barriers', limits.barriersMs, () => barriersRound(ctx)),
    reaper: reaperLoop(ctx),
    settle: loop('settle', limits.controlMs, () => settleRound(ctx)),
    guard: loop('guard', GUARD_MS, () => ctx.services.guard()),
    care: loop('care', CARE_MS, () => ctx.services.care()),
    streams: streamsLoop(ctx),
    exports: loop('exports', limits.exportPollMs, () => ctx.services.pollExports()),
  };
}

/** Looks again just past the bound of the next fence, so that a hold without a driver ends with its bound. */
function reaperLoop(ctx: WorkerContext): Loop {
  const { log, limits } = ctx;
  let restMs: number = limits.reaperMs;
  const round = async () => {
    restMs = limits.reaperMs;
    restMs = Math.min(restMs, (await ctx.services.reapFences()) ?? restMs);
  };
  return startLoop({ name: 'reaper', everyMs: () => restMs, log, round });
}

/** It has ended when its readers have, because they look into the stores. */
function streamsLoop(ctx: WorkerContext): Loop {
  const readers = new StreamReaders(ctx);
  const { log, limits } = ctx;
  const loop = startLoop({ name: 'streams', everyMs: limits.streamPollMs, log, round: () => readers.round() });
  return {
    wake: loop.wake,
    stop: async () => {
      await loop.stop();
      await readers.ended();
    },
  };
}

/** Marks wake a settle at once; a throttled store is obeyed by every worker; control changes are looked at. */
function startListening(ctx: WorkerContext, loops: Loops): Listening[] {
  const dirty = listen(ctx.sql, CHANNELS.dirty, {
    message: (payload) => {
      if ((JSON.parse(payload) as { event?: string }).event === 'marked') loops.settle.wake();
    },
    reconnect: () => loops.settle.wake(),
  });
  const work = listen(ctx.sql, CHANNELS.work, {
    message: (payload) => {
      const heard = JSON.parse(payload) as { connectionId?: string; waitMs?: number; from?: string; fenceId?: string };
      if (heard.fenceId) loops.fences.wake();
      if (heard.from === ctx.workerId || !heard.connectionId || typeof heard.waitMs !== 'number') return;
      ctx.stores.heard(heard.connectionId, heard.waitMs);
    },
    reconnect: () => loops.fences.wake(),
  });
  return [dirty, work];
}

interface Parts {
  ctx: WorkerContext;
  queues: Queue[];
  loops: Loops;
  listening: Listening[];
  registration: Registration;
  close(): Promise<void>;
}

async function stop(parts: Parts, stopping: AbortController): Promise<void> {
  const { ctx, queues, loops, listening, registration } = parts;
  stopping.abort();
  await Promise.all(queues.map((queue) => queue.stop()));
  await Promise.all(Object.values(loops).map((loop) => loop.stop()));
  await Promise.all(listening.map((one) => one.stop()));
  await ctx.stores.close();
  registration.end();
  await sayGoodbye(ctx.sql, ctx.workerId);
  await parts.close();
}

async function crash(parts: Parts, stopping: AbortController): Promise<void> {
  const { queues, loops, listening, registration } = parts;
  registration.end();
  await parts.close();
  stopping.abort();
  await Promise.all(queues.map((queue) => queue.abandon()));
  await Promise.all([...Object.values(loops).map((loop) => loop.stop()), ...listening.map((one) => one.stop())]);
}
