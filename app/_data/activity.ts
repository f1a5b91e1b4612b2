import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { ActivityView } from '@/lib/contracts/views';
import { readJson } from './read-json';
import { queryString, refetchMs } from './refresh';

export interface ActivityFilter {
  planId?: string | null;
  tableId?: string | null;
  actorKind?: string | null;
  kind?: string | null;
  text?: string | null;
}

export const activityKeys = {
  all: ['activity'] as const,
  latest: (filter: ActivityFilter) => ['activity', { ...filter, latest: true }] as const,
  list: (filter: ActivityFilter) => ['activity', filter] as const,
};

/** Newest first; older pages are asked for by the `before` of the page above them. */
export const activityQuery = (filter: ActivityFilter = {}) =>
  infiniteQueryOptions({
    queryKey: activityKeys.list(filter),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      readJson<ActivityView>(`/api/activity${queryString({ ...filter, before: pageParam })}`, signal),
    getNextPageParam: (page) => page.before,
    maxPages: 20,
    refetchInterval: refetchMs(true),
  });

/** The newest entries alone, for the feed of a page. */
export const latestActivityQuery = (filter: ActivityFilter = {}) =>
  queryOptions({
    queryKey: activityKeys.latest(filter),
    queryFn: ({ signal }) => readJson<ActivityView>(`/api/activity${queryString({ ...filter })}`, signal),
    refetchInterval: refetchMs(true),
  });
