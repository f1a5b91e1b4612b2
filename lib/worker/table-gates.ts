/**
 * Stops and opens store traffic of a table inside this process (PROTOCOL F1a). Every piece of work enters before it
 * sends anything and leaves when all its requests have ended; a fence that finds nobody inside may say "stopped".
 */
export class TableGates {
  readonly #inside = new Map<string, Set<Promise<void>>>();
  readonly #stopped = new Map<string, string>();

  /** What to call when the work is over, or null while a fence has the table stopped. */
  enter(planTableId: string): (() => void) | null {
    if (this.#stopped.has(planTableId)) return null;
    const works = this.#inside.get(planTableId) ?? new Set();
    this.#inside.set(planTableId, works);
    let end = () => {};
    const work = new Promise<void>((done) => {
      end = done;
    });
    works.add(work);
    return () => {
      works.delete(work);
      end();
    };
  }

  isStopped(planTableId: string): boolean {
    return this.#stopped.has(planTableId);
  }

  stop(planTableId: string, fenceId: string): void {
    this.#stopped.set(planTableId, fenceId);
  }

  /** Opens what this fence has stopped; another fence may have stopped the table again. */
  open(planTableId: string, fenceId: string): void {
    if (this.#stopped.get(planTableId) === fenceId) this.#stopped.delete(planTableId);
  }

  stopped(): ReadonlyMap<string, string> {
    return this.#stopped;
  }

  /** Resolves when everything that is inside now has left; what enters later is not waited for. */
  async drained(planTableId: string): Promise<void> {
    await Promise.all(this.#inside.get(planTableId) ?? []);
  }
}
