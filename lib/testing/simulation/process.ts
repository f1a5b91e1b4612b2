/**
 * A process of the simulation: what it asks the outside goes through here, so that a killed one hears and does nothing
 * more, and a frozen one (a paused machine) goes on later with whatever it was about to do.
 */
import type { Clock } from '@/lib/adapters/ports';
import type { VirtualTime } from './virtual-time';

export class SimProcess {
  isDead = false;
  #thawsAtMs = 0;
  #skewMs = 0;
  readonly clock: Clock;

  constructor(
    readonly name: string,
    private readonly time: VirtualTime,
  ) {
    this.clock = {
      nowMs: () => time.clock.nowMs() + this.#skewMs,
      monotonicMs: () => time.clock.monotonicMs(),
    };
  }

  /** Its wall clock jumps; its monotonic clock never does. */
  jump(ms: number): void {
    this.#skewMs += ms;
  }

  freeze(ms: number): void {
    this.#thawsAtMs = Math.max(this.#thawsAtMs, this.time.nowMs + ms);
  }

  kill(): void {
    this.isDead = true;
  }

  /** Dead or frozen: it has to wait for `alive` before it does anything. */
  get isHeldUp(): boolean {
    return this.isDead || this.#thawsAtMs > this.time.nowMs;
  }

  /** Resolves when the process may act; never, once it is dead. */
  async alive(): Promise<void> {
    while (this.#thawsAtMs > this.time.nowMs && !this.isDead) await this.time.rest(this.#thawsAtMs - this.time.nowMs);
    if (this.isDead) await new Promise<never>(() => {});
  }
}
