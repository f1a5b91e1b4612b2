/** Views of what a copy reads and of the stream beside the gateways. Part of views.ts. */
import type { ExportCost, ExportLocation } from '@/lib/domain/export/export';
import type { ShardState, StreamState } from '@/lib/domain/run/states';

/** The stream that is read beside the gateways. */
export interface StreamView {
  state: StreamState;
  arn: string | null;
  /** Which images its records have; Landfall uses their keys alone. */
  view: string | null;
  enabledByLandfall: boolean;
  positionAt: string | null;
  canarySeenAt: string | null;
  fault: string | null;
  /** Age of the oldest record whose key is not settled; null: nothing is read yet. */
  lagMs: number | null;
  /** Until records are trimmed that were not settled. */
  headroomMs: number | null;
  lagLimitMs: number;
  records: number;
  keysMarked: number;
  expiries: number;
  besideGateway: number;
  besideLastAt: string | null;
  /** Keys written beside the gateways, the latest first: what was written says who wrote it. */
  beside: { key: string; times: number; firstSeenAt: string; lastSeenAt: string }[];
  shards: {
    id: string;
    state: ShardState;
    parentId: string | null;
    records: number;
    lagMs: number;
    worker: string | null;
  }[];
}

/** What the next backfill would read, or the last one read. */
export interface CopySourceView {
  /** Whether it may be chosen: before the copy begins. */
  isOpen: boolean;
  /** Why no folder may be named; null where one may. */
  folderMissing: string | null;
  export: {
    state: 'exporting' | 'ready' | 'failed';
    location: ExportLocation;
    shownUntilAt: string | null;
    itemCount: number;
    filesTotal: number;
    exports: {
      prefix: string;
      type: 'FULL_EXPORT' | 'INCREMENTAL_EXPORT';
      itemCount: number;
      files: number;
      until: string;
    }[];
    failure: string | null;
    chosenBy: string;
    chosenAt: string;
  } | null;
}

export interface ExportPreviewView {
  cost: ExportCost;
  isRecoveryOn: boolean;
}
