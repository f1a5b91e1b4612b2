/**
 * The circuit breaker of one store. Outcomes that nobody knows (time-out, reset, rubbish, 5xx) in a row open it; after a
 * wait one probe at a time is let through, and successes in a row close it. There is no prober of its own: the next
 * image or read that wants the store is the probe, so an idle store is not asked at all.
 *
 * A store that asks for patience (429 or 5xx with Retry-After) is left alone exactly as long; that is no failure.
 *
 * What an open breaker means depends on the side (`guard.ts`): a follower is spared, an authority is never lied about.
 */
import type { Clock, WireOutcome } from '@/lib/adapters/ports';
import { LIMITS } from '../limits';

export type BreakerState = 'closed' | 'open' | 'half_open';

export interface BreakerLimits {
  failuresMax: number;
  waitMsMin: number;
  waitMsMax: number;
  probesToClose: number;
  probeMsMax: number;
  throttlePauseMs: number;
  retryAfterMsMax: number;
}

export const BREAKER_LIMITS: BreakerLimits = {
  failuresMax: LIMITS.breakerFailuresMax,
  waitMsMin: LIMITS.breakerWaitMsMin,
  waitMsMax: LIMITS.breakerWaitMsMax,
  probesToClose: LIMITS.breakerProbesToClose,
  probeMsMax: LIMITS.breakerProbeMsMax,
  throttlePauseMs: LIMITS.throttlePauseMs,
  retryAfterMsMax: LIMITS.retryAfterMsMax,
};

export class Breaker {
  #isOpen = false;
  #failures = 0;
  #successes = 0;
  #waitMs: number;
  #retryAtMs = 0;
  #probeUntilMs = 0;
  #pausedUntilMs = 0;
  /** Times that it opened. */
  opened = 0;
  onChange: (state: BreakerState) => void = () => {};

  constructor(
    private readonly clock: Clock,
    private readonly limits: BreakerLimits = BREAKER_LIMITS,
  ) {
    this.#waitMs = limits.waitMsMin;
  }

  state(): BreakerState {
    if (!this.#isOpen) return 'closed';
    return this.clock.monotonicMs() >= this.#retryAtMs ? 'half_open' : 'open';
  }

  /** Milliseconds for which the store asked to be left alone. */
  pausedForMs(): number {
    return Math.max(0, this.#pausedUntilMs - this.clock.monotonicMs());
  }

  /** Whether work that can do without the store may ask it now. True of one that is half open is its one probe. */
  admits(): boolean {
    const nowMs = this.clock.monotonicMs();
    if (nowMs < this.#pausedUntilMs) return false;
    if (!this.#isOpen) return true;
    if (nowMs < this.#retryAtMs || nowMs < this.#probeUntilMs) return false;
    this.#probeUntilMs = nowMs + this.limits.probeMsMax;
    return true;
  }

  record(outcome: WireOutcome): void {
    this.#obey(outcome);
    // The caller gave up: that says nothing of the store.
    if (outcome.kind === 'unknown' && outcome.cause === 'aborted') return;
    if (outcome.kind === 'unknown') this.#failed();
    else this.#succeeded();
  }

  #obey(outcome: WireOutcome): void {
    const isThrottled = outcome.kind === 'refused' && outcome.status === 429;
    const asked = outcome.kind === 'refused' ? outcome.retryAfterMs : retryAfterMs(outcome);
    if (asked === null && !isThrottled) return;
    const ms = Math.min(asked ?? this.limits.throttlePauseMs, this.limits.retryAfterMsMax);
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.clock.monotonicMs() + ms);
  }

  #failed(): void {
    this.#failures += 1;
    this.#successes = 0;
    const nowMs = this.clock.monotonicMs();
    if (!this.#isOpen && this.#failures >= this.limits.failuresMax) this.#open(nowMs);
    // Of requests that were under way when it opened nothing new is learnt; a probe that fails doubles the wait.
    else if (this.#isOpen && nowMs >= this.#retryAtMs) {
      this.#waitMs = Math.min(this.#waitMs * 2, this.limits.waitMsMax);
      this.#open(nowMs);
    }
  }

  #open(nowMs: number): void {
    if (!this.#isOpen) this.opened += 1;
    this.#isOpen = true;
    this.#retryAtMs = nowMs + this.#waitMs;
    this.#probeUntilMs = 0;
    this.onChange('open');
  }

  #succeeded(): void {
    this.#failures = 0;
    if (!this.#isOpen) return;
    this.#probeUntilMs = 0;
    this.#successes += 1;
    if (this.#successes < this.limits.probesToClose) return;
    this.#isOpen = false;
    this.#successes = 0;
    this.#waitMs = this.limits.waitMsMin;
    this.onChange('closed');
  }
}

/** Whole seconds, as 5xx answers of proxies carry it. */
function retryAfterMs(outcome: WireOutcome): number | null {
  if (outcome.kind !== 'unknown' || outcome.cause !== 'server_error') return null;
  const text = outcome.headers['retry-after'];
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) * 1_000 : null;
}
