'use client';

import { useState } from 'react';
import { discoveredTablesQuery } from '@/app/_data/connection';
import { useView } from '@/app/_data/use-view';
import { type Column, DataTable } from '@/app/_ui/kit/data-table';
import { EmptyState } from '@/app/_ui/kit/empty-state';
import { formatBytes, formatCount } from '@/app/_ui/kit/format';
import { ViewMissing, ViewNotice } from '@/app/_ui/kit/view-notice';
import { Button } from '@/app/_ui/primitives/button';
import { Checkbox } from '@/app/_ui/primitives/checkbox';
import { TextField } from '@/app/_ui/primitives/field';
import type { DiscoveredTableView } from '@/lib/contracts/views';
import { ChosenTables } from './chosen-tables.client';
import type { StepProps } from './strategy-step.client';

/** Tables of the source as it describes them now. A key that may not list them can still be given names. */
export function TablesStep({ draft, change }: StepProps) {
  if (!draft.sourceConnectionId)
    return (
      <EmptyState kind="never" title="No source is chosen">
        Tables are discovered in the source; choose its connection first.
      </EmptyState>
    );
  return (
    <div className="flex flex-col gap-4">
      <Discovered draft={draft} change={change} />
      <ByName draft={draft} change={change} />
      <ChosenTables draft={draft} change={change} />
    </div>
  );
}

function Discovered({ draft, change }: StepProps) {
  const query = useView(discoveredTablesQuery(draft.sourceConnectionId));
  if (!query.data) return <ViewMissing query={query} what="the tables of the source" />;
  const toggle = (table: DiscoveredTableView, isChosen: boolean) =>
    change({
      tables: isChosen
        ? [
            ...draft.tables,
            {
              name: table.name,
              targetName: '',
              wave: 1,
              liveChannel: 'gateway',
              itemCount: table.itemCount,
              sizeBytes: table.sizeBytes,
            },
          ]
        : draft.tables.filter((each) => each.name !== table.name),
    });
  const columns: readonly Column<DiscoveredTableView>[] = [
    {
      key: 'name',
      head: 'Table',
      isRowHeader: true,
      sortBy: (table) => table.name,
      cell: (table) => (
        <Checkbox
          label={table.name}
          hint={table.usedBy ? `moved by plan ${table.usedBy}` : undefined}
          disabled={table.usedBy !== null}
          checked={draft.tables.some((each) => each.name === table.name)}
          onCheckedChange={(isChosen) => toggle(table, isChosen)}
        />
      ),
    },
    ...shapeColumns,
  ];
  return (
    <>
      <ViewNotice query={query} what="The tables of the source" />
      <div className="overflow-hidden rounded-card border border-border bg-surface">
        <DataTable
          label="Tables of the source"
          columns={columns}
          rows={query.data}
          rowKey={(table) => table.name}
          heightClassName="max-h-96 overflow-y-auto"
          empty={
            <EmptyState kind="never" title="The source lists no table" className="border-0">
              It has none, or its key may not list them. Then add a table by its name below.
            </EmptyState>
          }
        />
      </div>
    </>
  );
}

const shapeColumns: readonly Column<DiscoveredTableView>[] = [
  {
    key: 'items',
    head: 'Items',
    isNumber: true,
    sortBy: (table) => table.itemCount,
    cell: (table) => `about ${formatCount(table.itemCount)}`,
  },
  {
    key: 'size',
    head: 'Size',
    isNumber: true,
    sortBy: (table) => table.sizeBytes,
    cell: (table) => formatBytes(table.sizeBytes),
  },
  {
    key: 'key',
    head: 'Key',
    cell: (table) => (
      <code className="font-mono text-caption">
        {[table.keySchema.partition, table.keySchema.sort]
          .filter((part) => part !== null)
          .map((part) => `${part.name} (${part.type})`)
          .join(', ')}
      </code>
    ),
  },
  {
    key: 'indexes',
    head: 'Indexes',
    cell: (table) => table.indexes.map((index) => `${index.name} (${index.kind})`).join(', ') || 'none',
  },
  { key: 'stream', head: 'Stream', cell: (table) => table.streamView ?? 'none' },
  { key: 'ttl', head: 'Time to live', cell: (table) => table.ttlAttribute ?? 'none' },
];

function ByName({ draft, change }: StepProps) {
  const [name, setName] = useState('');
  const isTaken = draft.tables.some((each) => each.name === name.trim());
  const add = () => {
    if (name.trim() === '' || isTaken) return;
    change({
      tables: [
        ...draft.tables,
        { name: name.trim(), targetName: '', wave: 1, liveChannel: 'gateway', itemCount: 0, sizeBytes: 0 },
      ],
    });
    setName('');
  };
  return (
    <form
      className="flex flex-wrap items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        add();
      }}
    >
      <TextField
        className="w-72 max-w-full"
        label="Add a table by name"
        hint="For a key that may not list tables. It is described when the plan is made."
        name="table"
        autoComplete="off"
        value={name}
        onValueChange={(value) => setName(value)}
        error={isTaken ? 'It is chosen already.' : null}
      />
      <Button type="submit" disabled={name.trim() === '' || isTaken}>
        Add the table
      </Button>
    </form>
  );
}
