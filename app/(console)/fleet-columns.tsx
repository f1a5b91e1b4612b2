import Link from 'next/link';
import { routes } from '@/app/_routes/routes';
import type { Column } from '@/app/_ui/kit/data-table';
import { formatCount, formatDuration, formatRate, formatShare } from '@/app/_ui/kit/format';
import { StatusBadge } from '@/app/_ui/kit/status-badge';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { Badge } from '@/app/_ui/primitives/badge';
import type { TableRowView } from '@/lib/contracts/views';
import { STAGES } from '@/lib/domain/plan/stages';
import { isCompared } from './fleet-filter';

const GUARDRAIL = {
  ok: { tone: 'ok', word: 'green' },
  warn: { tone: 'warn', word: 'warns' },
  tripped: { tone: 'bad', word: 'tripped' },
  not_enough: { tone: 'idle', word: 'not enough data' },
  no_data: { tone: 'idle', word: 'no data' },
  off: { tone: 'idle', word: 'off' },
} as const;

/** One row a table; numbers carry their unit, their limit or what they are of. */
export const fleetColumns: readonly Column<TableRowView>[] = [
  {
    key: 'table',
    head: 'Table',
    isRowHeader: true,
    sortBy: (table) => table.name,
    cell: (table) => (
      <>
        <Link
          href={routes.table(table.planId, table.tableId)}
          className="inline-block min-h-6 text-accent leading-6 underline-offset-2 hover:underline"
        >
          {table.name}
        </Link>
        <Link
          href={routes.plan(table.planId)}
          className="block min-h-6 font-normal text-caption text-muted leading-6 underline-offset-2 hover:underline"
        >
          {table.planName}
        </Link>
      </>
    ),
  },
  {
    key: 'stage',
    head: 'Stage',
    sortBy: (table) => STAGES.indexOf(table.stage),
    className: 'whitespace-nowrap',
    cell: (table) => <StatusBadge display={table.badge} />,
  },
  {
    key: 'share',
    head: 'Reads on TerraScale',
    isNumber: true,
    sortBy: (table) => table.share.desiredMilli,
    cell: (table) => <ShareCell table={table} />,
  },
  {
    key: 'dirty',
    head: 'Dirty keys',
    isNumber: true,
    sortBy: (table) => table.dirty.count,
    cell: (table) => (
      <>
        {formatCount(table.dirty.count)}
        <span className="block text-caption text-muted">
          {table.dirty.oldestMs === null ? 'none waiting' : `oldest ${formatDuration(table.dirty.oldestMs)}`}
        </span>
      </>
    ),
  },
  {
    key: 'mismatches',
    head: 'Mismatches',
    isNumber: true,
    sortBy: (table) => table.mismatches,
    cell: (table) =>
      !isCompared(table) ? (
        <span className="text-caption text-muted">not verified yet</span>
      ) : table.mismatches === 0 ? (
        '0'
      ) : (
        <Link
          href={routes.table(table.planId, table.tableId, 'verification')}
          className="inline-block min-h-6 min-w-6 text-center font-medium text-bad-fg leading-6 underline underline-offset-2"
        >
          {formatCount(table.mismatches)}
        </Link>
      ),
  },
  {
    key: 'guardrail',
    head: 'Worst guardrail',
    cell: (table) =>
      table.guardrail === null ? (
        <span className="text-muted">–</span>
      ) : (
        <span className="flex max-w-64 flex-col items-start gap-0.5">
          <Badge tone={GUARDRAIL[table.guardrail.state].tone}>{GUARDRAIL[table.guardrail.state].word}</Badge>
          <span className="text-caption text-muted">{table.guardrail.sentence}</span>
        </span>
      ),
  },
  { key: 'progress', head: 'Progress', isNumber: true, cell: (table) => <ProgressCell table={table} /> },
  {
    key: 'change',
    head: 'Last change',
    sortBy: (table) => (table.lastChange ? Date.parse(table.lastChange.at) : null),
    cell: (table) =>
      table.lastChange === null ? (
        <span className="text-muted">none</span>
      ) : (
        <>
          <TimeAgo at={table.lastChange.at} />
          <span className="block text-caption text-muted">{table.lastChange.by}</span>
        </>
      ),
  },
];

function ShareCell({ table }: { table: TableRowView }) {
  const { share } = table;
  return (
    <>
      {formatShare(share.desiredMilli)} desired
      <span className="block text-caption text-muted">
        {share.acknowledged}/{share.registered} acknowledged ·{' '}
        {share.observedMilli === null ? 'no reads yet' : `${formatShare(share.observedMilli)} observed`}
      </span>
    </>
  );
}

function ProgressCell({ table }: { table: TableRowView }) {
  const { rate } = table;
  if (rate === null) return <span className="text-muted">–</span>;
  return (
    <>
      {formatCount(rate.done)} of {rate.isEstimate ? 'about ' : ''}
      {formatCount(rate.total)}
      <span className="block text-caption text-muted">
        {formatRate(rate.itemsPerSecond)} items/s
        {rate.etaMs ? ` · ${formatDuration(rate.etaMs[0])} to ${formatDuration(rate.etaMs[1])} left` : ''}
      </span>
    </>
  );
}
