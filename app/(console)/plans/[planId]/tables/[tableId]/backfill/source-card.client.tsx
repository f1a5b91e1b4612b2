'use client';

import { useState } from 'react';
import { useAct } from '@/app/_data/use-act';
import { type Column, DataTable } from '@/app/_ui/kit/data-table';
import { FormError } from '@/app/_ui/kit/form-error';
import { formatBytes, formatCount } from '@/app/_ui/kit/format';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { Badge } from '@/app/_ui/primitives/badge';
import { Button } from '@/app/_ui/primitives/button';
import { Card } from '@/app/_ui/primitives/card';
import type { CopySourceView, ExportPreviewView } from '@/lib/contracts/views';
import { ExportForm } from './export-form.client';
import { chooseScan, previewExport } from './source-actions';

type Chosen = NonNullable<CopySourceView['export']>;

/** What the next backfill reads: the table itself, or an export of it. It is chosen before the copy begins. */
export function SourceCard({ tableId, source }: { tableId: string; source: CopySourceView }) {
  const [form, setForm] = useState<'choose' | 'start' | null>(null);
  if (!source.isOpen && !source.export) return null;
  return (
    <Card
      title="Source of the copy"
      note={
        source.export
          ? 'The files of an export, each item confirmed against the table itself.'
          : 'A consistent scan of the table, which costs read units. An export costs none, and money by its size.'
      }
    >
      <div className="flex flex-col gap-4">
        {source.export ? <ExportFacts chosen={source.export} /> : null}
        {source.isOpen ? (
          <>
            <div className="flex flex-wrap gap-2">
              <Button aria-expanded={form === 'choose'} onClick={() => setForm(form === 'choose' ? null : 'choose')}>
                Read an export that is there
              </Button>
              <Button aria-expanded={form === 'start'} onClick={() => setForm(form === 'start' ? null : 'start')}>
                Ask DynamoDB for one
              </Button>
              {source.export ? <ScanInstead tableId={tableId} /> : null}
            </div>
            {form === 'start' ? <Cost tableId={tableId} /> : null}
            {form ? (
              <ExportForm
                key={form}
                tableId={tableId}
                verb={form}
                folderMissing={source.folderMissing}
                onDone={() => setForm(null)}
              />
            ) : null}
          </>
        ) : null}
      </div>
    </Card>
  );
}

function ScanInstead({ tableId }: { tableId: string }) {
  const { act, isPending, failure } = useAct();
  return (
    <>
      <Button
        variant="ghost"
        isPending={isPending}
        onClick={() => act((idempotencyKey) => chooseScan({ tableId, idempotencyKey }))}
      >
        Scan the table instead
      </Button>
      <FormError failure={failure} />
    </>
  );
}

/** The cost stands on the screen before anything is asked for. */
function Cost({ tableId }: { tableId: string }) {
  const { act, isPending, failure } = useAct();
  const [preview, setPreview] = useState<ExportPreviewView | null>(null);
  const look = async () => {
    const answer = await act(() => previewExport({ tableId }));
    if (answer.ok) setPreview(answer.data);
  };
  return (
    <div className="flex flex-col items-start gap-2 rounded-control bg-sunken p-3 text-data" aria-live="polite">
      <FormError failure={failure} />
      {preview ? (
        <p>
          <strong>{preview.cost.dollars < 0.01 ? 'Less than $0.01' : `About $${preview.cost.dollars}`}</strong> for{' '}
          {formatBytes(preview.cost.sizeBytes)}, at ${preview.cost.dollarsPerGb} per GB ({preview.cost.priceFrom}; check
          yours).{' '}
          {preview.isRecoveryOn
            ? 'Point-in-time recovery is on.'
            : 'Point-in-time recovery is off: turn it on first, it costs by itself.'}
        </p>
      ) : (
        <Button size="sm" isPending={isPending} onClick={look}>
          What would it cost?
        </Button>
      )}
    </div>
  );
}

const STATE = {
  exporting: { tone: 'active', word: 'being made by DynamoDB' },
  ready: { tone: 'ok', word: 'whole and checked' },
  failed: { tone: 'bad', word: 'failed' },
} as const;

const columns: readonly Column<Chosen['exports'][number]>[] = [
  { key: 'prefix', head: 'Export', isRowHeader: true, cell: (one) => <span className="break-all">{one.prefix}</span> },
  { key: 'type', head: 'Kind', cell: (one) => (one.type === 'FULL_EXPORT' ? 'full' : 'incremental') },
  { key: 'until', head: 'Shows the table', cell: (one) => <TimeAgo at={one.until} /> },
  { key: 'items', head: 'Items', isNumber: true, cell: (one) => formatCount(one.itemCount) },
  { key: 'files', head: 'Files', isNumber: true, cell: (one) => formatCount(one.files) },
];

function ExportFacts({ chosen }: { chosen: Chosen }) {
  const look = STATE[chosen.state];
  const place =
    chosen.location.kind === 'folder' ? `folder ${chosen.location.path}` : `bucket ${chosen.location.bucket}`;
  return (
    <div className="flex flex-col gap-2">
      <p className="flex flex-wrap items-center gap-2 text-data">
        <Badge tone={look.tone}>{look.word}</Badge>
        <span className="break-all">{place}</span>
        <span className="text-muted">
          chosen by {chosen.chosenBy} <TimeAgo at={chosen.chosenAt} />
        </span>
      </p>
      {chosen.failure ? <p className="text-bad-fg text-data">{chosen.failure}</p> : null}
      {chosen.exports.length > 0 ? (
        <DataTable label="Exports" columns={columns} rows={chosen.exports} rowKey={(one) => one.prefix} />
      ) : null}
    </div>
  );
}
