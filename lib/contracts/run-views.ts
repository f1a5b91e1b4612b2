/** What the backfill and verification pages read: runs with their segments, what was set aside, and what differs. */
import type { RepairEffect } from '@/lib/domain/run/repair-effect';
import type { MismatchClass, RunState, SegmentState } from '@/lib/domain/run/states';
import type { StubbornSegment } from '@/lib/domain/run/stubborn';
import type { CopySourceView, StreamView } from './source-views';
import type { EvidenceView, SqlReadBacksView } from './verification-views';

export interface SegmentView {
  id: string;
  number: number;
  side: 'source' | 'target';
  state: SegmentState;
  /** The data file of an export. */
  file: string | null;
  pages: number;
  itemsRead: number;
  itemsWritten: number;
  compared: number;
  worker: string | null;
  attempts: number;
  error: string | null;
}

export interface RunView {
  id: string;
  kind: 'backfill' | 'verification';
  generation: number;
  /** What a backfill reads. */
  source: 'scan' | 'export';
  state: RunState;
  segments: SegmentView[];
  /** The segment that is much larger than most; null: none is. */
  stubborn: StubbornSegment | null;
  itemsRead: number;
  itemsWritten: number;
  itemsExpired: number;
  itemsSetAside: number;
  itemsMarked: number;
  valuesLeft: number;
  bytesRead: number;
  itemsEstimate: number;
  compared: number;
  suspects: number;
  hot: number;
  inFlight: number;
  mismatches: number;
  /** It stops when it has found so many. */
  mismatchesMax: number;
  /** A verification of some keys only: how many of a million, and what it says of the others once it is done. */
  sample: { ppm: number; sentence: string | null } | null;
  itemsPerSecond: number | null;
  itemsPerSecondMax: number | null;
  etaMs: [number, number] | null;
  throttleReason: string | null;
  stopReason: string | null;
  startedBy: string;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
}

export interface SetAsideView {
  id: string;
  key: string;
  reason: string;
  errorType: string;
  accepted: { by: string; at: string } | null;
}

export interface BackfillView {
  /** Null: gateways alone carry the live writes. */
  stream: StreamView | null;
  source: CopySourceView;
  runs: RunView[];
  setAside: SetAsideView[];
}

export interface MismatchRowView {
  id: string;
  key: string;
  class: MismatchClass;
  attributes: { attribute: string; class: MismatchClass }[];
  state: 'open' | 'repairing' | 'gone';
  /** What its repair does to the side that follows. */
  repair: RepairEffect;
  /** A full verification ended then that did not see it: what differs was written since, past the gateways. */
  equalAt: string | null;
  firstSeenAt: string;
  lastSeenAt: string;
}

/** Both images side by side. `masked` values are shown as their type and size only. */
export interface MismatchView extends MismatchRowView {
  masked: boolean;
  /** What is shown in another form than it has on its side; null: nothing is. */
  formNote: string | null;
  rows: { attribute: string; class: MismatchClass | 'equal'; source: string | null; target: string | null }[];
}

/** What repairing every open mismatch would do; the act presents the hash. */
export interface RepairPreviewView {
  hash: string;
  side: RepairEffect['side'];
  effects: { does: RepairEffect['does']; count: number; keys: string[] }[];
  /** Something is deleted, and whoever looks may not. */
  needsApprover: boolean;
  max: number;
}

export interface VerificationView {
  runs: RunView[];
  freshness: { finishedAt: string | null; staleAt: string | null; isFresh: boolean; sentence: string };
  evidence: EvidenceView;
  sqlReadBacks: SqlReadBacksView;
}
