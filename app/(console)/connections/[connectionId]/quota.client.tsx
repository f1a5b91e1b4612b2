'use client';

import { quotaQuery } from '@/app/_data/connection';
import { useView } from '@/app/_data/use-view';
import { type ChartPoint, TimeSeriesChart } from '@/app/_ui/charts/time-series-chart';
import { formatCount } from '@/app/_ui/kit/format';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { ViewNotice } from '@/app/_ui/kit/view-notice';
import { Card } from '@/app/_ui/primitives/card';
import type { QuotaView } from '@/lib/contracts/views';

const date = (atMs: number): string => new Date(atMs).toISOString().slice(5, 10);

/** What is left of the month's requests, day by day, beside what an even month would leave. */
export function Quota({ connectionId }: { connectionId: string }) {
  const query = useView(quotaQuery(connectionId));
  const quota = query.data;
  if (!quota) return <ViewNotice query={query} what="The quota" />;
  return (
    <Card
      title="Monthly quota"
      note="Requests of Landfall's workers and gateways; tests and probes by hand are not counted. Backfill and verification wait at the reserve, before the quota is used up."
    >
      <div className="flex flex-col gap-3">
        {quota.sentence ? (
          <p role="status" className="rounded-card bg-warn-tint px-3 py-2 text-data text-warn-fg">
            {quota.sentence}
          </p>
        ) : null}
        <dl className="grid grid-cols-2 gap-x-4 gap-y-2 text-data sm:grid-cols-4">
          <Fact name="Used">
            {formatCount(quota.used)} of {formatCount(quota.requestsPerMonth)}
          </Fact>
          <Fact name="Left">{formatCount(quota.remaining)}</Fact>
          <Fact name="Kept from bulk work">{formatCount(quota.reserve)}</Fact>
          <Fact name="Ends at this pace">
            {quota.endsAt ? <TimeAgo at={quota.endsAt} /> : `not before ${date(Date.parse(quota.monthEndsAt))}`}
          </Fact>
        </dl>
        <TimeSeriesChart
          title="Requests left"
          caption={captionOf(quota)}
          unit="requests"
          points={pointsOf(quota)}
          series={[
            { key: 'left', label: 'Left', role: 'target' },
            { key: 'even', label: 'Left in an even month', role: 'source', isDashed: true },
          ]}
          threshold={{ value: quota.reserve, label: 'Reserve: bulk work waits' }}
          rangeMs={[Date.parse(quota.monthStartsAt), Date.parse(quota.monthEndsAt)]}
          format={formatCount}
          formatAt={date}
        />
      </div>
    </Card>
  );
}

const Fact = ({ name, children }: { name: string; children: React.ReactNode }) => (
  <div className="min-w-0">
    <dt className="text-caption text-muted">{name}</dt>
    <dd className="break-words">{children}</dd>
  </div>
);

function captionOf({ used, requestsPerMonth, endsAt }: QuotaView): string {
  const share = Math.floor((1_000 * used) / requestsPerMonth) / 10;
  return `${share} % is used${endsAt ? `; at this pace it ends on ${date(Date.parse(endsAt))}` : '; at this pace it lasts'}.`;
}

function pointsOf({ points, requestsPerMonth, monthStartsAt, monthEndsAt }: QuotaView): ChartPoint[] {
  const [startMs, endMs] = [Date.parse(monthStartsAt), Date.parse(monthEndsAt)];
  const even = (atMs: number) => Math.round((requestsPerMonth * (endMs - atMs)) / (endMs - startMs));
  return [
    ...points.map(({ atMs, remaining }) => ({ atMs, left: remaining, even: even(atMs) })),
    { atMs: endMs, left: null, even: 0 },
  ];
}
