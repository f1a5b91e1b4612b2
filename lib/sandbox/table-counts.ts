/**
 * ItemCount and TableSizeBytes of DescribeTable, which dynalite leaves at zero. As in DynamoDB they lag: a table is
 * counted when first asked for, and again in the background once the count has aged.
 */
import type { WireItem } from '@/lib/adapters/ports';
import { act, type DynaliteStore, itemSize, type Json, validated } from './dynalite-modules';

const AGE_MS_MAX = 60_000;
const SMALL_AGE_MS_MAX = 2_000;
const SMALL_ITEMS_MAX = 1_000;

interface Count {
  items: number;
  bytes: number;
  atMs: number;
}

async function countOf(store: DynaliteStore, table: string): Promise<Count> {
  const count = { items: 0, bytes: 0, atMs: performance.now() };
  let ExclusiveStartKey: unknown;
  do {
    const page = await act(store, 'Scan', validated(store, 'Scan', { TableName: table, ExclusiveStartKey }));
    for (const item of page.Items as WireItem[]) {
      count.items += 1;
      count.bytes += itemSize(item);
    }
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return count;
}

export class TableCounts {
  readonly #counts = new Map<string, Count>();
  readonly #counting = new Map<string, Promise<Count>>();
  constructor(private readonly store: DynaliteStore) {}

  /** Adds the counts to a DescribeTable answer. */
  async describe(answer: Json): Promise<Json> {
    const table = answer.Table as Json & { TableName: string };
    const { items, bytes } = await this.#of(table.TableName);
    return { ...answer, Table: { ...table, ItemCount: items, TableSizeBytes: bytes } };
  }

  async #of(table: string): Promise<Count> {
    const known = this.#counts.get(table);
    if (!known) return await this.#count(table);
    const ageMsMax = known.items < SMALL_ITEMS_MAX ? SMALL_AGE_MS_MAX : AGE_MS_MAX;
    if (performance.now() - known.atMs > ageMsMax) this.#count(table).catch(() => {});
    return known;
  }

  #count(table: string): Promise<Count> {
    const running = this.#counting.get(table);
    if (running) return running;
    const counting = countOf(this.store, table)
      .then((count) => {
        this.#counts.set(table, count);
        return count;
      })
      .finally(() => this.#counting.delete(table));
    this.#counting.set(table, counting);
    return counting;
  }

  /** After a bulk load, or when a table went. */
  forget(table: string): void {
    this.#counts.delete(table);
  }
}
