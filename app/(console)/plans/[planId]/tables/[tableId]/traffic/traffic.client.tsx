'use client';

import { TRAFFIC_RANGES_MS, tableQuery, trafficQuery } from '@/app/_data/table';
import { useView } from '@/app/_data/use-view';
import { CopyId } from '@/app/_ui/kit/copy-id';
import { type Column, DataTable } from '@/app/_ui/kit/data-table';
import { formatCount, formatDuration, formatShare } from '@/app/_ui/kit/format';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { useUrlFilters } from '@/app/_ui/kit/use-url-filters';
import { ViewMissing, ViewNotice } from '@/app/_ui/kit/view-notice';
import { Badge } from '@/app/_ui/primitives/badge';
import { Button } from '@/app/_ui/primitives/button';
import { Card } from '@/app/_ui/primitives/card';
import type { ShareView, TrafficView } from '@/lib/contracts/views';
import { GuardrailList } from '../guardrail-list.client';
import { Fact } from '../run-progress';
import { DirtyChart, ErrorsChart, LatencyChart, MedianChart, ReadsChart, WritesChart } from '../traffic-charts';
import { DeadLetters } from './dead-letters.client';
import { Shadow } from './shadow.client';

const RANGE_LABEL: Record<number, string> = {
  300000: '5 min',
  1800000: '30 min',
  10800000: '3 h',
  86400000: '24 h',
};
const FILTERS = ['range'] as const;

/** One range and one cursor for every chart; changes of stage and epoch are marked on each. */
export function Traffic({ tableId }: { tableId: string }) {
  const { values, set } = useUrlFilters(FILTERS);
  const rangeMs = TRAFFIC_RANGES_MS.find((each) => String(each) === values.range) ?? TRAFFIC_RANGES_MS[0];
  const query = useView(trafficQuery(tableId, rangeMs));
  const table = useView(tableQuery(tableId)).data;
  const traffic = query.data;
  const shared = traffic ? { traffic, syncId: tableId } : null;
  return (
    <div className="flex flex-col gap-3">
      <h2 className="sr-only">Traffic</h2>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <fieldset className="flex gap-1">
          <legend className="sr-only">Range of every chart</legend>
          {TRAFFIC_RANGES_MS.map((each) => (
            <Button
              key={each}
              size="sm"
              variant={each === rangeMs ? 'secondary' : 'ghost'}
              aria-pressed={each === rangeMs}
              onClick={() => set({ range: each === TRAFFIC_RANGES_MS[0] ? '' : String(each) })}
            >
              {RANGE_LABEL[each]}
            </Button>
          ))}
        </fieldset>
        {traffic ? (
          <p className="text-caption text-muted">
            One point is {formatDuration(traffic.stepMs)}; a gap means that nobody reported. Until{' '}
            <TimeAgo at={traffic.toAt} />.
          </p>
        ) : null}
      </div>
      <ViewNotice query={query} what="Traffic" />
      {table ? <ShareFacts share={table.share} /> : null}
      {table ? (
        <Card
          title="Guardrails"
          note="What each rule sees now, its limit, and what it does by itself. What has no data holds a move forward; it never counts as green."
        >
          <GuardrailList table={table} isChangeable />
        </Card>
      ) : null}
      {shared ? (
        <>
          <div className="grid gap-3 rail:grid-cols-2">
            <ReadsChart {...shared} />
            <WritesChart {...shared} />
            <LatencyChart {...shared} />
            <ErrorsChart {...shared} />
            <MedianChart {...shared} />
            <DirtyChart {...shared} limit={table?.settings.dirtyCountMax ?? Number.MAX_SAFE_INTEGER} />
          </div>
          <Shadow tableId={tableId} name={table?.name ?? 'this table'} {...shared} />
          <Marks traffic={shared.traffic} />
          <DeadLetters tableId={tableId} />
          <DirtyKeys traffic={shared.traffic} count={table?.dirty.count ?? shared.traffic.dirtyKeys.length} />
        </>
      ) : (
        <ViewMissing query={query} what="the traffic" />
      )}
    </div>
  );
}

function ShareFacts({ share }: { share: ShareView }) {
  return (
    <Card title="Reads that counted">
      <dl className="grid grid-cols-2 gap-x-4 gap-y-2 text-data sm:grid-cols-6">
        <Fact name="Desired share">{formatShare(share.desiredMilli)}</Fact>
        <Fact name="Acknowledged">
          {share.acknowledged} of {share.registered}
        </Fact>
        <Fact name="Observed share">
          {share.observedMilli === null ? 'no reads yet' : formatShare(share.observedMilli)}
        </Fact>
        <Fact name="Routable reads">
          {formatCount(share.routableReads)} in {formatDuration(share.windowMs)}
        </Fact>
        <Fact name="Only DynamoDB can answer">{formatCount(share.unroutableReads)}</Fact>
        <Fact name="Strong reads">{formatCount(share.strongReads)}</Fact>
      </dl>
    </Card>
  );
}

/** What the numbers on the charts stand for. */
function Marks({ traffic }: { traffic: TrafficView }) {
  if (traffic.marks.length === 0) return null;
  return (
    <Card title="Marks on the charts">
      <ol className="flex list-decimal flex-col gap-1 pl-6 text-data">
        {traffic.marks.map((mark) => (
          <li key={`${mark.at} ${mark.label}`}>
            {mark.label} <TimeAgo at={mark.at} className="text-muted" />
          </li>
        ))}
      </ol>
    </Card>
  );
}

type DirtyKey = TrafficView['dirtyKeys'][number];

const columns: readonly Column<DirtyKey>[] = [
  { key: 'key', head: 'Key', isRowHeader: true, cell: (row) => <CopyId value={row.key} what="key" /> },
  { key: 'cause', head: 'Cause', sortBy: (row) => row.cause, cell: (row) => row.cause.replace(/_/g, ' ') },
  { key: 'age', head: 'Age', isNumber: true, sortBy: (row) => row.ageMs, cell: (row) => formatDuration(row.ageMs) },
  { key: 'attempts', head: 'Attempts', isNumber: true, sortBy: (row) => row.attempts, cell: (row) => row.attempts },
  { key: 'hot', head: 'Hot', cell: (row) => (row.hot ? <Badge tone="warn">written meanwhile</Badge> : 'no') },
  {
    key: 'hold',
    head: 'Waits for Δ until',
    cell: (row) => <TimeAgo at={row.holdUntilAt} never="does not wait" />,
  },
];

function DirtyKeys({ traffic, count }: { traffic: TrafficView; count: number }) {
  return (
    <Card
      title="Dirty keys"
      note="Keys whose two images may differ. They are read from the authority until a worker has made them equal and confirmed it."
    >
      <DataTable
        label="Dirty keys, hot ones first"
        columns={columns}
        rows={traffic.dirtyKeys}
        rowKey={(row) => row.key}
        empty={<p className="text-data text-muted">No key is dirty.</p>}
      />
      {count > traffic.dirtyKeys.length && traffic.dirtyKeys.length > 0 ? (
        <p className="mt-2 text-caption text-muted">
          Hot ones first, then the oldest: {traffic.dirtyKeys.length} of {formatCount(count)}.
        </p>
      ) : null}
    </Card>
  );
}
