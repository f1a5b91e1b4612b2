import { queryOptions } from '@tanstack/react-query';
import type { ConnectionView, DiscoveredTableView, QuotaView } from '@/lib/contracts/views';
import { readJson } from './read-json';
import { refetchMs } from './refresh';

export const connectionKeys = {
  all: ['connection'] as const,
  one: (connectionId: string) => ['connection', connectionId] as const,
  quota: (connectionId: string) => ['connection', connectionId, 'quota'] as const,
  tables: (connectionId: string) => ['connection', connectionId, 'tables'] as const,
};

export const connectionsQuery = () =>
  queryOptions({
    queryKey: connectionKeys.all,
    queryFn: ({ signal }) => readJson<ConnectionView[]>('/api/connections', signal),
    refetchInterval: refetchMs(false),
  });

export const connectionQuery = (connectionId: string) =>
  queryOptions({
    queryKey: connectionKeys.one(connectionId),
    queryFn: ({ signal }) => readJson<ConnectionView>(`/api/connections/${encodeURIComponent(connectionId)}`, signal),
  });

export const quotaQuery = (connectionId: string) =>
  queryOptions({
    queryKey: connectionKeys.quota(connectionId),
    queryFn: ({ signal }) =>
      readJson<QuotaView | null>(`/api/connections/${encodeURIComponent(connectionId)}/quota`, signal),
    refetchInterval: refetchMs(false),
  });

/** Asks the source itself, so it is not repeated by a clock. */
export const discoveredTablesQuery = (connectionId: string) =>
  queryOptions({
    queryKey: connectionKeys.tables(connectionId),
    queryFn: ({ signal }) =>
      readJson<DiscoveredTableView[]>(`/api/connections/${encodeURIComponent(connectionId)}/tables`, signal),
    staleTime: 30_000,
  });
