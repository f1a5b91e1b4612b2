'use client';

import { useState } from 'react';
import { type Column, DataTable } from '@/app/_ui/kit/data-table';
import { EmptyState } from '@/app/_ui/kit/empty-state';
import { formatCount } from '@/app/_ui/kit/format';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { Badge } from '@/app/_ui/primitives/badge';
import { Card } from '@/app/_ui/primitives/card';
import { Select } from '@/app/_ui/primitives/select';
import type { MismatchRowView, RunView } from '@/lib/contracts/views';
import { CLASS_SAYS } from '../difference-words';
import { DiffDialog } from './mismatch-dialog.client';
import { RepairAll } from './repair-all.client';

type State = MismatchRowView['state'];
type Filter = { class: MismatchRowView['class'] | 'all'; state: State | 'all' };

const STATES = [
  { value: 'all', label: 'any state' },
  { value: 'open', label: 'open' },
  { value: 'repairing', label: 'repairing' },
  { value: 'gone', label: 'gone' },
] as const;
const CLASSES = [
  { value: 'all' as const, label: 'any class' },
  ...(Object.keys(CLASS_SAYS) as MismatchRowView['class'][]).map((value) => ({ value, label: CLASS_SAYS[value] })),
];

/** Differences that stayed after a recheck, each to be opened, rechecked and repaired. */
export function Mismatches({
  tableId,
  mismatches,
  run,
}: {
  tableId: string;
  mismatches: readonly MismatchRowView[];
  run: RunView;
}) {
  const [openId, setOpenId] = useState<string | null>(null);
  const [filter, setFilter] = useState<Filter>({ class: 'all', state: 'all' });
  const shown = mismatches.find((each) => each.id === openId);
  const open = mismatches.filter((each) => each.state === 'open').length;
  const rows = mismatches.filter(
    (each) =>
      (filter.class === 'all' || each.class === filter.class) &&
      (filter.state === 'all' || each.state === filter.state),
  );
  return (
    <Card
      title="Mismatches"
      note="Suspects are read again with a strong read after a delay; only what stays different while nobody writes it stands here."
      actions={mismatches.length > 0 ? <ExportLinks tableId={tableId} filter={filter} /> : null}
    >
      {mismatches.length === 0 ? (
        <EmptyState
          kind="never"
          title={run.state === 'done' ? 'No mismatch was found' : 'No mismatch so far'}
          className="border-0 p-0"
        >
          {formatCount(run.compared)} items were compared.
        </EmptyState>
      ) : (
        <div className="flex flex-col gap-3">
          <div className="flex flex-wrap items-center gap-2">
            <Select
              aria-label="Class of mismatches"
              size="sm"
              className="w-44"
              choices={CLASSES}
              value={filter.class}
              onValueChange={(value) => setFilter({ ...filter, class: value ?? 'all' })}
            />
            <Select
              aria-label="State of mismatches"
              size="sm"
              className="w-36"
              choices={STATES}
              value={filter.state}
              onValueChange={(value) => setFilter({ ...filter, state: value ?? 'all' })}
            />
            <RepairAll tableId={tableId} open={open} />
          </div>
          <DataTable
            label="Mismatches"
            columns={columnsOf(setOpenId)}
            rows={rows}
            rowKey={(each) => each.id}
            heightClassName="max-h-[32rem] overflow-y-auto"
            empty={<p className="text-data text-muted">None of {formatCount(mismatches.length)} is of this kind.</p>}
          />
        </div>
      )}
      {shown ? <DiffDialog tableId={tableId} mismatch={shown} close={() => setOpenId(null)} /> : null}
    </Card>
  );
}

const columnsOf = (open: (id: string) => void): readonly Column<MismatchRowView>[] => [
  {
    key: 'key',
    head: 'Key',
    isRowHeader: true,
    sortBy: (row) => row.key,
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
  {
    key: 'class',
    head: 'Class',
    sortBy: (row) => row.class,
    cell: (row) => <Badge tone={row.state === 'gone' ? 'idle' : 'bad'}>{CLASS_SAYS[row.class]}</Badge>,
  },
  {
    key: 'attributes',
    head: 'Attributes that differ',
    cell: (row) => (row.attributes.length === 0 ? '–' : row.attributes.map((each) => each.attribute).join(', ')),
  },
  { key: 'state', head: 'State', sortBy: (row) => row.state, cell: (row) => row.state },
  {
    key: 'first',
    head: 'First seen',
    sortBy: (row) => row.firstSeenAt,
    cell: (row) => <TimeAgo at={row.firstSeenAt} />,
  },
  { key: 'last', head: 'Last seen', sortBy: (row) => row.lastSeenAt, cell: (row) => <TimeAgo at={row.lastSeenAt} /> },
];

/** Every mismatch of the filter as a file. */
function ExportLinks({ tableId, filter }: { tableId: string; filter: Filter }) {
  const path = `/api/tables/${encodeURIComponent(tableId)}/mismatches/export`;
  const chosen = Object.entries(filter).flatMap(([name, value]) => (value === 'all' ? [] : [`&${name}=${value}`]));
  return (
    <>
      {(['csv', 'jsonl'] as const).map((format) => (
        <a
          key={format}
          href={`${path}?format=${format}${chosen.join('')}`}
          download
          className="inline-flex min-h-6 items-center text-accent text-data underline-offset-2 hover:underline"
        >
          Save as {format.toUpperCase()}
        </a>
      ))}
    </>
  );
}
