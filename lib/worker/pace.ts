/**
 * The rate of one connection in this process: an equal part of the connection's budget, by the number of live workers,
 * less the share kept for live traffic. A store's Retry-After is obeyed exactly and told to the other workers. How many
 * requests are under way at a time follows the store's latency, because a request that waits in a queue until its
 * deadline has an unknown outcome, and that costs far more than going slower.
 */
import type { Clock } from '@/lib/adapters/ports';
import {
  type BudgetCost,
  type BudgetLimits,
  type BudgetState,
  charge,
  openBudget,
  take,
  throttled,
} from '@/lib/domain/pacing/budget';
import { limitReason, throttleReason } from '@/lib/domain/pacing/reason';
import { TURN_MS_MAX } from './limits';

/** Who goes first when requests wait: live traffic has its own reserve. */
export type PacePriority = 'settle' | 'backfill' | 'verify';
const RANK: Record<PacePriority, number> = { settle: 0, backfill: 1, verify: 2 };
const RANKS = Object.values(RANK);
/** How long a sentence about waiting for the limit stays true after the last such wait. */
const WAITED_MS = 1_500;
/** Requests of one process to one store at a time: between these, by latency against the request's deadline. */
const UNDER_WAY_MIN = 2;
const UNDER_WAY_START = 6;
const UNDER_WAY_MAX = 64;
const SLOW_SHARE = 1 / 3;
const FAST_SHARE = 1 / 8;
const SLOWER_TO = 0.8;

export interface Turn {
  cost: BudgetCost;
  priority: PacePriority;
  /** Bound of the request, against which its latency is judged. */
  timeoutMs: number;
  /** Looked at while waiting; false gives the turn up. */
  mayGoOn(): boolean;
}

/** Called when the request has ended, whatever became of it. */
export type EndTurn = () => void;

export class Pace {
  #state: BudgetState;
  #limits: BudgetLimits;
  readonly #waiting = [0, 0, 0];
  /** By rank, in the order in which they came. */
  readonly #wakes = RANKS.map(() => new Set<() => void>());
  #underWay = 0;
  #underWayMax = UNDER_WAY_START;
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

  /** Waits for the turn of one request; the caller ends it when the answer is there. Null: the caller gave up. */
  async turn(turn: Turn): Promise<EndTurn | null> {
    const rank = RANK[turn.priority];
    for (;;) {
      if (!turn.mayGoOn()) return null;
      const isBehind = this.#isBehind(rank);
      const isFull = this.#underWay >= Math.floor(this.#underWayMax);
      const nowMs = this.clock.monotonicMs();
      const grant = isBehind || isFull ? null : take(this.#state, this.#limits, { cost: turn.cost, nowMs });
      if (grant) this.#state = grant.state;
      if (grant?.waitMs === 0) return this.#begin(turn.timeoutMs, nowMs);
      if (grant) this.#lastWait = { atMs: nowMs, ms: grant.waitMs };
      await this.#wait(rank, Math.min(TURN_MS_MAX, Math.max(1, grant?.waitMs ?? TURN_MS_MAX)));
    }
  }

  /** Whether somebody of a higher priority waits. */
  #isBehind(rank: number): boolean {
    for (let higher = 0; higher < rank; higher += 1) if ((this.#waiting[higher] as number) > 0) return true;
    return false;
  }

  #begin(timeoutMs: number, startedAtMs: number): EndTurn {
    this.#underWay += 1;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#underWay -= 1;
      const share = (this.clock.monotonicMs() - startedAtMs) / timeoutMs;
      if (share > SLOW_SHARE) this.#underWayMax = Math.max(UNDER_WAY_MIN, this.#underWayMax * SLOWER_TO);
      else if (share < FAST_SHARE)
        this.#underWayMax = Math.min(UNDER_WAY_MAX, this.#underWayMax + 1 / this.#underWayMax);
      this.#wakeNext();
    };
  }

  /** Wakes as many as may go now and no more: waking all of them at each answer cost more than the requests did. */
  #wakeNext(): void {
    let free = Math.max(1, Math.floor(this.#underWayMax) - this.#underWay);
    for (const waiting of this.#wakes) {
      for (const wake of waiting) {
        if (free === 0) return;
        free -= 1;
        wake();
      }
    }
  }

  /** Until somebody's request ends, or this long. */
  async #wait(rank: number, ms: number): Promise<void> {
    this.#waiting[rank] = (this.#waiting[rank] as number) + 1;
    await new Promise<void>((done) => {
      const wake = () => {
        clearTimeout(timer);
        this.#wakes[rank]?.delete(wake);
        done();
      };
      const timer = setTimeout(wake, ms);
      this.#wakes[rank]?.add(wake);
    });
    this.#waiting[rank] = (this.#waiting[rank] as number) - 1;
  }

  /** What an answer said it cost, paid back by waiting. */
  charge(readUnits: number | null): void {
    this.#state = charge(this.#state, readUnits);
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
