'use client';

import { useState } from 'react';
import { mismatchQuery } from '@/app/_data/table';
import { useAct } from '@/app/_data/use-act';
import { useView } from '@/app/_data/use-view';
import { type Column, DataTable } from '@/app/_ui/kit/data-table';
import { EmptyState } from '@/app/_ui/kit/empty-state';
import { FormError } from '@/app/_ui/kit/form-error';
import { formatCount } from '@/app/_ui/kit/format';
import { ItemDiff } from '@/app/_ui/kit/item-diff';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { ViewMissing } from '@/app/_ui/kit/view-notice';
import { Badge } from '@/app/_ui/primitives/badge';
import { Button } from '@/app/_ui/primitives/button';
import { Card } from '@/app/_ui/primitives/card';
import { Dialog, DialogClose, DialogContent } from '@/app/_ui/primitives/dialog';
import type { MismatchRowView, RunView } from '@/lib/contracts/views';
import { recheckMismatch, repairMismatch } from '../actions';
import { CLASS_SAYS } from '../difference-words';

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
  const shown = mismatches.find((each) => each.id === openId);
  const open = mismatches.filter((each) => each.state !== 'gone').length;
  return (
    <Card
      title="Mismatches"
      note="Suspects are read again with a strong read after a delay; only what stays different while nobody writes it stands here."
      actions={open > 0 ? <ExportLinks tableId={tableId} /> : null}
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
        <DataTable
          label="Mismatches"
          columns={columnsOf(setOpenId)}
          rows={mismatches}
          rowKey={(each) => each.id}
          heightClassName="max-h-[32rem] overflow-y-auto"
        />
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

function DiffDialog({ tableId, mismatch, close }: { tableId: string; mismatch: MismatchRowView; close: () => void }) {
  const query = useView(mismatchQuery(tableId, mismatch.id));
  const { act, isPending, failure } = useAct();
  const [isPreview, setIsPreview] = useState(false);
  const call = async (verb: typeof recheckMismatch) => {
    const result = await act((idempotencyKey) => verb({ mismatchId: mismatch.id, idempotencyKey }));
    if (result.ok) setIsPreview(false);
  };
  return (
    <Dialog open onOpenChange={(isOpen) => (isOpen ? undefined : close())}>
      <DialogContent
        width="lg"
        title={`Item ${mismatch.key}`}
        description={`${CLASS_SAYS[mismatch.class]}, ${mismatch.state}`}
        footer={
          <>
            <DialogClose render={<Button>Close</Button>} />
            <Button isPending={isPending} onClick={() => call(recheckMismatch)}>
              Read both sides again
            </Button>
            {isPreview ? (
              <Button
                variant={mismatch.deletesOnTarget ? 'danger' : 'primary'}
                isPending={isPending}
                onClick={() => call(repairMismatch)}
              >
                {mismatch.deletesOnTarget ? 'Delete it on TerraScale' : 'Make TerraScale equal'}
              </Button>
            ) : (
              <Button disabled={mismatch.state !== 'open'} onClick={() => setIsPreview(true)}>
                Repair…
              </Button>
            )}
          </>
        }
      >
        <div className="flex flex-col gap-3">
          <FormError failure={failure} />
          {isPreview ? (
            <p className="rounded-card bg-warn-tint px-3 py-2 text-data text-warn-fg">
              {mismatch.deletesOnTarget
                ? 'The repair deletes this item on TerraScale, because DynamoDB does not have it. It needs the role approver.'
                : 'The repair marks the key dirty; a worker reads DynamoDB, writes its image to TerraScale and confirms it.'}
            </p>
          ) : null}
          {query.data ? (
            <ItemDiff
              label={`Both images of ${mismatch.key}`}
              isMasked={query.data.masked}
              rows={query.data.rows.map((row) => ({ ...row, isDifferent: row.class !== 'equal' }))}
            />
          ) : (
            <ViewMissing query={query} what="both images" />
          )}
        </div>
      </DialogContent>
    </Dialog>
  );
}

/** Every mismatch as a file. */
function ExportLinks({ tableId }: { tableId: string }) {
  const path = `/api/tables/${encodeURIComponent(tableId)}/mismatches/export`;
  return (
    <>
      {(['csv', 'jsonl'] as const).map((format) => (
        <a
          key={format}
          href={`${path}?format=${format}`}
          download
          className="inline-flex min-h-6 items-center text-accent text-data underline-offset-2 hover:underline"
        >
          Save as {format.toUpperCase()}
        </a>
      ))}
    </>
  );
}
