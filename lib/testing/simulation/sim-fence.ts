/**
 * The fence of a schedule: the steps of `lib/services/fence` over rows in memory, each at one instant. Gateways and
 * workers obey it by their own code: they hold, drain, settle, stop and say so as they do in production.
 */
import type { RoutingSnapshot } from '@/lib/contracts/routing';
import type { SafeguardSet } from '@/lib/domain/safeguards';
import { type Direction, plannedSnapshot, snapshotOf } from './scene';
import type { SimDatabase } from './sim-database';

export type FenceStep = 'hold' | 'gateways_quiet' | 'settled' | 'workers_stopped' | 'flipped';

export interface GatewayRow {
  epoch: number;
  quietEpoch: number;
}

interface OpenFence {
  id: string;
  step: FenceStep;
  to: Direction;
  isLong: boolean;
  boundMs: number;
  holdEpoch: number;
  before: RoutingSnapshot;
  stoppedBy: Set<string>;
}

const STEPS_THAT_STOP_WORKERS: readonly FenceStep[] = ['settled', 'workers_stopped', 'flipped'];

export interface SimFenceParts {
  database: SimDatabase;
  nowMs: () => number;
  safeguards: SafeguardSet;
  authority: Direction;
  /** The table is not yet written on both sides. */
  isPlanned: boolean;
  /** Nothing is heard of the gateway now: it is dead, or frozen. */
  isSilent(identity: string): boolean;
  /** Told at the instant at which the authority changes. */
  onFlip(to: Direction): void;
  /** Told of each epoch. */
  onPublish(): void;
  /** A start was registered, perhaps late: what this gateway said before counts no more. */
  onRegistered(identity: string): void;
}

export class SimFence {
  readonly gateways = new Map<string, GatewayRow>();
  readonly ended = { released: 0, aborted: 0 };
  open: OpenFence | null = null;
  routing: RoutingSnapshot;
  authority: Direction;
  #fences = 0;
  /** Resolves when the next fence begins. */
  begun!: Promise<void>;
  #sayBegun!: () => void;

  constructor(private readonly parts: SimFenceParts) {
    this.authority = parts.authority;
    this.routing = parts.isPlanned ? plannedSnapshot() : snapshotOf(parts.authority);
    if (parts.isPlanned) parts.database.route({ authority: 'source', stage: 'planned', writes: 'source', epoch: 1 });
    this.#awaitNext();
  }

