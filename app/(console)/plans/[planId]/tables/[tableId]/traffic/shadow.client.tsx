'use client';

import { useState } from 'react';
import { shadowQuery } from '@/app/_data/table';
import { useView } from '@/app/_data/use-view';
import { type Column, DataTable } from '@/app/_ui/kit/data-table';
import { EmptyState } from '@/app/_ui/kit/empty-state';
import { formatCount, formatDuration, formatShare } from '@/app/_ui/kit/format';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { ViewMissing } from '@/app/_ui/kit/view-notice';
import { Badge } from '@/app/_ui/primitives/badge';
import { Card } from '@/app/_ui/primitives/card';
import type { ShadowSampleRowView, ShadowView, TrafficView } from '@/lib/contracts/views';
import { CLASS_SAYS } from '../difference-words';
import { Fact } from '../run-progress';
import { ShadowChart, ShadowLatencyChart, ShadowVolumeChart } from '../traffic-charts';
import { ShadowSampleDialog } from './shadow-sample.client';
import { ShadowShare } from './shadow-share.client';

interface Props {
  tableId: string;
  name: string;
  traffic: TrafficView;
  syncId: string;
}

/** Reads that gateways repeat on the other store: how many, how fast each side is, and what differs. */
export function Shadow({ tableId, name, ...shared }: Props) {
  const query = useView(shadowQuery(tableId));
  const shadow = query.data;
  if (!shadow) return <ViewMissing query={query} what="the shadow reads" />;
  const hasData = shared.traffic.points.some((point) => point.shadowCompared !== null || point.shadowDropped !== null);
  return (
    <>
      <Card
        title="Shadow reads"
        note="A share of what one store answered is asked of the other as well, off the request path. What differs is read again from both after a delay before it counts."
        actions={<ShadowShare tableId={tableId} name={name} milli={shadow.milli} />}
      >
        <Totals shadow={shadow} />
      </Card>
      {hasData ? (
        <div className="grid gap-3 rail:grid-cols-2">
          <ShadowChart {...shared} />
          <ShadowVolumeChart {...shared} />
          <ShadowLatencyChart {...shared} percentile="tail" />
          <ShadowLatencyChart {...shared} percentile="median" />
        </div>
      ) : null}
      <Samples tableId={tableId} shadow={shadow} />
    </>
  );
}

function Totals({ shadow }: { shadow: ShadowView }) {
  const { window } = shadow;
  const { classes } = window;
  const differing = classes.missing + classes.extra + classes.different + classes.type;
  return (
    <div className="flex flex-col gap-2">
      <p className="text-data text-text-2">
        {shadow.milli === 0
          ? 'Off: reads are not repeated. Differences are found by fall-back and verification alone.'
          : shadow.isPossible
            ? `${formatShare(shadow.milli)} of reads are repeated. Counted over ${formatDuration(window.ms)}:`
            : `${formatShare(shadow.milli)} of reads will be repeated from stage Verify on, once the copy is complete.`}
      </p>
      <dl className="grid grid-cols-2 gap-x-4 gap-y-2 text-data sm:grid-cols-4 lg:grid-cols-7">
        <Fact name="Items compared">{formatCount(window.compared)}</Fact>
        <Fact name="Differ after a recheck">{formatCount(differing)}</Fact>
        <Fact name="Equal at the recheck">{formatCount(window.settled)}</Fact>
        <Fact name="Dirty or in flight">{formatCount(window.skipped)}</Fact>
        <Fact name="Expired">{formatCount(window.expired)}</Fact>
        <Fact name="Reads dropped">{formatCount(window.dropped)}</Fact>
        <Fact name="Reads not answered">{formatCount(window.failed)}</Fact>
      </dl>
      {differing > 0 ? (
        <ul aria-label="Differences by class" className="flex flex-wrap gap-2">
          {(Object.keys(CLASS_SAYS) as (keyof typeof CLASS_SAYS)[])
            .filter((each) => classes[each] > 0)
            .map((each) => (
              <li key={each}>
                <Badge tone="bad">
                  {formatCount(classes[each])} {CLASS_SAYS[each]}
                </Badge>
              </li>
            ))}
        </ul>
      ) : null}
    </div>
  );
}

const STATE_LOOK = {
  healing: { tone: 'active', word: 'being settled' },
  settled: { tone: 'ok', word: 'settled since' },
  waits: { tone: 'warn', word: 'waits for a person' },
} as const;

const columnsOf = (open: (id: string) => void): readonly Column<ShadowSampleRowView>[] => [
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
    cell: (row) => <Badge tone={row.state === 'settled' ? 'idle' : 'bad'}>{CLASS_SAYS[row.class]}</Badge>,
  },
  {
    key: 'attributes',
    head: 'Attributes that differ',
    cell: (row) => (row.attributes.length === 0 ? '–' : row.attributes.map((each) => each.attribute).join(', ')),
  },
  {
    key: 'state',
    head: 'State',
    sortBy: (row) => row.state,
    cell: (row) => <Badge tone={STATE_LOOK[row.state].tone}>{STATE_LOOK[row.state].word}</Badge>,
  },
  { key: 'operation', head: 'Read', sortBy: (row) => row.operation, cell: (row) => row.operation },
  { key: 'seen', head: 'Seen', isNumber: true, sortBy: (row) => row.seen, cell: (row) => formatCount(row.seen) },
  { key: 'last', head: 'Last seen', sortBy: (row) => row.lastSeenAt, cell: (row) => <TimeAgo at={row.lastSeenAt} /> },
];

function Samples({ tableId, shadow }: { tableId: string; shadow: ShadowView }) {
  const [openId, setOpenId] = useState<string | null>(null);
  const shown = shadow.samples.find((each) => each.id === openId);
  const kept = Object.values(shadow.kept).reduce((sum, each) => sum + each, 0);
  return (
    <Card
      title="Items that differed"
      note={`Both images as they were when the difference was confirmed, sealed; the first ${formatCount(shadow.keptMax)} of each class are kept.`}
    >
      {shadow.samples.length === 0 ? (
        <EmptyState kind="never" title="No shadow read found a difference" className="border-0 p-0">
          {formatCount(shadow.window.compared)} items were compared in the last {formatDuration(shadow.window.ms)}.
        </EmptyState>
      ) : (
        <>
          <DataTable
            label="Items that differed, seen last first"
            columns={columnsOf(setOpenId)}
            rows={shadow.samples}
            rowKey={(row) => row.id}
            heightClassName="max-h-[32rem] overflow-y-auto"
          />
          {kept > shadow.samples.length ? (
            <p className="mt-2 text-caption text-muted">
              The {shadow.samples.length} seen last of {formatCount(kept)}.
            </p>
          ) : null}
        </>
      )}
      {shown ? <ShadowSampleDialog tableId={tableId} sample={shown} close={() => setOpenId(null)} /> : null}
    </Card>
  );
}
