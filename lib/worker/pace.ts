/**
 * The rate of one connection in this process: an equal part of the connection's budget, by the number of live workers,
 * less the share kept for live traffic. A store's Retry-After is obeyed exactly and told to the other workers.
 */
import type { Clock } from '@/lib/adapters/ports';
import {
  type BudgetCost,
  type BudgetLimits,
  type BudgetState,
  openBudget,
  take,
  throttled,
} from '@/lib/domain/pacing/budget';
import { limitReason, throttleReason } from '@/lib/domain/pacing/reason';
import { TURN_MS_MAX } from './limits';

/** Who goes first when requests wait: live traffic has its own reserve. */
export type PacePriority = 'settle' | 'backfill' | 'verify';
const RANK: Record<PacePriority, number> = { settle: 0, backfill: 1, verify: 2 };
/** How long a sentence about waiting for the limit stays true after the last such wait. */
const WAITED_MS = 1_500;

export interface Turn {
  cost: BudgetCost;
  priority: PacePriority;
  /** Looked at while waiting; false gives the turn up. */
  mayGoOn(): boolean;
}

export class Pace {
  #state: BudgetState;
  #limits: BudgetLimits;
  readonly #waiting = [0, 0, 0];
  #lastWait: { atMs: number; ms: number } | null = null;

  constructor(
    readonly name: string,
    limits: BudgetLimits,
    private readonly clock: Clock,
    private readonly onThrottled: (waitMs: number) => void = () => {},
  ) {
    this.#limits = limits;
    this.#state = openBudget(limits, clock.monotonicMs());
  }

  setLimits(limits: BudgetLimits): void {
    this.#limits = limits;
  }

  /** Waits for the turn of one request. False: the caller gave up. */
  async turn(turn: Turn): Promise<boolean> {
    const rank = RANK[turn.priority];
    for (;;) {
      if (!turn.mayGoOn()) return false;
      const isBehind = this.#waiting.slice(0, rank).some((count) => count > 0);
      const nowMs = this.clock.monotonicMs();
      const grant = isBehind ? null : take(this.#state, this.#limits, { cost: turn.cost, nowMs });
      if (grant) this.#state = grant.state;
      if (grant?.waitMs === 0) return true;
      const waitMs = Math.min(TURN_MS_MAX, Math.max(1, grant?.waitMs ?? 5));
      if (grant) this.#lastWait = { atMs: nowMs, ms: grant.waitMs };
      this.#waiting[rank] = (this.#waiting[rank] as number) + 1;
      await new Promise<void>((done) => setTimeout(done, waitMs));
      this.#waiting[rank] = (this.#waiting[rank] as number) - 1;
    }
  }

  /** The store asked for patience; every worker obeys it. */
  throttled(retryAfterMs: number | null): void {
    this.#throttle(retryAfterMs);
    if (retryAfterMs !== null) this.onThrottled(retryAfterMs);
  }

  /** Another worker was asked for patience. */
  heard(retryAfterMs: number): void {
    this.#throttle(retryAfterMs);
  }

  #throttle(retryAfterMs: number | null): void {
    this.#state = throttled(this.#state, this.#limits, { retryAfterMs, nowMs: this.clock.monotonicMs() });
  }

  /** One sentence with its numbers while something holds this connection back; null otherwise. */
  reason(): string | null {
    const nowMs = this.clock.monotonicMs();
    const asked = throttleReason(this.#state, this.#limits, { name: this.name, nowMs });
    if (asked) return asked;
    const last = this.#lastWait;
    if (!last || nowMs - last.atMs > WAITED_MS || last.ms < 50) return null;
    return limitReason(this.#limits, { name: this.name, waitMs: last.ms });
  }
}
