/**
 * Time that passes only when everything has come to rest. Timers of the code under test and delays of the network stand
 * in one queue; the earliest runs next, and whatever it lets go on (promises) runs to its end before time moves. With
 * every delay drawn from one seed, a schedule runs the same way each time.
 */
import type { Clock } from '@/lib/adapters/ports';

const { nextTick } = process;
const realTimers = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  setImmediate: globalThis.setImmediate,
  clearImmediate: globalThis.clearImmediate,
};

/** Wall clock at virtual time 0. */
const EPOCH_MS = Date.UTC(2026, 0, 1);

interface Due {
  atMs: number;
  order: number;
  run: () => void;
  isCancelled: boolean;
}

/** What timers give back; code calls these on it. */
class VirtualTimer {
  constructor(readonly due: { current: Due }) {}
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return false;
  }
}

export class VirtualTime {
  #nowMs = 0;
  #order = 0;
  readonly #heap: Due[] = [];
  /** Of Postgres, and of processes whose own clock is right. */
  readonly clock: Clock = { nowMs: () => EPOCH_MS + this.#nowMs, monotonicMs: () => this.#nowMs };

  get nowMs(): number {
    return this.#nowMs;
  }

  after(ms: number, run: () => void): Due {
    const due: Due = { atMs: this.#nowMs + Math.max(0, ms), order: this.#order, run, isCancelled: false };
    this.#order += 1;
    this.#push(due);
    return due;
  }

  rest(ms: number): Promise<void> {
    return new Promise((done) => {
      this.after(ms, done);
    });
  }

  /** Puts virtual timers in the place of the real ones; returns what puts those back. */
  install(): () => void {
    const cancel = (timer: unknown) => {
      if (timer instanceof VirtualTimer) timer.due.current.isCancelled = true;
    };
    const once = (run: (...given: unknown[]) => void, ms = 0, ...given: unknown[]) =>
      new VirtualTimer({ current: this.after(ms, () => run(...given)) });
    const every = (run: () => void, ms = 1) => {
      const due = { current: null as unknown as Due };
      const turn = () => {
        due.current = this.after(ms, turn);
        run();
      };
      due.current = this.after(ms, turn);
      return new VirtualTimer(due);
    };
    Object.assign(globalThis, {
      setTimeout: once,
      setInterval: every,
      setImmediate: (run: () => void) => once(run, 0),
      clearTimeout: cancel,
      clearInterval: cancel,
      clearImmediate: cancel,
    });
    return () => Object.assign(globalThis, realTimers);
  }

  /** Lets time pass until `isDone`, until `msMax`, or until nothing is left to happen. False: not done. */
  async runUntil(isDone: () => boolean, msMax: number): Promise<boolean> {
    const endMs = this.#nowMs + msMax;
    await settled();
    while (!isDone()) {
      const due = this.#pop();
      if (due === null || due.atMs > endMs) return false;
      if (due.isCancelled) continue;
      this.#nowMs = due.atMs;
      due.run();
      await settled();
    }
    return true;
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(due);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(due, heap[above] as Due)) break;
      heap[at] = heap[above] as Due;
      at = above;
    }
    heap[at] = due;
  }

  #pop(): Due | null {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) return null;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Due, heap[below] as Due)) below += 1;
      if (!isBefore(heap[below] as Due, last)) break;
      heap[at] = heap[below] as Due;
      at = below;
    }
    heap[at] = last;
    return first;
  }
}

const isBefore = (a: Due, b: Due): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

/**
 * Every promise that could go on has gone on: a tick that is asked for from within one runs when their queue is empty.
 * A turn of the event loop would say the same and cost several times as much; no code of the schedule waits for one.
 */
const settled = (): Promise<void> => new Promise((done) => nextTick(done));
