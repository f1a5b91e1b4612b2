/** The two stores of a routing document, each behind a breaker of its own as those of a plan are. */
import { createStoreWire } from '@/lib/adapters/dynamodb/wire';
import type { Clock, StoreWire } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';
import type { StaticRouting } from '@/lib/contracts/static-routing';
import { Breaker, type BreakerState } from '../breaker/breaker';
import { guarded } from '../breaker/guard';
import { LIMITS } from '../limits';
import type { Counters } from '../metrics/counters';
import type { Side, Store, Stores } from '../pipeline/stores';

export class StaticStores implements Stores {
  readonly #source: Store;
  readonly #target: Store;
  readonly #breakers: { source: Breaker; target: Breaker };
  readonly #renamed = new WeakMap<TableRouting, Store>();

  constructor(document: Pick<StaticRouting, 'source' | 'target'>, parts: { clock: Clock; counters: Counters }) {
    const { source, target } = document;
    const { clock, counters } = parts;
    this.#breakers = { source: new Breaker(clock), target: new Breaker(clock) };
    const storeOf = (side: Side, given: StaticRouting['target']): Store => {
      const breaker = this.#breakers[side];
      const wire = guarded(wireOf(side, given), { breaker, counters, store: side, isHeldToShape: side === 'target' });
      return { wire, kind: given.kind, tableName: null, admits: () => breaker.admits() };
    };
    this.#source = storeOf('source', { ...source, kind: 'dynamodb' });
    this.#target = storeOf('target', target);
  }

  isSilent(connectionId: string): boolean {
    return this.#breakers[connectionId === 'source' ? 'source' : 'target'].state() !== 'closed';
  }

  breakers(): { store: string; state: BreakerState; opened: number; pausedForMs: number }[] {
    return (['source', 'target'] as const).map((store) => {
      const breaker = this.#breakers[store];
      return { store, state: breaker.state(), opened: breaker.opened, pausedForMs: breaker.pausedForMs() };
    });
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
