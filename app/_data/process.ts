import { queryOptions } from '@tanstack/react-query';
import type { GatewayKeyView, ProcessesView } from '@/lib/contracts/views';
import { readJson } from './read-json';
import { refetchMs } from './refresh';

export const processKeys = { all: ['processes'] as const, gatewayKeys: ['gateway-keys'] as const };

export const processesQuery = () =>
  queryOptions({
    queryKey: processKeys.all,
    queryFn: ({ signal }) => readJson<ProcessesView>('/api/processes', signal),
    refetchInterval: refetchMs(true),
  });

export const gatewayKeysQuery = () =>
  queryOptions({
    queryKey: processKeys.gatewayKeys,
    queryFn: ({ signal }) => readJson<GatewayKeyView[]>('/api/gateway-keys', signal),
    refetchInterval: refetchMs(false),
  });
