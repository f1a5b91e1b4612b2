/** Everything that a schedule leaves to chance comes from here, so that its seed is the whole of it. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 0x9e3779b1) >>> 0 || 1;
  }

  /** In [0, 1), by mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  is(share: number): boolean {
    return this.next() < share;
  }

  /** A whole number from `least` up to and without `bound`. */
  whole(least: number, bound: number): number {
    return least + Math.floor(this.next() * (bound - least));
  }

  pick<T>(of: readonly T[]): T {
    return of[this.whole(0, of.length)] as T;
  }

  /** Milliseconds that are mostly short and now and then long: what makes two things overtake each other. */
  delayMs(usualMs: number): number {
    return this.is(0.1) ? usualMs * (1 + this.next() * 8) : usualMs * this.next();
  }
}
