/**
 * How many requests one store is asked at once. A store that is asked for more than it can do answers nothing in time:
 * everything waits, everything times out, and each write that timed out is an unknown outcome. So the limit falls by a
 * tenth when a request times out and rises again by one for as many answers as it allows. What is beyond it was not sent
 * and is refused at once, which is a known failure that SDKs repeat.
 */
import { LIMITS } from '../limits';

/** Requests that were sent before the limit fell time out in a bunch: they count once. */
const FALL_EVERY_MS = 100;

export class Concurrency {
  #limit: number = LIMITS.storeInFlightMax;
  #fellAtMs = Number.NEGATIVE_INFINITY;

  get limit(): number {
    return Math.floor(this.#limit);
  }

  answered(): void {
    this.#limit = Math.min(LIMITS.storeInFlightMax, this.#limit + 1 / this.#limit);
  }

  timedOut(nowMs: number): void {
    if (nowMs - this.#fellAtMs < FALL_EVERY_MS) return;
    this.#fellAtMs = nowMs;
    this.#limit = Math.max(LIMITS.storeInFlightMin, this.#limit * 0.9);
  }
}
