'use client';

import { type UseQueryOptions, type UseQueryResult, useQuery } from '@tanstack/react-query';
import { useLive } from './live';

/**
 * A query as the screens read it: its own clock stops while a person has paused live updates. An error keeps the last
 * data; `ViewNotice` says how old it is.
 */
export function useView<T, K extends readonly unknown[]>(
  options: UseQueryOptions<T, Error, T, K>,
): UseQueryResult<T, Error> {
  const { isPaused } = useLive();
  return useQuery({ ...options, ...(isPaused ? { refetchInterval: false, refetchOnWindowFocus: false } : {}) });
}
