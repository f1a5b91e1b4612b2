import { queryOptions } from '@tanstack/react-query';
import type { FlagKeyView } from '@/lib/contracts/flags';
import { readJson } from './read-json';
import { refetchMs } from './refresh';

export const flagKeys = { keys: ['flag-keys'] as const };

export const flagKeysQuery = () =>
  queryOptions({
    queryKey: flagKeys.keys,
    queryFn: ({ signal }) => readJson<FlagKeyView[]>('/api/flag-keys', signal),
    refetchInterval: refetchMs(false),
  });
