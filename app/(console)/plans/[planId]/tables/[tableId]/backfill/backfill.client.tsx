'use client';

import { backfillQuery, TRAFFIC_RANGES_MS, tableQuery, trafficQuery } from '@/app/_data/table';
import { useView } from '@/app/_data/use-view';
import { routes } from '@/app/_routes/routes';
import { type Column, DataTable } from '@/app/_ui/kit/data-table';
import { EmptyState } from '@/app/_ui/kit/empty-state';
import { formatBytes, formatCount } from '@/app/_ui/kit/format';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { ViewMissing, ViewNotice } from '@/app/_ui/kit/view-notice';
import { Badge } from '@/app/_ui/primitives/badge';
import { ButtonLink } from '@/app/_ui/primitives/button-link';
import { Card } from '@/app/_ui/primitives/card';
import type { RunView } from '@/lib/contracts/views';
import { RunControl } from '../run-control.client';
import { Fact, RUN_LOOK, RunProgress, RunSegments, RunState } from '../run-progress';
import { CopyChart } from '../traffic-charts';
import { SetAside } from './set-aside.client';
import { SourceCard } from './source-card.client';
import { StreamCard } from './stream-card.client';

export function Backfill({ planId, tableId }: { planId: string; tableId: string }) {
  const query = useView(backfillQuery(tableId));
  const table = useView(tableQuery(tableId)).data;
  const traffic = useView(trafficQuery(tableId, TRAFFIC_RANGES_MS[1])).data;
  if (!query.data) return <ViewMissing query={query} what="the backfill" />;
  const [run, ...older] = query.data.runs;
  return (
    <div className="flex flex-col gap-4">
      <h2 className="sr-only">Backfill</h2>
      <ViewNotice query={query} what="The backfill" />
      {table ? <StreamCard table={table} stream={query.data.stream} /> : null}
      <SourceCard tableId={tableId} source={query.data.source} />
      {run ? (
        <Card
          title={`Backfill ${run.generation}`}
          note={run.source === 'export' ? 'From the files of an export; a square is a file.' : undefined}
          actions={<RunState run={run} />}
        >
          <div className="flex flex-col gap-4">
            <RunProgress run={run} />
            <Account run={run} />
            <RunSegments run={run} />
            <RunControl key={run.id} run={run} />
          </div>
        </Card>
      ) : (
        <EmptyState
          kind="never"
          title="Nothing has been copied yet"
          actions={<ButtonLink href={routes.table(planId, tableId)}>See what comes next</ButtonLink>}
        >
          {table?.stage === 'planned'
            ? 'A backfill begins after dual write (or the freeze) is proven, so that no write falls between the two.'
            : 'Begin the backfill from the overview of the table.'}
        </EmptyState>
      )}
      {traffic && run ? (
        <CopyChart traffic={traffic} syncId={tableId} limit={run.itemsPerSecondMax} heightPx={160} />
      ) : null}
      {run ? <SetAside runId={run.id} items={query.data.setAside} /> : null}
      {older.length > 0 ? (
        <Card title="Earlier backfills">
          <DataTable label="Earlier backfills" columns={olderColumns} rows={older} rowKey={(each) => each.id} />
        </Card>
      ) : null}
    </div>
  );
}

/** Every item read is written, expired, set aside or marked; the sum is on screen so that it can be checked. */
function Account({ run }: { run: RunView }) {
  return (
    <dl
      className="grid grid-cols-2 gap-x-4 gap-y-2 rounded-control bg-sunken p-3 text-data sm:grid-cols-5"
      aria-label="Account of what was read"
    >
      <Fact name="Read">{formatCount(run.itemsRead)}</Fact>
      <Fact name="Written">{formatCount(run.itemsWritten)}</Fact>
      <Fact name="Expired, not copied">{formatCount(run.itemsExpired)}</Fact>
      <Fact name="Set aside">{formatCount(run.itemsSetAside)}</Fact>
      <Fact name="Marked, settled apart">{formatCount(run.itemsMarked)}</Fact>
      {run.valuesLeft > 0 ? <Fact name="Mapped values left as they are">{formatCount(run.valuesLeft)}</Fact> : null}
    </dl>
  );
}

const olderColumns: readonly Column<RunView>[] = [
  { key: 'generation', head: 'Run', isRowHeader: true, cell: (run) => `Backfill ${run.generation}` },
  {
    key: 'state',
    head: 'State',
    cell: (run) => <Badge tone={RUN_LOOK[run.state].tone}>{RUN_LOOK[run.state].word}</Badge>,
  },
  { key: 'items', head: 'Items read', isNumber: true, cell: (run) => formatCount(run.itemsRead) },
  { key: 'bytes', head: 'Bytes read', isNumber: true, cell: (run) => formatBytes(run.bytesRead) },
  { key: 'finished', head: 'Finished', cell: (run) => <TimeAgo at={run.finishedAt} never="not finished" /> },
  { key: 'why', head: 'Why it stopped', cell: (run) => run.stopReason ?? '–' },
];
