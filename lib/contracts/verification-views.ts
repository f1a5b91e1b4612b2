/** What the verification page reads beside its runs: evidence that comes in all the time, and looks through SQL. */
import type { SqlReadBackState } from '@/lib/domain/run/sql-read-back';
import type { MismatchClass } from '@/lib/domain/run/states';
import type { MismatchRowView } from './run-views';
import type { ShadowView } from './shadow-views';

/** Evidence between two verifications. */
export interface EvidenceView {
  /** Keys whose two images may differ now; `oldestMs` null: none. */
  dirty: { count: number; oldestMs: number | null; max: number };
  /** Keys that settles made equal and confirmed since the backfill began; null: there was none. */
  settled: { keys: number; sinceAt: string } | null;
  shadow: Pick<ShadowView, 'milli' | 'isPossible' | 'window' | 'kept'>;
}

export interface SqlReadBackView {
  id: string;
  state: SqlReadBackState;
  drawn: number;
  equal: number;
  moving: number;
  expired: number;
  unreadable: number;
  differences: { key: string; class: MismatchClass; attributes: string[]; isItemRight: boolean }[];
  statements: number;
  /** What was found, or why nothing was. */
  sentence: string;
  startedBy: string;
  createdAt: string;
  finishedAt: string | null;
}

export interface SqlReadBacksView {
  /** Whether the target connection speaks the REST API, beside which SQL stands. */
  isPossible: boolean;
  looks: SqlReadBackView[];
}

/** A page of mismatches under a filter. */
export interface MismatchListView {
  rows: MismatchRowView[];
  /** Rows that fit the filter, of all; and those of all that are open. */
  found: number;
  all: number;
  open: number;
  openByClass: Record<MismatchClass, number>;
  /** Since when the oldest open one stands. */
  openSince: string | null;
  page: number;
  pageRows: number;
}
