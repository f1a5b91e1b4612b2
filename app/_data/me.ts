import { queryOptions } from '@tanstack/react-query';
import type { MeView } from '@/lib/contracts/views';
import { fetchView } from './fetch-view';

export const meQuery = () =>
  queryOptions({ queryKey: ['me'] as const, queryFn: ({ signal }) => fetchView<MeView>('/api/me', signal) });
