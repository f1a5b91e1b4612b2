/** Many share it or one has it alone, first come, first served: whoever waits to be alone is not overtaken. */
export class SharedLock {
  #sharing = 0;
  #isAlone = false;
  readonly #waiting: { isAlone: boolean; start: () => void }[] = [];

  shared<T>(run: () => Promise<T>): Promise<T> {
    return this.#enter(false, run);
  }

  alone<T>(run: () => Promise<T>): Promise<T> {
    return this.#enter(true, run);
  }

  async #enter<T>(isAlone: boolean, run: () => Promise<T>): Promise<T> {
    const isFree = !this.#isAlone && this.#waiting.length === 0 && (!isAlone || this.#sharing === 0);
    if (isFree) this.#mark(isAlone);
    else await new Promise<void>((start) => this.#waiting.push({ isAlone, start }));
    try {
      return await run();
    } finally {
      if (isAlone) this.#isAlone = false;
      else this.#sharing -= 1;
      this.#wake();
    }
  }

  #mark(isAlone: boolean): void {
    if (isAlone) this.#isAlone = true;
    else this.#sharing += 1;
  }

  #wake(): void {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      if (this.#isAlone || (next.isAlone && this.#sharing > 0)) return;
      this.#waiting.shift();
      this.#mark(next.isAlone);
      next.start();
    }
  }
}
