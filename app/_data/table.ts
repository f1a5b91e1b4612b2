import { queryOptions } from '@tanstack/react-query';
import type {
  BackfillView,
  MismatchView,
  MoveView,
  RunView,
  TableView,
  TrafficView,
  VerificationView,
} from '@/lib/contracts/views';
import type { Verb } from '@/lib/domain/plan/moves';
import { fetchView, queryString, refetchMs } from './fetch-view';
import { isMoving } from './fleet';

export const tableKeys = {
  all: ['tables'] as const,
  one: (tableId: string) => ['tables', tableId] as const,
  backfill: (tableId: string) => ['tables', tableId, 'backfill'] as const,
  verification: (tableId: string) => ['tables', tableId, 'verification'] as const,
  traffic: (tableId: string, rangeMs: number) => ['tables', tableId, 'traffic', rangeMs] as const,
  mismatch: (tableId: string, mismatchId: string) => ['tables', tableId, 'mismatches', mismatchId] as const,
};

const pathOf = (tableId: string): string => `/api/tables/${encodeURIComponent(tableId)}`;

export const tableQuery = (tableId: string) =>
  queryOptions({
    queryKey: tableKeys.one(tableId),
    queryFn: ({ signal }) => fetchView<TableView>(pathOf(tableId), signal),
    refetchInterval: (query) => refetchMs(query.state.data ? isMoving(query.state.data) : false),
  });

const ENDED = new Set<RunView['state']>(['done', 'failed', 'cancelled']);
export const isRunOpen = (run: RunView): boolean => !ENDED.has(run.state);

export const backfillQuery = (tableId: string) =>
  queryOptions({
    queryKey: tableKeys.backfill(tableId),
    queryFn: ({ signal }) => fetchView<BackfillView>(`${pathOf(tableId)}/backfill`, signal),
    refetchInterval: (query) => refetchMs(query.state.data?.runs.some(isRunOpen) ?? false),
  });

export const verificationQuery = (tableId: string) =>
  queryOptions({
    queryKey: tableKeys.verification(tableId),
    queryFn: ({ signal }) => fetchView<VerificationView>(`${pathOf(tableId)}/verification`, signal),
    refetchInterval: (query) => refetchMs(query.state.data?.runs.some(isRunOpen) ?? false),
  });

export const TRAFFIC_RANGES_MS = [5 * 60_000, 30 * 60_000, 3 * 3_600_000, 24 * 3_600_000] as const;

/** Traffic always changes while an application runs, so it is looked at as often as what is in flight. */
export const trafficQuery = (tableId: string, rangeMs: number) =>
  queryOptions({
    queryKey: tableKeys.traffic(tableId, rangeMs),
    queryFn: ({ signal }) => fetchView<TrafficView>(`${pathOf(tableId)}/traffic${queryString({ rangeMs })}`, signal),
    refetchInterval: refetchMs(true),
  });

export const mismatchQuery = (tableId: string, mismatchId: string) =>
  queryOptions({
    queryKey: tableKeys.mismatch(tableId, mismatchId),
    queryFn: ({ signal }) =>
      fetchView<MismatchView>(`${pathOf(tableId)}/mismatches/${encodeURIComponent(mismatchId)}`, signal),
  });

/** What a move would do now: the same code as the act. Never cached. */
export const fetchDryRun = (tableId: string, verb: Verb, readShareMilli?: number): Promise<MoveView> =>
  fetchView<MoveView>(`${pathOf(tableId)}/dry-run${queryString({ verb, readShareMilli })}`);
