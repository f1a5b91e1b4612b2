import type { WorkTable } from '@/db/queries/run';
import type { WorkerContext } from '../context';
import { leaseMsFor } from '../limits';
import type { Work } from '../segment-work';
import type { StoreFault } from '../store-fault';

/** How long confirming what was sent goes on after a settle was told to stop; what is left stays dirty. */
const CONFIRM_GRACE_MS = 1_000;

/** A batch of claims: their lease on the monotonic clock, counted from before the renewal was sent (PROTOCOL D4). */
export class SettleWork implements Work {
  readonly priority = 'settle' as const;
  readonly timeoutMs: number;
  fault: StoreFault | null = null;
  #deadlineMs = 0;

  constructor(
    private readonly ctx: WorkerContext,
    private readonly table: WorkTable,
  ) {
    this.timeoutMs = table.storeTimeoutMs;
  }

  renewed(sentAtMs: number): void {
    this.#deadlineMs = sentAtMs + leaseMsFor(this.ctx.limits, this.timeoutMs);
  }

  mayGoOn(): boolean {
    const { ctx, table } = this;
    return this.fault === null && !ctx.stopping.aborted && !ctx.gates.isStopped(table.planTableId);
  }

  mayWrite(): boolean {
    if (!this.ctx.safeguards.leaseCheck) return true;
    return this.ctx.clock.monotonicMs() + this.timeoutMs < this.#deadlineMs;
  }

  /** The same for reads that must still happen for a moment after the work was told to stop. */
  confirming(): Work {
    let stoppedAtMs: number | null = null;
    const { priority, timeoutMs } = this;
    const mayGoOn = () => {
      if (this.mayGoOn()) return true;
      stoppedAtMs ??= this.ctx.clock.monotonicMs();
      return this.ctx.clock.monotonicMs() - stoppedAtMs < CONFIRM_GRACE_MS;
    };
    return { priority, timeoutMs, mayGoOn, mayWrite: () => false, fault: null };
  }
}
