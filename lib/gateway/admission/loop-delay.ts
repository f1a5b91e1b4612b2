/** How late the event loop runs: the one sign of overload that a count of requests does not show. */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 20;
const WINDOW_MS = 500;

export class LoopDelay {
  readonly #histogram: IntervalHistogram;
  readonly #timer: NodeJS.Timeout;
  #lastMs = 0;
  #ms = 0;
  #p99Ms = 0;

  constructor() {
    this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.#histogram.enable();
    this.#timer = setInterval(() => this.#take(), WINDOW_MS).unref();
  }

  /**
   * Mean delay in milliseconds that lasted for two windows of half a second. One pause alone (a long collection, a
   * process that was stopped and goes on) is over when it is seen, and nothing is refused for it.
   */
  sustainedMs(): number {
    return this.#ms;
  }

  p99Ms(): number {
    return this.#p99Ms;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#histogram.disable();
  }

  #take(): void {
    // The histogram holds whole intervals of its timer in nanoseconds.
    const meanMs = this.#histogram.count === 0 ? 0 : Math.max(0, this.#histogram.mean / 1e6 - RESOLUTION_MS);
    this.#p99Ms = this.#histogram.count === 0 ? 0 : Math.max(0, this.#histogram.percentile(99) / 1e6 - RESOLUTION_MS);
    this.#ms = Math.min(this.#lastMs, meanMs);
    this.#lastMs = meanMs;
    this.#histogram.reset();
  }
}
