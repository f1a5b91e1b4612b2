import { queryOptions } from '@tanstack/react-query';
import type { GatewayKeyView, ProcessesView } from '@/lib/contracts/views';
import { fetchView, refetchMs } from './fetch-view';

export const processKeys = { all: ['processes'] as const, gatewayKeys: ['gateway-keys'] as const };

export const processesQuery = () =>
  queryOptions({
    queryKey: processKeys.all,
    queryFn: ({ signal }) => fetchView<ProcessesView>('/api/processes', signal),
    refetchInterval: refetchMs(true),
  });

export const gatewayKeysQuery = () =>
  queryOptions({
    queryKey: processKeys.gatewayKeys,
    queryFn: ({ signal }) => fetchView<GatewayKeyView[]>('/api/gateway-keys', signal),
    refetchInterval: refetchMs(false),
  });
