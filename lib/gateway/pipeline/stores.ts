/** The two sides as the pipeline sees them. */
import type { StoreTarget, StoreWire } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';

export type Side = 'source' | 'target';

export interface Store {
  wire: StoreWire;
  kind: StoreTarget['kind'];
  /** The table's name there where it is another one; null: as the application says it. */
  tableName: string | null;
  /**
   * Whether work that can do without this store may ask it now: false while it is known not to answer, or asked for
   * patience. A true answer of a store under suspicion is its one probe, so it is asked once a request.
   */
  admits?(): boolean;
}

export interface Stores {
  /** The source for everything that no plan speaks of. */
  source(): Store;
  side(table: TableRouting, side: Side): Store;
}

export const other = (side: Side): Side => (side === 'source' ? 'target' : 'source');
