'use client';

import { useState } from 'react';
import { queryString } from '@/app/_data/refresh';
import { ALL_MISMATCHES, isRunOpen, type MismatchAsk, mismatchesQuery } from '@/app/_data/table';
import { useMe } from '@/app/_data/use-me';
import { useView } from '@/app/_data/use-view';
import { type Column, DataTable } from '@/app/_ui/kit/data-table';
import { EmptyState } from '@/app/_ui/kit/empty-state';
import { formatCount } from '@/app/_ui/kit/format';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { ViewMissing, ViewNotice } from '@/app/_ui/kit/view-notice';
import { Badge } from '@/app/_ui/primitives/badge';
import { Button } from '@/app/_ui/primitives/button';
import { Card } from '@/app/_ui/primitives/card';
import { Input } from '@/app/_ui/primitives/input';
import { Select } from '@/app/_ui/primitives/select';
import type { MismatchListView } from '@/lib/contracts/verification-views';
import type { MismatchRowView, RunView } from '@/lib/contracts/views';
import { KEY_SEARCH_CHARS_MAX } from '@/lib/domain/item/key-search';
import { CLASS_SAYS } from '../difference-words';
import { DiffDialog } from './mismatch-dialog.client';
import { RepairAll } from './repair-all.client';

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
export function Mismatches({ tableId, run }: { tableId: string; run: RunView }) {
  const [opened, setOpened] = useState<MismatchRowView | null>(null);
  const [ask, setAsk] = useState(ALL_MISMATCHES);
  const query = useView(mismatchesQuery(tableId, ask, isRunOpen(run)));
  const list = query.data;
  // It may have left the list, by its filter or its state, while somebody looks at it.
  const shown = list?.rows.find((each) => each.id === opened?.id) ?? opened;
  const filter = (changes: Partial<MismatchAsk>) => setAsk({ ...ask, page: 0, ...changes });
  return (
    <Card
      title="Mismatches"
      note="Suspects are read again with a strong read after a delay; only what stays different while nobody writes it stands here."
      actions={list && list.all > 0 ? <ExportLinks tableId={tableId} ask={ask} /> : null}
    >
      {!list ? (
        <ViewMissing query={query} what="the mismatches" />
      ) : list.all === 0 ? (
        <EmptyState
          kind="never"
          title={run.state === 'done' ? 'No mismatch was found' : 'No mismatch so far'}
          className="border-0 p-0"
        >
          {formatCount(run.compared)} items were compared.
        </EmptyState>
      ) : (
        <div className="flex flex-col gap-3">
          <ViewNotice query={query} what="The list" />
          <Open list={list} />
          <div className="flex flex-wrap items-end gap-2">
            <Select
              aria-label="Class of mismatches"
              size="sm"
              className="w-44"
              choices={CLASSES}
              value={(ask.class || 'all') as (typeof CLASSES)[number]['value']}
              onValueChange={(value) => filter({ class: value === 'all' ? '' : (value ?? '') })}
            />
            <Select
              aria-label="State of mismatches"
              size="sm"
              className="w-36"
              choices={STATES}
              value={(ask.state || 'all') as (typeof STATES)[number]['value']}
              onValueChange={(value) => filter({ state: value === 'all' ? '' : (value ?? '') })}
            />
            <KeySearch value={ask.key} onSearch={(key) => filter({ key })} />
            <RepairAll tableId={tableId} open={list.open} />
          </div>
          <DataTable
            label="Mismatches"
            columns={columnsOf(setOpened)}
            rows={list.rows}
            rowKey={(each) => each.id}
            heightClassName="max-h-[32rem] overflow-y-auto"
            empty={<p className="text-data text-muted">None of {formatCount(list.all)} fits the filter.</p>}
          />
          <Pages list={list} onPage={(page) => setAsk({ ...ask, page })} />
        </div>
      )}
      {shown ? <DiffDialog tableId={tableId} mismatch={shown} close={() => setOpened(null)} /> : null}
    </Card>
  );
}

/** By a piece of a key or the whole, asked of the server. A key is customer data, so viewers have no search by it. */
function KeySearch({ value, onSearch }: { value: string; onSearch: (key: string) => void }) {
  const [text, setText] = useState(value);
  const role = useMe()?.role;
  if (role === undefined || role === 'viewer') return null;
  return (
    <search className="min-w-0">
      <form
        className="flex min-w-0 flex-wrap items-center gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          onSearch(text);
        }}
      >
        <Input
          aria-label="Key, or a piece of it"
          placeholder="Key, or a piece of it"
          name="key"
          autoComplete="off"
          maxLength={KEY_SEARCH_CHARS_MAX}
          className="h-7 w-56 max-w-full"
          value={text}
          onValueChange={(next) => setText(next)}
        />
        <Button size="sm" type="submit">
          Search
        </Button>
        {value === '' ? null : (
          <Button
            size="sm"
            variant="ghost"
            onClick={() => {
              setText('');
              onSearch('');
            }}
          >
            Show all keys
          </Button>
        )}
      </form>
    </search>
  );
}

/** What is open now, by class, and how long the oldest stands. */
function Open({ list }: { list: MismatchListView }) {
  if (list.open === 0) return <p className="text-data text-text-2">None is open any more.</p>;
  const classes = (Object.keys(CLASS_SAYS) as MismatchRowView['class'][]).filter((each) => list.openByClass[each] > 0);
  return (
    <p className="flex flex-wrap items-center gap-2 text-data">
      <span>{formatCount(list.open)} open:</span>
      {classes.map((each) => (
        <Badge key={each} tone="bad">
          {formatCount(list.openByClass[each])} {CLASS_SAYS[each]}
        </Badge>
      ))}
      <span className="text-caption text-muted">
        the oldest first seen <TimeAgo at={list.openSince} />
      </span>
    </p>
  );
}

function Pages({ list, onPage }: { list: MismatchListView; onPage: (page: number) => void }) {
  const { found, page, pageRows, rows } = list;
  const first = page * pageRows;
  const isLast = first + pageRows >= found;
  return (
    <div className="flex flex-wrap items-center gap-2 text-caption text-muted">
      <span aria-live="polite">
        {rows.length === 0
          ? `None of ${formatCount(found)} on this page`
          : `${formatCount(first + 1)} to ${formatCount(first + rows.length)} of ${formatCount(found)}`}
        {found < list.all ? `, of ${formatCount(list.all)} in all` : ''}
      </span>
      {page === 0 && isLast ? null : (
        <>
          <Button size="sm" disabled={page === 0} onClick={() => onPage(page - 1)}>
            Earlier page
          </Button>
          <Button size="sm" disabled={isLast} onClick={() => onPage(page + 1)}>
            Next page
          </Button>
        </>
      )}
    </div>
  );
}

const columnsOf = (open: (row: MismatchRowView) => void): readonly Column<MismatchRowView>[] => [
  {
    key: 'key',
    head: 'Key',
    isRowHeader: true,
    sortBy: (row) => row.key,
    cell: (row) => (
      <button
        type="button"
        onClick={() => open(row)}
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
function ExportLinks({ tableId, ask }: { tableId: string; ask: MismatchAsk }) {
  const path = `/api/tables/${encodeURIComponent(tableId)}/mismatches/export`;
  const { page: _, ...filter } = ask;
  return (
    <>
      {(['csv', 'jsonl'] as const).map((format) => (
        <a
          key={format}
          href={`${path}${queryString({ format, ...filter })}`}
          download
          className="inline-flex min-h-6 items-center text-accent text-data underline-offset-2 hover:underline"
        >
          Save as {format.toUpperCase()}
        </a>
      ))}
    </>
  );
}
