/** Work that is done again and again, one at a time: every so often, and at once when kicked. Never throws. */
import type { Log } from '@/lib/adapters/ports';

export interface LoopOptions {
  name: string;
  everyMs: number;
  log: Log;
  run(): Promise<void>;
}

export class Loop {
  #isStopped = false;
  #isKicked = false;
  #wake: () => void = () => {};
  readonly #ended: Promise<void>;
  /** Failures in a row; the first one is logged, and the recovery. */
  failures = 0;

  constructor(private readonly options: LoopOptions) {
    this.#ended = this.#turn();
  }

  kick(): void {
    this.#isKicked = true;
    this.#wake();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake();
    await this.#ended;
  }

  async #turn(): Promise<void> {
    const { name, everyMs, log, run } = this.options;
    // Whoever makes a loop finishes its own construction first.
    await Promise.resolve();
    while (!this.#isStopped) {
      this.#isKicked = false;
      try {
        await run();
        if (this.failures > 0) log.info({ loop: name, failures: this.failures }, 'Works again');
        this.failures = 0;
      } catch (error) {
        this.failures += 1;
        if (this.failures === 1) log.warn({ loop: name, error }, 'Failed; it is tried again');
      }
      if (!this.#isKicked && !this.#isStopped) await this.#rest(everyMs);
      else await new Promise<void>((done) => setImmediate(done));
    }
  }

  #rest(ms: number): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, ms);
      this.#wake = () => {
        clearTimeout(timer);
        done();
      };
    });
  }
}
