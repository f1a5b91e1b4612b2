import { queryOptions } from '@tanstack/react-query';
import type { FleetView, TableRowView } from '@/lib/contracts/views';
import { readJson } from './read-json';
import { refetchMs } from './refresh';

export const fleetKeys = { all: ['fleet'] as const };

const MOVING = new Set(['frozen', 'dual_write', 'backfill', 'verify', 'shift', 'target_first']);

/** Whether a table may change within seconds, so that its screen looks often. */
export const isMoving = (table: Pick<TableRowView, 'stage' | 'hold'>): boolean =>
  MOVING.has(table.stage) && table.hold?.kind !== 'operator';

export const fleetQuery = () =>
  queryOptions({
    queryKey: fleetKeys.all,
    queryFn: ({ signal }) => readJson<FleetView>('/api/fleet', signal),
    refetchInterval: (query) => refetchMs(query.state.data?.tables.some(isMoving) ?? false),
  });
