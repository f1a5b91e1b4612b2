import { queryOptions } from '@tanstack/react-query';
import type { AlertDestinationView } from '@/lib/contracts/views';
import { readJson } from './read-json';
import { refetchMs } from './refresh';

export const alertKeys = { destinations: ['alert-destinations'] as const };

export const alertDestinationsQuery = () =>
  queryOptions({
    queryKey: alertKeys.destinations,
    queryFn: ({ signal }) => readJson<AlertDestinationView[]>('/api/alert-destinations', signal),
    refetchInterval: refetchMs(false),
  });
