/**
 * Stops and opens store traffic of a table inside this process (PROTOCOL F1a). Every piece of work enters before it
 * sends anything and leaves when all its requests have ended; a fence that finds nobody inside may say "stopped".
 */
export class TableGates {
  readonly #inside = new Map<string, number>();
  readonly #stopped = new Map<string, string>();
  readonly #waiting = new Set<() => void>();

  /** What to call when the work is over, or null while a fence has the table stopped. */
  enter(planTableId: string): (() => void) | null {
    if (this.#stopped.has(planTableId)) return null;
    this.#inside.set(planTableId, this.inside(planTableId) + 1);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#inside.set(planTableId, this.inside(planTableId) - 1);
      for (const wake of this.#waiting) wake();
    };
  }

  inside(planTableId: string): number {
    return this.#inside.get(planTableId) ?? 0;
  }

  isStopped(planTableId: string): boolean {
    return this.#stopped.has(planTableId);
  }

  stop(planTableId: string, fenceId: string): void {
    this.#stopped.set(planTableId, fenceId);
  }

  open(planTableId: string): void {
    this.#stopped.delete(planTableId);
  }

  stopped(): ReadonlyMap<string, string> {
    return this.#stopped;
  }

  /** Resolves when nobody is inside. */
  async quiet(planTableId: string): Promise<void> {
    while (this.inside(planTableId) > 0) {
      await new Promise<void>((done) => {
        const wake = () => {
          this.#waiting.delete(wake);
          done();
        };
        this.#waiting.add(wake);
      });
    }
  }
}
