/** A worker of the simulation: the real tasks on the real context, woken by a queue in memory. */
import type { Log, StoreTarget, StoreWire } from '@/lib/adapters/ports';
import { createSealer, type Sealer } from '@/lib/adapters/sealing';
import type { SafeguardSet } from '@/lib/domain/safeguards';
import type { WorkerContext, WorkerServices } from '@/lib/worker/context';
import type { WorkerLimits } from '@/lib/worker/limits';
import { obeyFences } from '@/lib/worker/loops/control';
import { holdsRound } from '@/lib/worker/loops/holds';
import { makeWorkerContext } from '@/lib/worker/run';
import { backfillSegment } from '@/lib/worker/tasks/backfill-segment';
import { settle } from '@/lib/worker/tasks/settle';
import { verifySegment } from '@/lib/worker/tasks/verify-segment';
import type { Chance } from './chance';
import type { SimProcess } from './process';
import type { SegmentRow, SimDatabase } from './sim-database';
import { TABLE_ID } from './sim-gateway';
import { type DatabaseWay, ledgerOf, reach } from './sim-ledger';
import type { VirtualTime } from './virtual-time';

export interface WorkerParts {
  process: SimProcess;
  time: VirtualTime;
  chance: Chance;
  database: SimDatabase;
  way: DatabaseWay;
  makeWire(target: StoreTarget): StoreWire;
  safeguards: SafeguardSet;
  limits: Partial<WorkerLimits>;
  hasFences: boolean;
  log: Log;
}

export const SIM_SEALING_KEY = '5a'.repeat(32);
const sealer = remembering(createSealer(SIM_SEALING_KEY));
/** Tasks of one worker at a time, and how often it looks after what every worker looks after. */
const TASKS_MAX = 3;
const ROUND_MS = 150;
const FENCES_MS = 50;

/** The two credentials of all schedules are opened by every worker: the cipher would take its time each time. */
function remembering(real: Sealer): Sealer {
  const opened = new Map<string, ReturnType<Sealer['open']>>();
  return {
    seal: real.seal,
    open: (sealed, purpose) => {
      const known = opened.get(sealed) ?? real.open(sealed, purpose);
      opened.set(sealed, known);
      return known;
    },
  };
}

/** Verbs of the services that no task of this room calls. */
const SERVICES = new Proxy({} as WorkerServices, { get: () => async () => {} });

export class SimWorker {
  readonly context: WorkerContext;
  readonly #parts: WorkerParts;
  #tasks = 0;

  constructor(parts: WorkerParts) {
    const { process, safeguards, limits, log, makeWire, way, database, chance } = parts;
    this.#parts = parts;
    const made = makeWorkerContext(
      {
        databaseUrl: '',
        sealingKey: SIM_SEALING_KEY,
        services: SERVICES,
        log,
        clock: process.clock,
        safeguards,
        limits,
        makeWire,
      },
      {
        ...{ sql: null as never, stopping: new AbortController().signal, sealer },
        ledger: ledgerOf(way, process, database),
      },
    );
    let ids = 0;
    this.context = {
      ...made,
      random: () => chance.next(),
      newId: (kind) => {
        ids += 1;
        return `${kind}_${process.name}_${ids}`;
      },
    };
    database.workers.set(this.context.workerId, 'registered');
  }

  get process(): SimProcess {
    return this.#parts.process;
  }

  get isFree(): boolean {
    return !this.process.isDead && this.#tasks < TASKS_MAX;
  }

  /** What every worker does again and again, while it lives. */
  start(): void {
    const { time, process, way, database } = this.#parts;
    // Statements that would find nothing are not sent: most of a schedule would be them.
    const round = async () => {
      if (database.tablesHeldOpenFor(this.context.workerId).length > 0) await holdsRound(this.context);
      if (!database.hasHoldsOfEnded() && database.orphans().length === 0) return;
      await reach(way, process, () => {
        database.closeHoldsOfEnded();
        for (const row of database.orphans()) database.onQueue(row.id, row.kind, 0);
      });
    };
    const turn = async () => {
      for (;;) {
        await round().catch(() => {});
        if (process.isHeldUp) await process.alive();
        await time.rest(ROUND_MS);
      }
    };
    void turn();
    if (this.#parts.hasFences) void this.#obeyFences();
  }

  /** The look of a real worker at fences: it stops, says so when nothing is in flight, and goes on after their end. */
  async #obeyFences(): Promise<void> {
    const { time, process, database, chance } = this.#parts;
    for (;;) {
      const begun = database.fence?.begun;
      await obeyFences(this.context).catch(() => {});
      const isIdle = database.fence?.open === null && this.context.gates.stopped().size === 0;
      if (isIdle) await begun;
      await time.rest(isIdle ? chance.next() * FENCES_MS : FENCES_MS);
      if (process.isHeldUp) await process.alive();
    }
  }

  /** Runs a task; one that fails is queued again by whoever looks after orphans. */
  run(task: 'settle' | SegmentRow['kind'], segmentId: string | null): void {
    this.#tasks += 1;
    const work = async () => {
      if (this.process.isHeldUp) await this.process.alive();
      if (task === 'settle') await settle(this.context, { planTableId: TABLE_ID });
      else if (task === 'backfill') await backfillSegment(this.context, { segmentId: segmentId as string });
      else await verifySegment(this.context, { segmentId: segmentId as string });
    };
    void work()
      .catch(() => {})
      .finally(() => {
        this.#tasks -= 1;
      });
  }
}
