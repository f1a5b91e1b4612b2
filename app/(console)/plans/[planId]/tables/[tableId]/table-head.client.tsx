'use client';

import { tableQuery } from '@/app/_data/table';
import { useView } from '@/app/_data/use-view';
import { routes } from '@/app/_routes/routes';
import { Banner } from '@/app/_ui/kit/banner';
import { formatCount, formatDuration, formatShare } from '@/app/_ui/kit/format';
import { PageHead } from '@/app/_ui/kit/page-head';
import { RecoveryBanner } from '@/app/_ui/kit/recovery-banner';
import { StatusBadge } from '@/app/_ui/kit/status-badge';
import { TabLinks } from '@/app/_ui/kit/tab-links';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { ViewNotice } from '@/app/_ui/kit/view-notice';
import { Breadcrumbs } from '@/app/_ui/shell/breadcrumbs';
import { PageState } from '@/app/_ui/shell/page-state';
import type { TableView } from '@/lib/contracts/views';
import { moveOf } from '@/lib/domain/plan/moves';
import { toneOf } from '../../../../fleet-filter';
import { HoldControl } from './hold-control.client';
import { PrimaryMove } from './primary-move.client';
import { ReadsBack } from './reads-back.client';

/** Over every page of a table: its name, its state in words, what holds it, and the way back. */
export function TableHead({ planId, tableId }: { planId: string; tableId: string }) {
  const query = useView(tableQuery(tableId));
  const table = query.data;
  return (
    <div className="flex flex-col gap-2">
      <Breadcrumbs
        crumbs={[
          { label: 'Plans', href: routes.plans() },
          { label: table?.planName ?? 'Plan', href: routes.plan(planId) },
          { label: table?.name ?? 'Table' },
        ]}
      />
      {table ? <PageState tone={toneOf(table)} title={tabTitleOf(table)} /> : null}
      <PageHead
        title={table?.name ?? 'Table'}
        status={table ? <StatusBadge display={table.badge} /> : null}
        note={table?.sentence}
        actions={
          table ? (
            <>
              <HoldControl table={table} />
              <ReadsBack table={table} />
              <PrimaryMove table={table} />
            </>
          ) : null
        }
      />
      <ViewNotice query={query} what="The table" />
      {table ? <Conditions table={table} /> : null}
      <TabLinks label="Pages of the table" links={linksOf(planId, tableId, table)} />
    </div>
  );
}

const linksOf = (planId: string, tableId: string, table: TableView | undefined) => [
  { href: routes.table(planId, tableId), label: 'Overview' },
  { href: routes.table(planId, tableId, 'assessment'), label: 'Assessment' },
  { href: routes.table(planId, tableId, 'backfill'), label: 'Backfill' },
  {
    href: routes.table(planId, tableId, 'verification'),
    label: 'Verification',
    note: table && table.mismatches > 0 ? <Count value={table.mismatches} what="mismatches" /> : null,
  },
  { href: routes.table(planId, tableId, 'traffic'), label: 'Traffic' },
  { href: routes.table(planId, tableId, 'activity'), label: 'Activity' },
];

const Count = ({ value, what }: { value: number; what: string }) => (
  <span className="rounded-control bg-bad-tint px-1 text-bad-fg text-caption">
    {formatCount(value)}
    <span className="sr-only"> {what}</span>
  </span>
);

function tabTitleOf(table: TableView): string {
  if (table.needs) return `! ${table.name} needs you`;
  if (table.rate && table.rate.total > 0)
    return `${Math.min(99, Math.floor((100 * table.rate.done) / table.rate.total))} % ${table.name}`;
  if (table.stage === 'shift') return `${formatShare(table.share.desiredMilli)} ${table.name}`;
  return `${table.name}, ${table.badge.label}`;
}

/** What stands beside the stage: hold, fence, barrier, a void verification, what needs a person. */
function Conditions({ table }: { table: TableView }) {
  return (
    <>
      <RecoveryBanner recovery={table.recovery} />
      {table.fence ? (
        <Banner
          tone="warn"
          icon="pause"
          title={`${moveOf(table.fence.verb).label}: step "${table.fence.step.replace(/_/g, ' ')}"`}
        >
          Opened by {table.fence.openedBy} <TimeAgo at={table.fence.openedAt} />. It ends or aborts by{' '}
          <TimeAgo at={table.fence.boundAt} />; writes and strong reads wait meanwhile.
        </Banner>
      ) : null}
      {table.barrier ? (
        <Banner
          tone={table.barrier.verb === 'abandon' ? 'back' : 'active'}
          title={`Waiting for gateways: ${table.barrier.acknowledged} of ${table.barrier.registered} acknowledged`}
        >
          {table.share.lagging.length > 0 ? `Not yet: ${table.share.lagging.join(', ')}. ` : ''}Opened{' '}
          <TimeAgo at={table.barrier.openedAt} />.
        </Banner>
      ) : null}
      {table.hold ? (
        <Banner tone={table.hold.kind === 'fault' ? 'bad' : 'warn'} title={`Held: ${table.hold.reason}`}>
          By {table.hold.by} <TimeAgo at={table.hold.sinceAt} />.
        </Banner>
      ) : null}
      {table.verifyAgain ? (
        <Banner tone="warn" title={`Verify again: ${table.verifyAgain.reason}`}>
          Since <TimeAgo at={table.verifyAgain.sinceAt} />. What was verified before counts for nothing.
        </Banner>
      ) : null}
      {table.lastFence?.abortedReason && !table.fence ? (
        <Banner
          tone="warn"
          title={`${moveOf(table.lastFence.verb).label} was aborted: ${table.lastFence.abortedReason}`}
        >
          Nothing changed.{' '}
          {table.lastFence.pauseMs === null ? '' : `Writes waited ${formatDuration(table.lastFence.pauseMs)}. `}
          <TimeAgo at={table.lastFence.openedAt} />
        </Banner>
      ) : null}
    </>
  );
}
