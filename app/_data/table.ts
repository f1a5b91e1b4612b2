import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { MismatchListView, SqlReadBackView } from '@/lib/contracts/verification-views';
import type {
  BackfillView,
  DeadLetterItemView,
  DeadLettersView,
  MismatchView,
  MoveView,
  RepairPreviewView,
  RunView,
  ShadowSampleView,
  ShadowView,
  TableView,
  TrafficView,
  VerificationView,
} from '@/lib/contracts/views';
import type { Verb } from '@/lib/domain/plan/moves';
import { isMoving } from './fleet';
import { readJson } from './read-json';
import { queryString, refetchMs } from './refresh';

/** A page of mismatches as it is asked for; an empty text asks for nothing. */
export interface MismatchAsk {
  class: string;
  state: string;
  key: string;
  page: number;
}
export const ALL_MISMATCHES: MismatchAsk = { class: '', state: '', key: '', page: 0 };

export const tableKeys = {
  all: ['table'] as const,
  one: (tableId: string) => ['table', tableId] as const,
  backfill: (tableId: string) => ['table', tableId, 'backfill'] as const,
  verification: (tableId: string) => ['table', tableId, 'verification'] as const,
  traffic: (tableId: string, rangeMs: number) => ['table', tableId, 'traffic', rangeMs] as const,
  shadow: (tableId: string) => ['table', tableId, 'shadow'] as const,
  shadowSample: (tableId: string, sampleId: string) => ['table', tableId, 'shadow', sampleId] as const,
  deadLetters: (tableId: string) => ['table', tableId, 'dead-letters'] as const,
  deadLetter: (tableId: string, id: string) => ['table', tableId, 'dead-letters', id] as const,
  repairPreview: (tableId: string) => ['table', tableId, 'repair-preview'] as const,
  mismatches: (tableId: string, ask: MismatchAsk) => ['table', tableId, 'mismatch-list', ask] as const,
  mismatch: (tableId: string, mismatchId: string) => ['table', tableId, 'mismatches', mismatchId] as const,
};

const pathOf = (tableId: string): string => `/api/tables/${encodeURIComponent(tableId)}`;

export const tableQuery = (tableId: string) =>
  queryOptions({
    queryKey: tableKeys.one(tableId),
    queryFn: ({ signal }) => readJson<TableView>(pathOf(tableId), signal),
    refetchInterval: (query) => refetchMs(query.state.data ? isMoving(query.state.data) : false),
  });

const ENDED = new Set<RunView['state']>(['done', 'failed', 'cancelled']);
export const isRunOpen = (run: RunView): boolean => !ENDED.has(run.state);

export const backfillQuery = (tableId: string) =>
  queryOptions({
    queryKey: tableKeys.backfill(tableId),
    queryFn: ({ signal }) => readJson<BackfillView>(`${pathOf(tableId)}/backfill`, signal),
    refetchInterval: (query) => refetchMs(query.state.data?.runs.some(isRunOpen) ?? false),
  });

export const verificationQuery = (tableId: string) =>
  queryOptions({
    queryKey: tableKeys.verification(tableId),
    queryFn: ({ signal }) => readJson<VerificationView>(`${pathOf(tableId)}/verification`, signal),
    refetchInterval: ({ state: { data } }) =>
      refetchMs(data !== undefined && (data.runs.some(isRunOpen) || data.sqlReadBacks.looks.some(isLookOpen))),
  });

export const isLookOpen = ({ state }: SqlReadBackView): boolean => state === 'waiting' || state === 'running';

export const mismatchesQuery = (tableId: string, ask: MismatchAsk, isInFlight: boolean) =>
  queryOptions({
    queryKey: tableKeys.mismatches(tableId, ask),
    queryFn: ({ signal }) =>
      readJson<MismatchListView>(`${pathOf(tableId)}/mismatches${queryString({ ...ask })}`, signal),
    // The page before stays until the next one is there.
    placeholderData: keepPreviousData,
    refetchInterval: ({ state: { data } }) =>
      refetchMs(isInFlight || (data?.rows.some((row) => row.state === 'repairing') ?? false)),
  });

export const TRAFFIC_RANGES_MS = [5 * 60_000, 30 * 60_000, 3 * 3_600_000, 24 * 3_600_000] as const;

/** Traffic always changes while an application runs, so it is looked at as often as what is in flight. */
export const trafficQuery = (tableId: string, rangeMs: number) =>
  queryOptions({
    queryKey: tableKeys.traffic(tableId, rangeMs),
    queryFn: ({ signal }) => readJson<TrafficView>(`${pathOf(tableId)}/traffic${queryString({ rangeMs })}`, signal),
    refetchInterval: refetchMs(true),
  });

export const mismatchQuery = (tableId: string, mismatchId: string) =>
  queryOptions({
    queryKey: tableKeys.mismatch(tableId, mismatchId),
    queryFn: ({ signal }) =>
      readJson<MismatchView>(`${pathOf(tableId)}/mismatches/${encodeURIComponent(mismatchId)}`, signal),
  });

export const deadLettersQuery = (tableId: string) =>
  queryOptions({
    queryKey: tableKeys.deadLetters(tableId),
    queryFn: ({ signal }) => readJson<DeadLettersView>(`${pathOf(tableId)}/dead-letters`, signal),
    refetchInterval: (query) => refetchMs((query.state.data?.count ?? 0) > 0),
  });

export const deadLetterQuery = (tableId: string, id: string) =>
  queryOptions({
    queryKey: tableKeys.deadLetter(tableId, id),
    queryFn: ({ signal }) =>
      readJson<DeadLetterItemView>(`${pathOf(tableId)}/dead-letters/${encodeURIComponent(id)}`, signal),
  });

export const repairPreviewQuery = (tableId: string) =>
  queryOptions({
    queryKey: tableKeys.repairPreview(tableId),
    queryFn: ({ signal }) => readJson<RepairPreviewView>(`${pathOf(tableId)}/mismatches/repair-preview`, signal),
    // Asked for when it is opened: an old preview would be refused.
    staleTime: 0,
  });

export const shadowQuery = (tableId: string) =>
  queryOptions({
    queryKey: tableKeys.shadow(tableId),
    queryFn: ({ signal }) => readJson<ShadowView>(`${pathOf(tableId)}/shadow`, signal),
    refetchInterval: (query) => refetchMs((query.state.data?.milli ?? 0) > 0 && query.state.data?.isPossible === true),
  });

export const shadowSampleQuery = (tableId: string, sampleId: string) =>
  queryOptions({
    queryKey: tableKeys.shadowSample(tableId, sampleId),
    queryFn: ({ signal }) =>
      readJson<ShadowSampleView>(`${pathOf(tableId)}/shadow/${encodeURIComponent(sampleId)}`, signal),
  });

/** What a move would do now: the same code as the act. Never cached. */
export const fetchDryRun = (
  tableId: string,
  ask: { verb: Verb; readShareMilli?: number | undefined; long?: boolean },
): Promise<MoveView> =>
  readJson<MoveView>(`${pathOf(tableId)}/dry-run${queryString({ ...ask, long: ask.long ? 'true' : undefined })}`);
