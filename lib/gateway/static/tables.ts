/**
 * Which tables a static gateway routes. Those with a key schema in the document are known from the start; of others the
 * source is asked by DescribeTable when they are first spoken of, and what it said is kept until the table is created
 * or deleted through this gateway, or a store says that it is gone.
 */
import { describeTable } from '@/lib/adapters/dynamodb/tables';
import type { TableRouting } from '@/lib/contracts/routing';
import { ANY_TABLE, type StaticEntry, type StaticRouting } from '@/lib/contracts/static-routing';
import type { KeySchema } from '@/lib/domain/item/item';
import type { Views } from '../pipeline/views';
import { entryOf, routingOfEntry } from './document';
import type { StaticStores } from './stores';

/** `absent`: the source says that there is none, or that this is no name of a table. */
export type Learnt = 'known' | 'absent' | { trouble: string };

const DESCRIBE_MS_MAX = 5_000;
const LEARN_TRIES_MAX = 5;
/** Tables kept in memory; the one learnt first goes first, and is learnt again when it is spoken of. */
const LEARNT_MAX = 5_000;

export class StaticTables {
  readonly #tables = new Map<string, TableRouting>();
  readonly #learning = new Map<string, Promise<Learnt>>();
  /** Created or deleted while they were being learnt: what the source says may be of the table before. */
  readonly #stale = new Set<string>();
  #epoch = 0;

  constructor(
    private readonly views: Views,
    private readonly stores: StaticStores,
    private document: StaticRouting,
  ) {
    this.#addNamed();
    this.#publish();
  }

  /** Another document: what was learnt stays learnt, under its entry of now. */
  take(document: StaticRouting): void {
    this.document = document;
    const schemas = [...this.#tables.values()].map(({ tableName, keySchema }) => ({ tableName, keySchema }));
    this.#tables.clear();
    this.#addNamed();
    this.#epoch += 1;
    for (const { tableName, keySchema } of schemas) {
      const entry = entryOf(document, tableName);
      if (entry === null || this.#tables.has(tableName)) continue;
      this.#tables.set(tableName, routingOfEntry(entry, { table: tableName, keySchema, epoch: this.#epoch }));
    }
    this.#publish();
  }

  entry(table: string): StaticEntry | null {
    return entryOf(this.document, table);
  }

  /** Whether an entry of the document speaks of the table whose key is not known yet. */
  isUnlearnt(table: string): boolean {
    return !this.#tables.has(table) && entryOf(this.document, table) !== null;
  }

  /** Whether the table is known from the source alone, and so may be gone. */
  isLearnt(table: string): boolean {
    return this.document.tables[table]?.keySchema === undefined;
  }

  find(table: string): TableRouting | undefined {
    return this.#tables.get(table);
  }

  /** Asks the source once however many requests wait for it. */
  learn(table: string): Promise<Learnt> {
    let learning = this.#learning.get(table);
    if (learning === undefined) {
      learning = this.#learn(table).finally(() => this.#learning.delete(table));
      this.#learning.set(table, learning);
    }
    return learning;
  }

  /** The table was created or deleted: what was learnt, or is being learnt, holds no more. */
  forget(table: string): void {
    if (this.#learning.has(table)) this.#stale.add(table);
    const known = this.#tables.get(table);
    if (known === undefined || this.document.tables[table]?.keySchema !== undefined) return;
    this.#tables.delete(table);
    this.#publish();
  }

  async #learn(table: string): Promise<Learnt> {
    for (let tries = 1; tries <= LEARN_TRIES_MAX; tries += 1) {
      this.#stale.delete(table);
      const answer = await describeTable(this.stores.source().wire, table, { timeoutMs: DESCRIBE_MS_MAX });
      if (answer.kind === 'unknown') return { trouble: `DescribeTable of ${table} was not answered` };
      if (answer.kind === 'refused') {
        const isAbsent = answer.errorType === 'ResourceNotFoundException' || answer.errorType === 'ValidationException';
        return isAbsent ? 'absent' : { trouble: `DescribeTable of ${table} was refused with ${answer.errorType}` };
      }
      if (!this.#stale.has(table)) return this.#keep(table, answer.value.key);
    }
    return { trouble: `${table} is created and deleted all the time` };
  }

  #keep(table: string, keySchema: KeySchema): Learnt {
    const entry = entryOf(this.document, table);
    if (entry === null) return 'absent';
    if (this.#tables.size >= LEARNT_MAX) this.#forgetFirst();
    this.#epoch += 1;
    this.#tables.set(table, routingOfEntry(entry, { table, keySchema, epoch: this.#epoch }));
    this.#publish();
    return 'known';
  }

  #forgetFirst(): void {
    for (const name of this.#tables.keys()) {
      if (this.document.tables[name]?.keySchema !== undefined) continue;
      this.#tables.delete(name);
      return;
    }
  }

  #addNamed(): void {
    for (const [table, entry] of Object.entries(this.document.tables)) {
      if (table === ANY_TABLE || entry.keySchema === undefined) continue;
      const { keySchema } = entry;
      this.#tables.set(table, routingOfEntry(entry, { table, keySchema, epoch: this.#epoch }));
    }
  }

  #publish(): void {
    this.#epoch += 1;
    const tables = [...this.#tables.values()];
    this.views.take({ connectionId: 'source', incarnation: 1, epoch: this.#epoch, tables });
  }
}
