import { queryOptions } from '@tanstack/react-query';
import type { ConnectionView, DiscoveredTableView } from '@/lib/contracts/views';
import { fetchView, refetchMs } from './fetch-view';

export const connectionKeys = {
  all: ['connections'] as const,
  one: (connectionId: string) => ['connections', connectionId] as const,
  tables: (connectionId: string) => ['connections', connectionId, 'tables'] as const,
};

export const connectionsQuery = () =>
  queryOptions({
    queryKey: connectionKeys.all,
    queryFn: ({ signal }) => fetchView<ConnectionView[]>('/api/connections', signal),
    refetchInterval: refetchMs(false),
  });

export const connectionQuery = (connectionId: string) =>
  queryOptions({
    queryKey: connectionKeys.one(connectionId),
    queryFn: ({ signal }) => fetchView<ConnectionView>(`/api/connections/${encodeURIComponent(connectionId)}`, signal),
  });

/** Asks the source itself, so it is not repeated by a clock. */
export const discoveredTablesQuery = (connectionId: string) =>
  queryOptions({
    queryKey: connectionKeys.tables(connectionId),
    queryFn: ({ signal }) =>
      fetchView<DiscoveredTableView[]>(`/api/connections/${encodeURIComponent(connectionId)}/tables`, signal),
    staleTime: 30_000,
  });
