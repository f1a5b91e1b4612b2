/** The two sides as the pipeline sees them. */
import type { StoreTarget, StoreWire } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';

export type Side = 'source' | 'target';

export interface Store {
  wire: StoreWire;
  kind: StoreTarget['kind'];
  /** The table's name there where it is another one; null: as the application says it. */
  tableName: string | null;
}

export interface Stores {
  /** The source for everything that no plan speaks of. */
  source(): Store;
  side(table: TableRouting, side: Side): Store;
}

export const other = (side: Side): Side => (side === 'source' ? 'target' : 'source');
