'use client';

import { TRAFFIC_RANGES_MS, tableQuery, trafficQuery } from '@/app/_data/table';
import { useView } from '@/app/_data/use-view';
import { routes } from '@/app/_routes/routes';
import { railSteps } from '@/app/_ui/kit/rail-steps';
import { StageRail } from '@/app/_ui/kit/stage-rail';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { ViewMissing } from '@/app/_ui/kit/view-notice';
import type { TableView } from '@/lib/contracts/views';
import { LiveFeed } from '../../../../activity/live-feed.client';
import { HealthTiles } from './health-tiles';
import { NextMoves } from './next-moves.client';
import { SharePanel } from './share-panel.client';
import { TableFacts } from './table-facts';
import { LatencyChart, ReadsChart } from './traffic-charts';

const CHART_PX = 140;
/** As high as the share beside it, so that both stand above the fold at 1280 × 800. */
const FIRST_CHART_PX = 170;

/** Where the table is, what share is read from TerraScale, whether traffic is safe, what comes next. */
export function Overview({ tableId }: { tableId: string }) {
  const query = useView(tableQuery(tableId));
  const traffic = useView(trafficQuery(tableId, TRAFFIC_RANGES_MS[0])).data;
  const table = query.data;
  if (!table) return <ViewMissing query={query} what="the table" />;
  return (
    <div className="flex flex-col gap-3">
      <TableRail table={table} />
      <HealthTiles table={table} traffic={traffic} />
      <div className="grid gap-3 rail:grid-cols-2">
        <SharePanel table={table} />
        {traffic ? <ReadsChart traffic={traffic} syncId={tableId} heightPx={FIRST_CHART_PX} /> : null}
      </div>
      <div className="grid items-start gap-3 rail:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-3">
          <NextMoves table={table} />
          {traffic ? <LatencyChart traffic={traffic} syncId={tableId} heightPx={CHART_PX} /> : null}
        </div>
        <LiveFeed filter={{ tableId }} allHref={routes.table(table.planId, tableId, 'activity')} />
      </div>
      <TableFacts table={table} />
    </div>
  );
}

/** The stages of this strategy; under the next one stands how many gates are met. */
export function TableRail({ table }: { table: TableView }) {
  const next = table.moves.find((move) => move.way === 'forward' && move.pointOfNoReturn === false) ?? table.moves[0];
  const steps = railSteps(table.strategy, table.stage, {
    isGoingBack: table.barrier?.verb === 'abandon' || table.fence?.verb === 'flip_back',
  }).map((step) => {
    if (step.state === 'now') return { ...step, note: <TimeAgo at={table.stageSinceAt} /> };
    if (step.state !== 'next' || !next || next.gates.length === 0) return step;
    const met = next.gates.filter((gate) => gate.met).length;
    return { ...step, note: `${met} of ${next.gates.length} gates met` };
  });
  return (
    <section aria-label="Stages" className="rounded-card border border-border bg-surface px-4 pt-5 pb-2">
      <StageRail steps={steps} label={`Stages of ${table.name}`} />
    </section>
  );
}
