/** The two stores of a routing document. */
import { createStoreWire } from '@/lib/adapters/dynamodb/wire';
import type { StoreWire } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';
import type { StaticRouting } from '@/lib/contracts/static-routing';
import { LIMITS } from '../limits';
import type { Side, Store, Stores } from '../pipeline/stores';

export class StaticStores implements Stores {
  readonly #source: Store;
  readonly #target: Store;
  readonly #renamed = new WeakMap<TableRouting, Store>();

  constructor(document: Pick<StaticRouting, 'source' | 'target'>) {
    const { source, target } = document;
    this.#source = { wire: wireOf('source', { ...source, kind: 'dynamodb' }), kind: 'dynamodb', tableName: null };
    this.#target = { wire: wireOf('target', target), kind: target.kind, tableName: null };
  }

  source(): Store {
    return this.#source;
  }

  target(): Store {
    return this.#target;
  }

  plain(side: Side): Store {
    return side === 'source' ? this.#source : this.#target;
  }

  side(table: TableRouting, side: Side): Store {
    if (side === 'source' || table.targetTableName === table.tableName) return this.plain(side);
    let store = this.#renamed.get(table);
    if (store === undefined) {
      store = { ...this.#target, tableName: table.targetTableName };
      this.#renamed.set(table, store);
    }
    return store;
  }

  async close(): Promise<void> {
    await Promise.all([this.#source.wire.close(), this.#target.wire.close()]);
  }
}

const wireOf = (connectionId: Side, store: StaticRouting['target']): StoreWire =>
  createStoreWire({ connectionId, ...store, timeoutMs: LIMITS.passThroughTimeoutMs });