  #awaitNext(): void {
    this.begun = new Promise((done) => {
      this.#sayBegun = done;
    });
  }

  /** A gateway registers before it reads the epoch (PROTOCOL E1). What an earlier start said counts no more. */
  register(identity: string): void {
    this.gateways.set(identity, { epoch: 0, quietEpoch: 0 });
    this.parts.onRegistered(identity);
  }

  /** As `db/queries/gateway/reports.ts` has it: by identity, and only upwards. */
  report(identity: string, of: GatewayRow): void {
    const row = this.gateways.get(identity);
    if (row === undefined) return;
    row.epoch = Math.max(row.epoch, of.epoch);
    row.quietEpoch = Math.max(row.quietEpoch, of.quietEpoch);
  }

  /** Whether a report of this would tell nobody anything. */
  hasHeard(identity: string, of: GatewayRow): boolean {
    const row = this.gateways.get(identity);
    return row !== undefined && row.epoch >= of.epoch && row.quietEpoch >= of.quietEpoch;
  }

  /** The hold is published with the fence's row; false: a test before the hold is not met. */
  begin(of: { isLong: boolean; boundMs: number }): boolean {
    if (this.open !== null || (!of.isLong && this.#waiting() > 0)) return false;
    this.#fences += 1;
    const before = this.routing;
    const to = this.authority === 'source' ? 'target' : 'source';
    const holdEpoch = this.#publish({
      ...before,
      tables: before.tables.map((table) => ({ ...table, writes: 'held' })),
    });
    this.open = {
      ...{ id: `fence-${this.#fences}`, step: 'hold', to, isLong: of.isLong, holdEpoch, before },
      ...{ boundMs: this.parts.nowMs() + of.boundMs, stoppedBy: new Set() },
    };
    this.#sayBegun();
    this.#awaitNext();
    return true;
  }

  stoppingFence(): string | null {
    return this.open !== null && STEPS_THAT_STOP_WORKERS.includes(this.open.step) ? this.open.id : null;
  }

  /** What a driver does at one look: the one step that the row is at, or nothing. */
  drive(): void {
    const { open } = this;
    if (open === null) return;
    const isOver = this.parts.nowMs() > open.boundMs;
    const isUnknown = !open.isLong && this.#waiting() > 0 && (open.step === 'hold' || open.step === 'gateways_quiet');
    if (open.step === 'flipped') this.#release(open);
    else if (isOver || isUnknown) this.#abort(open);
    else this.#step(open);
  }

  #step(open: OpenFence): void {
    const { database, safeguards } = this.parts;
    switch (open.step) {
      case 'hold':
        if (this.isQuiet(open.holdEpoch)) open.step = 'gateways_quiet';
        break;
      case 'gateways_quiet':
        if (database.dirty.size === 0) open.step = 'settled';
        break;
      case 'settled':
        if (!safeguards.workersStop || this.#haveStopped(open)) open.step = 'workers_stopped';
        break;
      case 'workers_stopped':
        if (!this.isQuiet(open.holdEpoch)) break;
        if (safeguards.fenceRetest && database.dirty.size > 0) this.#abort(open);
        else this.#flip(open);
    }
  }

  #waiting(): number {
    const nowMs = this.parts.nowMs();
    return [...this.parts.database.dirty.values()].filter(
      (row) => row.holdOpenFor.size > 0 || (row.holdUntilMs ?? 0) > nowMs,
    ).length;
  }

  /** Every gateway that ever registered, silent ones included. */
  #registered(): GatewayRow[] {
    const { safeguards, isSilent } = this.parts;
    return [...this.gateways]
      .filter(([identity]) => safeguards.registeredCount || !isSilent(identity))
      .map(([, row]) => row);
  }

  /** Every registered gateway obeys the hold of this epoch, with nothing in flight and no open intent. */
  isQuiet(holdEpoch: number): boolean {
    return this.#registered().every((row) => row.epoch >= holdEpoch && row.quietEpoch >= holdEpoch);
  }

  /** Every write goes to both sides from now on, at each gateway once it has heard; returns the epoch to wait for. */
  beginDualWrite(): number {
    return this.#publish(snapshotOf('source'));
  }

  /** The barrier: every registered gateway has acknowledged. */
  isAcknowledged(epoch: number): boolean {
    return this.#registered().every((row) => row.epoch >= epoch);
  }

  #haveStopped(open: OpenFence): boolean {
    return [...this.parts.database.workers].every(([id, state]) => state === 'ended' || open.stoppedBy.has(id));
  }

  /** Still held, under the new authority. */
  #flip(open: OpenFence): void {
    const next = snapshotOf(open.to);
    this.authority = open.to;
    this.parts.onFlip(open.to);
    this.#publish({ ...next, tables: next.tables.map((table) => ({ ...table, writes: 'held' })) });
    open.step = 'flipped';
  }

  #release(open: OpenFence): void {
    this.#publish(snapshotOf(open.to));
    this.open = null;
    this.ended.released += 1;
  }

  #abort(open: OpenFence): void {
    this.#publish(open.before);
    this.open = null;
    this.ended.aborted += 1;
  }

  /** One rising sequence; the table carries the epoch of its last change. */
  #publish(snapshot: RoutingSnapshot): number {
    const epoch = this.routing.epoch + 1;
    const tables = snapshot.tables.map((table) => ({ ...table, epoch }));
    this.routing = { ...snapshot, epoch, tables };
    const [table] = tables;
    if (table !== undefined) {
      const { authority, stage, writes } = table;
      this.parts.database.route({ authority, stage, writes, epoch });
    }
    this.parts.onPublish();
    return epoch;
  }
}
