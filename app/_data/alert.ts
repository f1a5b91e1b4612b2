import { queryOptions } from '@tanstack/react-query';
import type { AlertDestinationView } from '@/lib/contracts/views';
import { fetchView, refetchMs } from './fetch-view';

export const alertKeys = { destinations: ['alert-destinations'] as const };

export const alertDestinationsQuery = () =>
  queryOptions({
    queryKey: alertKeys.destinations,
    queryFn: ({ signal }) => fetchView<AlertDestinationView[]>('/api/alert-destinations', signal),
    refetchInterval: refetchMs(false),
  });
