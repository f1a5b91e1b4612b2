/** What can stand in a line: its neighbours there. Both are null, and `isInLine` is false, before and after. */
export interface InLine<T> {
  ahead: T | null;
  behind: T | null;
  isInLine: boolean;
}

/**
 * A line that is left at its front and from its midst, at the same cost whatever its length. In place of a Set, because
 * one that is added to and deleted from without end makes a new table every few requests, and each table it has done
 * with still names the next one and all that stood in it. Once one of them is in the old space, every request in a later
 * one is moved there too, with its bytes: a tenth of all that was allocated, and most of what collecting it cost.
 */
export class WaitingLine<T extends InLine<T>> {
  #first: T | null = null;
  #last: T | null = null;
  size = 0;

  join(one: T): void {
    if (one.isInLine) return;
    one.isInLine = true;
    one.ahead = this.#last;
    if (this.#last === null) this.#first = one;
    else this.#last.behind = one;
    this.#last = one;
    this.size += 1;
  }

  /** Nothing that has left names what stood beside it. */
  leave(one: T): void {
    if (!one.isInLine) return;
    const { ahead, behind } = one;
    if (ahead === null) this.#first = behind;
    else ahead.behind = behind;
    if (behind === null) this.#last = ahead;
    else behind.ahead = ahead;
    one.isInLine = false;
    one.ahead = null;
    one.behind = null;
    this.size -= 1;
  }

  /** Whoever has waited longest leaves; null where nobody waits. */
  next(): T | null {
    const first = this.#first;
    if (first !== null) this.leave(first);
    return first;
  }
}
