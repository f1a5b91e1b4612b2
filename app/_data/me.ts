import { queryOptions } from '@tanstack/react-query';
import type { MeView } from '@/lib/contracts/views';
import { readJson } from './read-json';

export const meQuery = () =>
  queryOptions({ queryKey: ['me'] as const, queryFn: ({ signal }) => readJson<MeView>('/api/me', signal) });
