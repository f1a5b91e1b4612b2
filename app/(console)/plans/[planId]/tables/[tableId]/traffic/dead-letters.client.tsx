'use client';

import { useState } from 'react';
import { deadLettersQuery } from '@/app/_data/table';
import { useAct } from '@/app/_data/use-act';
import { useView } from '@/app/_data/use-view';
import { type Column, DataTable } from '@/app/_ui/kit/data-table';
import { FormError } from '@/app/_ui/kit/form-error';
import { formatCount } from '@/app/_ui/kit/format';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { ViewNotice } from '@/app/_ui/kit/view-notice';
import { Badge } from '@/app/_ui/primitives/badge';
import { Button } from '@/app/_ui/primitives/button';
import { Card } from '@/app/_ui/primitives/card';
import type { DeadLetterView } from '@/lib/contracts/views';
import { retryDeadLetters } from './actions';
import { DeadLetterDialog } from './dead-letter.client';

const SIDE = { source: 'DynamoDB', target: 'TerraScale' } as const;

/** Dirty keys that cannot be settled: the other side refuses what it has to hold. Each can be opened, retried, parked. */
export function DeadLetters({ tableId }: { tableId: string }) {
  const query = useView(deadLettersQuery(tableId));
  const { act, isPending, failure } = useAct();
  const [openId, setOpenId] = useState<string | null>(null);
  if (!query.data || (query.data.count === 0 && openId === null))
    return <ViewNotice query={query} what="Dead letters" />;
  const { letters, count, parked, follower } = query.data;
  const shown = letters.find((letter) => letter.id === openId);
  const open = letters.filter((letter) => letter.parked === null);
  const retry = () =>
    act((idempotencyKey) => retryDeadLetters({ tableId, ids: open.map((letter) => letter.id), idempotencyKey }));
  return (
    <Card
      title="Dead letters"
      note={`Dirty keys whose item ${SIDE[follower]} refuses for good. They are read from the authority, count as dirty, and hold every fence, parked ones too. A new write of the key is tried by itself.`}
      actions={
        open.length > 0 ? (
          <Button size="sm" isPending={isPending} onClick={retry}>
            Try {open.length === 1 ? 'it' : `all ${formatCount(open.length)}`} again
          </Button>
        ) : null
      }
    >
      <FormError failure={failure} />
      <DataTable label="Dead letters" columns={columnsOf(setOpenId)} rows={letters} rowKey={(letter) => letter.id} />
      <p className="mt-2 text-caption text-muted">
        {formatCount(count)} in all, {formatCount(parked)} parked
        {count > letters.length ? `; the oldest ${formatCount(letters.length)} are shown` : ''}.
      </p>
      {shown ? <DeadLetterDialog tableId={tableId} letter={shown} close={() => setOpenId(null)} /> : null}
    </Card>
  );
}

const columnsOf = (open: (id: string) => void): readonly Column<DeadLetterView>[] => [
  {
    key: 'key',
    head: 'Key',
    isRowHeader: true,
    cell: (row) => (
      <button
        type="button"
        onClick={() => open(row.id)}
        className="min-h-6 max-w-72 truncate text-left font-mono text-accent text-caption underline-offset-2 hover:underline"
      >
        {row.key}
      </button>
    ),
  },
  { key: 'error', head: 'Refused as', cell: (row) => <code className="font-mono text-caption">{row.errorType}</code> },
  { key: 'cause', head: 'Dirty because', cell: (row) => row.cause.replace(/_/g, ' ') },
  { key: 'attempts', head: 'Attempts', isNumber: true, cell: (row) => formatCount(row.attempts) },
  { key: 'since', head: 'Since', cell: (row) => <TimeAgo at={row.deadAt} /> },
  {
    key: 'state',
    head: 'State',
    cell: (row) =>
      row.parked ? <Badge tone="idle">parked by {row.parked.by}</Badge> : <Badge tone="bad">needs somebody</Badge>,
  },
];
