/**
 * A segment held under a lease. The deadline is kept on the monotonic clock and counted from before the renewal was
 * sent, so it never outlives the lease that others see; writes stop one request time-out before it (PROTOCOL D4).
 */

import type { WorkTable } from '@/db/queries/run';
import type { RenewedLease, TakenSegment } from '@/db/queries/segment';
import type { WorkerContext } from './context';
import { leaseMsFor } from './limits';
import { Pace, type PacePriority } from './pace';
import type { StoreFault } from './store-fault';

const REQUESTS_UNBOUNDED = 1e9;
/** However long the lease: a pause, another rate and other holders of the run are heard of with its renewal. */
const RENEW_MS_MAX = 1_500;

/** What a piece of work asks before it sends something. */
export interface Work {
  readonly priority: PacePriority;
  readonly timeoutMs: number;
  /** False: begin nothing new; finish, confirm or mark what was sent. */
  mayGoOn(): boolean;
  /** False: the lease is lost or too near its end for one more request. */
  mayWrite(): boolean;
  /** The first thing that makes going on useless; set by requests, seen by `mayGoOn`. */
  fault: StoreFault | null;
}

export class SegmentWork implements Work {
  fault: StoreFault | null = null;
  #deadlineMs: number;
  #isLost = false;
  #isRunning = true;
  #isWaitedFor = false;
  #itemsPerSecond = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> | null = null;
  readonly timeoutMs: number;
  readonly priority: PacePriority;
  readonly #leaseMs: number;

  /** `takenAtMs`: before the segment was taken; the lease grows to what the plan's time-out asks with its first renewal. */
  constructor(
    private readonly ctx: WorkerContext,
    readonly segment: TakenSegment,
    readonly table: WorkTable,
    takenAtMs: number,
  ) {
    this.timeoutMs = table.storeTimeoutMs;
    this.priority = segment.kind === 'backfill' ? 'backfill' : 'verify';
    this.#deadlineMs = takenAtMs + ctx.limits.leaseMs;
    this.#leaseMs = leaseMsFor(ctx.limits, table.storeTimeoutMs);
    this.#timer = setInterval(() => void this.renew(), Math.min(RENEW_MS_MAX, this.#leaseMs / 4));
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** Other segments of the run wait for their turn. */
  get isWaitedFor(): boolean {
    return this.#isWaitedFor;
  }

  mayGoOn(): boolean {
    return (
      this.fault === null &&
      this.#isRunning &&
      !this.#isLost &&
      !this.ctx.stopping.aborted &&
      !this.ctx.gates.isStopped(this.table.planTableId)
    );
  }

  mayWrite(): boolean {
    if (!this.ctx.safeguards.leaseCheck) return true;
    return !this.#isLost && this.ctx.clock.monotonicMs() + this.timeoutMs < this.#deadlineMs;
  }

  /** Renews the lease once and takes over what changed: pause, cancel, hold, rate of the run. */
  async renew(): Promise<void> {
    this.#renewing ??= this.#renewOnce().finally(() => {
      this.#renewing = null;
    });
    await this.#renewing;
  }

  async #renewOnce(): Promise<void> {
    const sentAtMs = this.ctx.clock.monotonicMs();
    try {
      const renewed = await this.ctx.ledger.renewSegment(this.segment, this.#leaseMs);
      if (renewed === null) {
        this.#isLost = true;
        return;
      }
      this.#deadlineMs = sentAtMs + this.#leaseMs;
      this.#isRunning = renewed.runState === 'running' && !renewed.isHeld;
      this.#isWaitedFor = renewed.waiting > 0;
      this.#setRate(renewed);
    } catch (error) {
      // Postgres does not answer: the deadline stands, and writes stop before it.
      this.ctx.log.warn({ segmentId: this.segment.segmentId, error }, 'A lease could not be renewed');
    }
  }

  lose(): void {
    this.#isLost = true;
  }

  /** An equal part for each worker that holds a segment of the run; live ones that do nothing of it have none. */
  #setRate({ itemsPerSecondMax, holders }: RenewedLease): void {
    const { runId } = this.segment;
    const pace = this.ctx.runPaces.get(runId);
    if (itemsPerSecondMax === null) {
      this.ctx.runPaces.delete(runId);
      this.#itemsPerSecond = Number.POSITIVE_INFINITY;
      return;
    }
    const itemsPerSecond = itemsPerSecondMax / holders;
    this.#itemsPerSecond = Math.ceil(itemsPerSecond);
    const limits = { requestsPerSecond: REQUESTS_UNBOUNDED, itemsPerSecond };
    if (pace) pace.setLimits(limits);
    else this.ctx.runPaces.set(runId, new Pace('this run', limits, this.ctx.clock));
  }

  /** What the run may read in this process; unbounded where it has no rate of its own. */
  itemsPerSecond(): number {
    return this.#itemsPerSecond;
  }

  /** Waits for the run's own rate; false: give up. */
  async turnOfRun(items: number): Promise<boolean> {
    const pace = this.ctx.runPaces.get(this.segment.runId);
    if (!pace) return this.mayGoOn();
    const { priority, timeoutMs } = this;
    const cost = { requests: 0, items };
    const endTurn = await pace.turn({ cost, priority, timeoutMs, mayGoOn: () => this.mayGoOn() });
    endTurn?.();
    return endTurn !== null;
  }

  /** Of what the run's rate has granted, what was not read after all. */
  giveBackToRun(items: number): void {
    this.ctx.runPaces.get(this.segment.runId)?.giveBack(items);
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
