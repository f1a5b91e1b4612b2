/**
 * The rate of one connection in this process: an equal part of the connection's budget, by the workers at work on it,
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
  giveBack,
  openBudget,
  take,
  throttled,
} from '@/lib/domain/pacing/budget';
import { type MonthlyQuota, quotaLeft, quotaReason } from '@/lib/domain/pacing/quota';
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
/** Without a turn for this long the process is not at work on the connection any more. */
const IDLE_MS = 3_000;
/** Told to others a little longer than asked, so that what falls into the same quiet time needs no second message. */
const TOLD_MARGIN_MS = 25;

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
  #toldUntilMs = 0;
  #busy: { sinceMs: number; lastMs: number } | null = null;
  #quota: MonthlyQuota | null = null;
  /** Requests since they were last booked; the quota does not know of them yet. */
  #unbooked = 0;

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

  /** This process's part, as it is now. */
  get limits(): BudgetLimits {
    return this.#limits;
  }

  /** What the month has left; null: the store has no monthly quota. */
  setQuota(quota: MonthlyQuota | null): void {
    this.#quota = quota;
  }

  /** A request is being sent: counted towards the month. */
  sent(requests = 1): void {
    this.#unbooked += requests;
  }

  /** Requests since the last call, to be booked by the caller. */
  takeUnbooked(): number {
    const requests = this.#unbooked;
    this.#unbooked = 0;
    // Until the month is read again, which takes a moment, they count as spent here.
    if (this.#quota) this.#quota = { ...this.#quota, used: this.#quota.used + requests };
    return requests;
  }

  /** How long this process has been at work on the connection without a pause; 0: it is not. */
  busyForMs(): number {
    const nowMs = this.clock.monotonicMs();
    return this.#busy && nowMs - this.#busy.lastMs < IDLE_MS ? nowMs - this.#busy.sinceMs : 0;
  }

  #isSpent(priority: PacePriority): boolean {
    if (this.#quota === null) return false;
    const used = this.#quota.used + this.#unbooked;
    return quotaLeft({ ...this.#quota, used }, priority !== 'settle') <= 0;
  }

  /** Waits for the turn of one request; the caller ends it when the answer is there. Null: the caller gave up. */
  async turn(turn: Turn): Promise<EndTurn | null> {
    const rank = RANK[turn.priority];
    for (;;) {
      if (!turn.mayGoOn()) return null;
      const isBehind = this.#isBehind(rank);
      const isFull = this.#underWay >= Math.floor(this.#underWayMax);
      const nowMs = this.clock.monotonicMs();
      this.#busy = { sinceMs: this.busyForMs() > 0 ? (this.#busy?.sinceMs ?? nowMs) : nowMs, lastMs: nowMs };
      const grant =
        isBehind || isFull || this.#isSpent(turn.priority)
          ? null
          : take(this.#state, this.#limits, { cost: turn.cost, nowMs });
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

  /** Of what a turn was granted, what was not used after all. */
  giveBack(items: number): void {
    this.#state = giveBack(this.#state, items);
  }

  /** What an answer said it cost, paid back by waiting. */
  charge(readUnits: number | null): void {
    this.#state = charge(this.#state, readUnits);
  }

  /** The store asked for patience; every worker obeys it. Saying the same answer twice changes nothing. */
  throttled(retryAfterMs: number | null): void {
    this.#throttle(retryAfterMs);
    if (retryAfterMs === null) return;
    const untilMs = this.clock.monotonicMs() + retryAfterMs;
    if (untilMs <= this.#toldUntilMs) return;
    this.#toldUntilMs = untilMs + TOLD_MARGIN_MS;
    this.onThrottled(retryAfterMs + TOLD_MARGIN_MS);
  }

  /** Another worker was asked for patience. */
  heard(retryAfterMs: number): void {
    this.#throttle(retryAfterMs);
    this.#toldUntilMs = Math.max(this.#toldUntilMs, this.clock.monotonicMs() + retryAfterMs);
  }

  /** What is kept of the connection's quiet time, where this process has not heard of it. The rate stays as it is. */
  keepQuiet(quietMs: number): void {
    const untilMs = this.clock.monotonicMs() + quietMs;
    // The database's clock runs beside ours: what differs by less is the same quiet time.
    if (quietMs <= 0 || untilMs <= this.#state.blockedUntilMs + TOLD_MARGIN_MS) return;
    this.#state = { ...this.#state, blockedUntilMs: untilMs };
  }

  #throttle(retryAfterMs: number | null): void {
    this.#state = throttled(this.#state, this.#limits, { retryAfterMs, nowMs: this.clock.monotonicMs() });
  }

  /** One sentence with its numbers while something holds this connection back; null otherwise. */
  reason(): string | null {
    const nowMs = this.clock.monotonicMs();
    const spent = this.#quota && quotaReason(this.#quota, { name: this.name, nowMs: this.clock.nowMs() });
    if (spent) return spent;
    const asked = throttleReason(this.#state, this.#limits, { name: this.name, nowMs });
    if (asked) return asked;
    const last = this.#lastWait;
    if (!last || nowMs - last.atMs > WAITED_MS || last.ms < 50) return null;
    return limitReason(this.#limits, { name: this.name, waitMs: last.ms });
  }
}
