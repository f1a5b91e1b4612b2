/**
 * A Map whose entries come and go without end: what is open, held or under way now.
 *
 * A Map that is added to and deleted from makes itself a new table every so many changes. The one it is done with names
 * the next and keeps all that stood in it at that moment, so once an old table lies in the old space of the heap, each
 * younger one is moved there behind it, with everything in it: a tenth of all that a gateway allocated, and most of what
 * collecting it cost. A copy that is made from the outside is named by no older table, so the row ends there.
 */
export class PassingMap<K, V> {
  #map = new Map<K, V>();
  #deleted = 0;

  get size(): number {
    return this.#map.size;
  }

  get(key: K): V | undefined {
    return this.#map.get(key);
  }

  has(key: K): boolean {
    return this.#map.has(key);
  }

  set(key: K, value: V): void {
    this.#map.set(key, value);
  }

  delete(key: K): boolean {
    const isGone = this.#map.delete(key);
    if (isGone) this.#deleted += 1;
    // A large one is copied rarely enough to cost nothing, and not at all where it would hold everybody up.
    if (this.#deleted >= COPY_AFTER && this.#map.size <= COPIED_MAX) {
      this.#map = new Map(this.#map);
      this.#deleted = 0;
    }
    return isGone;
  }

  /** Of now: to be gone through before anything changes. */
  keys(): IterableIterator<K> {
    return this.#map.keys();
  }

  values(): IterableIterator<V> {
    return this.#map.values();
  }
}

/** Deleted entries between two copies. */
const COPY_AFTER = 128;
const COPIED_MAX = 512;
