'use client';

import { useLive } from '@/app/_data/live';
import { Button } from '@/app/_ui/primitives/button';
import type { TableView } from '@/lib/contracts/views';
import { TableMove } from './table-move.client';

/**
 * The one primary button of a table's pages: its move forward. During a read shift below 100 % the share's own button
 * is the primary one. A move that is not allowed yet can be opened all the same, to read why and to approve it.
 */
export function PrimaryMove({ table }: { table: TableView }) {
  const live = useLive();
  const move = table.moves.find((each) => each.way === 'forward' && each.kind !== 'automatic');
  if (!move || (table.stage === 'shift' && table.share.desiredMilli < 100_000)) return null;
  const isReady = move.allowed && live.state !== 'stale';
  return (
    <TableMove
      table={table}
      move={move}
      trigger={<Button variant={isReady ? 'primary' : 'secondary'}>{isReady ? move.label : `${move.label}…`}</Button>}
    />
  );
}
