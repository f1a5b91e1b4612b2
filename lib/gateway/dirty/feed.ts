/**
 * What is dirty anywhere (PROTOCOL D5): rows as last read, keys heard of since, and keys marked here. A key leaves when a
 * later reading does not have it. A reading that is too old, or that had too many rows, makes the whole table dirty.
 */
import type { Clock } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';
import { keyHash, partitionUnitOfId } from '@/lib/domain/item/key';
import type { SafeguardSet } from '@/lib/domain/safeguards';
import type { DirtyKnown } from '../pipeline/marker';

interface TableFeed {
  keys: Set<string>;
  /** Open keys by partition, made when first asked for. */
  units: Set<string> | null;
  /** Heard of by hash, with the time: which key it is, the next reading tells. */
  hashes: Map<string, number>;
  /** Marked here, with the time of the commit. */
  marked: Map<string, number>;
  isOverflowing: boolean;
  readAtMs: number;
}

export class DirtyFeed implements DirtyKnown {
  #tables = new Map<string, TableFeed>();
  #readAtMs: number | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly safeguards: SafeguardSet,
  ) {}

  /** How old the last reading is; null before the first. */
  ageMs(): number | null {
    return this.#readAtMs === null ? null : this.clock.monotonicMs() - this.#readAtMs;
  }

  size(): number {
    let sum = 0;
    for (const table of this.#tables.values()) sum += table.keys.size + table.marked.size;
    return sum;
  }

  /** A row of this gateway's own is committed. */
  add(planTableId: string, keyId: string): void {
    const table = this.#table(planTableId);
    table.marked.set(keyId, this.clock.monotonicMs());
    table.units = null;
  }

  /** Somebody marked a key. */
  heard(planTableId: string, hash: string): void {
    this.#table(planTableId).hashes.set(hash, this.clock.monotonicMs());
  }

  /** A reading that began at `startedAtMs`; what was heard or marked after that stays. */
  take(startedAtMs: number, rows: readonly { planTableId: string; keyIds: string[] }[], rowsMax: number): void {
    for (const { planTableId, keyIds } of rows) {
      const table = this.#table(planTableId);
      table.isOverflowing = keyIds.length > rowsMax;
      table.keys = new Set(table.isOverflowing ? [] : keyIds);
      table.units = null;
      table.readAtMs = startedAtMs;
      for (const recent of [table.hashes, table.marked]) {
        for (const [id, atMs] of recent) if (atMs < startedAtMs) recent.delete(id);
      }
    }
    const listed = new Set(rows.map((row) => row.planTableId));
    for (const id of this.#tables.keys()) if (!listed.has(id)) this.#tables.delete(id);
    this.#readAtMs = startedAtMs;
  }

  hasKey(table: TableRouting, keyId: string): boolean {
    if (!this.safeguards.dirtyFeed) return false;
    const known = this.#fresh(table);
    if (known === null) return true;
    if (known.keys.has(keyId) || known.marked.has(keyId)) return true;
    return known.hashes.size > 0 && known.hashes.has(keyHash(keyId));
  }

  hasPartition(table: TableRouting, unit: string): boolean {
    if (!this.safeguards.dirtyFeed) return false;
    const known = this.#fresh(table);
    // A hash says nothing of the partition: until the next reading any of them may be in it.
    if (known === null || known.hashes.size > 0) return true;
    known.units ??= new Set([...known.keys, ...known.marked.keys()].map(partitionUnitOfId));
    return known.units.has(unit);
  }

  #fresh(table: TableRouting): TableFeed | null {
    const known = this.#tables.get(table.planTableId);
    if (known === undefined || known.isOverflowing) return null;
    return this.clock.monotonicMs() - known.readAtMs > table.feedAgeMsMax ? null : known;
  }

  #table(planTableId: string): TableFeed {
    let table = this.#tables.get(planTableId);
    if (table === undefined) {
      const never = Number.NEGATIVE_INFINITY;
      table = {
        keys: new Set(),
        units: null,
        hashes: new Map(),
        marked: new Map(),
        isOverflowing: false,
        readAtMs: never,
      };
      this.#tables.set(planTableId, table);
    }
    return table;
  }
}
