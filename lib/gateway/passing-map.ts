/**
 * A Map whose entries come and go without end: what is open, held or under way now. The tables that a Map is done with
 * keep what stood in them, as those of a Set do (`lib/adapters/dynamodb/waiting-line.ts`); a copy that is made from the
 * outside is named by none of them, so the row ends there.
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
    // A large one is not copied: that would hold everybody up.
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
/** Entries of a map that is copied. */
const COPIED_MAX = 512;
