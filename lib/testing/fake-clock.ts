import type { Clock } from '@/lib/adapters/ports';

/** A clock that moves only when told, so that a test of a deadline takes no time. Wall and monotonic move together. */
export class FakeClock implements Clock {
  #wallMs: number;
  #monotonicMs = 0;
  readonly #sleepers = new Set<{ atMs: number; wake: () => void }>();
  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#wallMs = startMs;
  }
  nowMs(): number {
    return this.#wallMs;
  }
  monotonicMs(): number {
    return this.#monotonicMs;
  }
  /** Resolves when `advance` has moved the clock by `ms` in all. */
  sleep(ms: number): Promise<void> {
    if (ms <= 0) return Promise.resolve();
    return new Promise((wake) => this.#sleepers.add({ atMs: this.#monotonicMs + ms, wake }));
  }
  /** Moves both clocks; wakes sleepers in the order of their times. */
  advance(ms: number): void {
    this.#wallMs += ms;
    this.#monotonicMs += ms;
    const due = [...this.#sleepers].filter((sleeper) => sleeper.atMs <= this.#monotonicMs);
    for (const sleeper of due.sort((a, b) => a.atMs - b.atMs)) {
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }
  /** Steps the wall clock alone, as NTP or an operator would; leases must not notice. */
  stepWall(ms: number): void {
    this.#wallMs += ms;
  }
}
