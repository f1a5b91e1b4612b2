/** What the pipeline needs of those who remember: open keys, marks, and what is known to be dirty. */
import type { TableRouting } from '@/lib/contracts/routing';
import type { DirtyCause } from '@/lib/domain/routing/dirty';
import type { OpenKey } from '../intents/intents';

export interface Marker {
  /** The key may differ: its row goes to Postgres, and its intent stays open until it is there. */
  mark(key: OpenKey, cause: DirtyCause, isUnknown: boolean): void;
}

export interface DirtyKnown {
  hasKey(table: TableRouting, keyId: string): boolean;
  hasPartition(table: TableRouting, unit: string): boolean;
}
