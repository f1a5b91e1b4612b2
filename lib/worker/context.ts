import type { Sql } from '@/db/client';
import type { WorkerActivity } from '@/db/queries/worker';
import type { Clock, Log, StoreTarget, StoreWire } from '@/lib/adapters/ports';
import type { Sealer } from '@/lib/adapters/sealing';
import type { SafeguardSet } from '@/lib/domain/safeguards';
import type { Ledger } from './ledger';
import type { WorkerLimits } from './limits';
import type { Pace } from './pace';
import type { Stores } from './stores';
import type { TableGates } from './table-gates';

/** Verbs of the services that workers call by themselves. */
export interface WorkerServices {
  /** The move complete_backfill, by the system; where it is refused (set-aside items, a hold) nothing happens. */
  completeBackfill(planTableId: string): Promise<void>;
  /** A verification is done: what was owed since before it began may be cleared. */
  verificationEnded(runId: string): Promise<void>;
  /** Drives one fence to its end; safe to call from several workers. */
  runFence(fenceId: string, signal: AbortSignal, workerId: string): Promise<void>;
  /** Ends fences past their bound; any process but a gateway may. In how many ms the next one is; null: none is open. */
  reapFences(): Promise<number | null>;
  /** Completes barriers that every registered gateway has acknowledged. */
  passBarriers(): Promise<void>;
  /** Reads canaries of live channels once Δ has passed since their barrier. */
  proveChannels(): Promise<void>;
  /** Holds a table whose stream lost records, with the sentence that says so. */
  streamLost(planTableId: string, sentence: string): Promise<void>;
  /** Looks at guardrails: says what went up, and takes reads back where a rule that is on asks for it. */
  guard(): Promise<void>;
  /** Looks at exports that DynamoDB was asked for. */
  pollExports(): Promise<void>;
  /** Raises and delivers alerts, and lets sign-offs lapse whose fact is gone. */
  care(): Promise<void>;
}

/** What every task and loop of a worker process is given. */
export interface WorkerContext {
  readonly workerId: string;
  readonly sql: Sql;
  readonly ledger: Ledger;
  readonly log: Log;
  readonly clock: Clock;
  readonly safeguards: SafeguardSet;
  readonly sealer: Sealer;
  readonly limits: WorkerLimits;
  readonly stores: Stores;
  readonly gates: TableGates;
  readonly services: WorkerServices;
  readonly activity: Activities;
  /** The process is ending: tasks finish the page or batch at hand and give their work back. */
  readonly stopping: AbortSignal;
  readonly runPaces: Map<string, Pace>;
  /** Segments in hand in this process: one is never taken from itself. */
  readonly inHand: Set<string>;
  /** Segments at work in this process, with the paces that may hold them back. */
  readonly atWork: Map<string, AtWork>;
  liveWorkers: number;
  /** This worker's part of the open segments: beyond it others go first. */
  segmentsMax: number;
  makeWire(target: StoreTarget): StoreWire;
  random(): number;
  newId(kind: 'setAside' | 'mismatch' | 'event'): string;
}

export interface AtWork {
  runId: string;
  paces: readonly Pace[];
}

/** What the process is at, for its heartbeat. */
export class Activities {
  readonly #now = new Map<symbol, WorkerActivity>();

  begin(what: string, planTableId: string): () => void {
    const id = Symbol(what);
    this.#now.set(id, { what, planTableId });
    return () => this.#now.delete(id);
  }

  list(): WorkerActivity[] {
    return [...this.#now.values()];
  }
}
