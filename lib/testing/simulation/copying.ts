/** From a mark in the database until gateways have heard of it, unless the database fails. */
const HEARD_MS_MAX = 300;

/**
 * Whether a read comes too early to be judged. Reads are shared out once the copy is verified and every gateway has heard
 * of each key that differs; in a schedule they are from the start, so that staleness shows. Until then the page of a
 * backfill may be in sight.
 */
export class Copying {
  /** Backfills that have not begun. */
  toCome = 0;
  #seenAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly nowMs: () => number,
    private readonly segments: ReadonlyMap<string, { kind: string; state: string }>,
  ) {}

  isInSight(): boolean {
    const isOpen = [...this.segments.values()].some(
      ({ kind, state }) => kind === 'backfill' && (state === 'waiting' || state === 'running'),
    );
    if (this.toCome > 0 || isOpen) this.#seenAtMs = this.nowMs();
    return this.nowMs() - this.#seenAtMs <= HEARD_MS_MAX;
  }
}
