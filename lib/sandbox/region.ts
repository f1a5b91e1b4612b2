/**
 * A second region that lags behind the primary: TerraScale is strong within a region and eventual across them, and
 * serves a read from the nearest one. While it is on, reads come from a store of its own, which each write reaches
 * `lagMs` later; writes always go to the primary. Its store is in memory, copied from the primary when it is turned on.
 */
import type { WireItem } from '@/lib/adapters/ports';
import type { Json } from './dynalite-modules';
import { Engine } from './engine';
import type { TableWrite } from './streams/stream-book';

export interface LagSettings {
  lagMs: number;
  /** `eventual`: reads that did not ask for consistency. `all`: the reader sits in that region, whatever it asks for. */
  reads: 'eventual' | 'all';
}

export const LAG_MS_MAX = 600_000;
const READS: ReadonlySet<string> = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan', 'TransactGetItems']);

export class Region {
  #lag: LagSettings | null = null;
  #replica: Engine | null = null;
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Writes reach a key in their order, whatever the lag was when each was made. */
  readonly #applied = new Map<string, number>();
  #sequence = 0;

  constructor(private readonly primary: Engine) {}

  get lag(): LagSettings | null {
    return this.#lag;
  }

  async turnOn(lag: LagSettings): Promise<void> {
    if (!Number.isInteger(lag.lagMs) || lag.lagMs < 0 || lag.lagMs > LAG_MS_MAX)
      throw new Error(`lagMs must be a whole number from 0 to ${LAG_MS_MAX}`);
    if (this.#replica === null) {
      const replica = new Engine({});
      await copyTables(this.primary, replica);
      this.#replica = replica;
    }
    this.#lag = { ...lag };
  }

  async turnOff(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    const replica = this.#replica;
    this.#lag = null;
    this.#replica = null;
    await replica?.close();
  }

  /** Where a request of the DynamoDB-compatible endpoint is served from. */
  engineFor(operation: string, text: string): Engine {
    if (!this.#replica || !this.#lag || !READS.has(operation)) return this.primary;
    const isConsistent = /"ConsistentRead"\s*:\s*true/.test(text) || operation === 'TransactGetItems';
    return isConsistent && this.#lag.reads === 'eventual' ? this.primary : this.#replica;
  }

  /** Where the REST API reads: it cannot ask for consistency. */
  readEngine(): Engine {
    return this.#replica ?? this.primary;
  }

  /** Sends what the primary holds of these keys on its way. */
  async written(writes: readonly Pick<TableWrite, 'table' | 'keys'>[]): Promise<void> {
    const lagMs = this.#lag?.lagMs;
    if (lagMs === undefined) return;
    for (const { table, keys } of writes) {
      const read = await this.primary.run('GetItem', { TableName: table, Key: keys, ConsistentRead: true });
      this.#sequence += 1;
      const sent = { table, keys, item: (read.Item as WireItem | undefined) ?? null, sequence: this.#sequence };
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        this.#arrive(sent).catch(() => {});
      }, lagMs);
      timer.unref();
      this.#timers.add(timer);
    }
  }

  /** Tables are there at once. */
  async tableChanged(operation: string, input: Json): Promise<void> {
    await this.#replica?.run(operation, input).catch(() => {});
  }

  async #arrive(sent: { table: string; keys: WireItem; item: WireItem | null; sequence: number }): Promise<void> {
    const { table, keys, item, sequence } = sent;
    const id = JSON.stringify([table, keys]);
    if ((this.#applied.get(id) ?? 0) > sequence) return;
    this.#applied.set(id, sequence);
    if (item === null) await this.#replica?.run('DeleteItem', { TableName: table, Key: keys });
    else await this.#replica?.run('PutItem', { TableName: table, Item: item });
  }
}

async function copyTables(from: Engine, to: Engine): Promise<void> {
  let start: unknown;
  do {
    const page = await from.run('ListTables', start === undefined ? {} : { ExclusiveStartTableName: start });
    for (const name of page.TableNames as string[]) await copyTable(from, to, name);
    start = page.LastEvaluatedTableName;
  } while (start !== undefined);
}

async function copyTable(from: Engine, to: Engine, TableName: string): Promise<void> {
  const { Table } = (await from.run('DescribeTable', { TableName })) as { Table: Json };
  const { AttributeDefinitions, KeySchema } = Table;
  await to.createReady({ TableName, AttributeDefinitions, KeySchema, BillingMode: 'PAY_PER_REQUEST' });
  let ExclusiveStartKey: unknown;
  do {
    const page = await from.run('Scan', { TableName, ...(ExclusiveStartKey ? { ExclusiveStartKey } : {}) });
    for (const Item of page.Items as WireItem[]) await to.run('PutItem', { TableName, Item });
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
}
