'use client';

import { Plus } from 'lucide-react';
import Link from 'next/link';
import { fleetQuery } from '@/app/_data/fleet';
import { useView } from '@/app/_data/use-view';
import { routes } from '@/app/_routes/routes';
import { DataTable } from '@/app/_ui/kit/data-table';
import { EmptyState } from '@/app/_ui/kit/empty-state';
import { iconOf } from '@/app/_ui/kit/icons';
import { PageHead } from '@/app/_ui/kit/page-head';
import { RecoveryBanner } from '@/app/_ui/kit/recovery-banner';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { useUrlFilters } from '@/app/_ui/kit/use-url-filters';
import { ViewMissing, ViewNotice } from '@/app/_ui/kit/view-notice';
import { Button } from '@/app/_ui/primitives/button';
import { ButtonLink } from '@/app/_ui/primitives/button-link';
import { Checkbox } from '@/app/_ui/primitives/checkbox';
import { Input } from '@/app/_ui/primitives/input';
import { Select } from '@/app/_ui/primitives/select';
import { PageState } from '@/app/_ui/shell/page-state';
import { TONE_CLASS, worstTone } from '@/app/_ui/tone';
import type { FleetView, TableRowView } from '@/lib/contracts/views';
import { STAGE_LOOK } from '@/lib/domain/plan/display';
import { STAGES } from '@/lib/domain/plan/stages';
import { fleetColumns } from './fleet-columns';
import { isShown, toneOf } from './fleet-filter';

const NEEDS_SHOWN_MAX = 5;
const ANY = 'any';
const FILTERS = ['q', 'plan', 'stage', 'need'] as const;

export function Fleet() {
  const query = useView(fleetQuery());
  const fleet = query.data;
  return (
    <div className="flex flex-col gap-4">
      {fleet ? (
        <PageState tone={fleet.recovery ? 'bad' : worstTone(fleet.tables.map(toneOf))} title={titleOf(fleet)} />
      ) : null}
      <PageHead
        title="Fleet"
        note={fleet ? <Counts fleet={fleet} /> : 'Every table of every plan, what needs you first.'}
        actions={
          <ButtonLink href={routes.newPlan()} variant="primary">
            <Plus aria-hidden /> New plan
          </ButtonLink>
        }
      />
      <ViewNotice query={query} what="The fleet" />
      <RecoveryBanner recovery={fleet?.recovery ?? null} />
      {fleet ? <FleetBody fleet={fleet} /> : <ViewMissing query={query} what="the fleet" />}
    </div>
  );
}

const titleOf = ({ counts }: FleetView): string =>
  counts.needsPerson > 0
    ? `${counts.needsPerson} need you`
    : counts.moving > 0
      ? `Fleet, ${counts.moving} moving`
      : 'Fleet';

function Counts({ fleet }: { fleet: FleetView }) {
  const { counts, at } = fleet;
  return (
    <>
      {counts.needsPerson === 0 ? 'Nothing needs a person' : `${counts.needsPerson} need a person`} · {counts.moving}{' '}
      moving · {counts.done} done · as of <TimeAgo at={at} />
    </>
  );
}

function FleetBody({ fleet }: { fleet: FleetView }) {
  const filters = useUrlFilters(FILTERS);
  const shown = fleet.tables.filter((table) => isShown(table, filters.values));
  if (fleet.tables.length === 0)
    return (
      <EmptyState
        kind="never"
        title="No table is in a plan yet"
        actions={<ButtonLink href={routes.newPlan()}>Make a plan</ButtonLink>}
      >
        A plan names the tables, the strategy and both connections. Making one touches nothing in production.
      </EmptyState>
    );
  return (
    <>
      <NeedsStrip tables={fleet.tables} />
      <FleetFilters fleet={fleet} filters={filters} />
      <p role="status" className="sr-only">
        {shown.length} of {fleet.tables.length} tables shown
      </p>
      <div className="overflow-hidden rounded-card border border-border bg-surface">
        <DataTable
          label="Tables of all plans, what needs a person first"
          columns={fleetColumns}
          rows={shown}
          rowKey={(table) => table.tableId}
          isStickyHead={false}
          empty={
            <EmptyState
              kind="filtered"
              title="No table fits these filters"
              actions={<Button onClick={filters.clear}>Clear the filters</Button>}
              className="border-0"
            >
              {fleet.tables.length} tables are hidden by them.
            </EmptyState>
          }
        />
      </div>
    </>
  );
}

/** What needs a person now, worst first, each a link to the place where it is dealt with. */
function NeedsStrip({ tables }: { tables: readonly TableRowView[] }) {
  const needing = tables.filter((table) => table.needs !== null);
  if (needing.length === 0) return null;
  return (
    <section aria-labelledby="needs" className="rounded-card border border-border bg-surface">
      <h2 id="needs" className="px-4 pt-3 pb-1 font-semibold text-section">
        Needs a person now
      </h2>
      <ul>
        {needing.slice(0, NEEDS_SHOWN_MAX).map((table) => {
          const tone = toneOf(table);
          const Icon = iconOf(tone === 'bad' ? 'alert' : 'circle-alert', tone);
          return (
            <li
              key={table.tableId}
              className="flex flex-wrap items-center gap-x-3 gap-y-1 border-border border-t px-4 py-2"
            >
              <span className={`grid size-6 place-items-center rounded-control ${TONE_CLASS[tone].badge}`}>
                <Icon aria-hidden className="size-3.5" />
              </span>
              <span className="min-w-0 flex-1 basis-60 text-data">
                <span className="font-medium">{table.name}</span> <span className="text-muted">({table.planName})</span>
                : {table.needs}
              </span>
              <Link
                href={routes.table(table.planId, table.tableId)}
                aria-label={`Open ${table.name}`}
                className="inline-flex min-h-6 items-center text-accent text-data underline-offset-2 hover:underline"
              >
                Open
              </Link>
            </li>
          );
        })}
      </ul>
      {needing.length > NEEDS_SHOWN_MAX ? (
        <p className="border-border border-t px-4 py-2 text-caption text-muted">
          {needing.length - NEEDS_SHOWN_MAX} more are at the top of the table below.
        </p>
      ) : null}
    </section>
  );
}

function FleetFilters({
  fleet,
  filters,
}: {
  fleet: FleetView;
  filters: ReturnType<typeof useUrlFilters<(typeof FILTERS)[number]>>;
}) {
  const { values, set, clear, isFiltered } = filters;
  const plans = [...new Map(fleet.tables.map((table) => [table.planId, table.planName]))];
  return (
    <search aria-label="Filter tables" className="flex flex-wrap items-center gap-2">
      <Input
        aria-label="Find a table or a plan by name"
        placeholder="Find a table…"
        className="w-48"
        value={values.q}
        onValueChange={(q) => set({ q })}
      />
      <Select
        aria-label="Plan"
        className="w-44"
        value={values.plan || ANY}
        onValueChange={(plan) => set({ plan: plan === ANY || plan === null ? '' : plan })}
        choices={[{ value: ANY, label: 'Any plan' }, ...plans.map(([value, label]) => ({ value, label }))]}
      />
      <Select
        aria-label="Stage"
        className="w-36"
        value={values.stage || ANY}
        onValueChange={(stage) => set({ stage: stage === ANY || stage === null ? '' : stage })}
        choices={[
          { value: ANY, label: 'Any stage' },
          ...STAGES.map((value) => ({ value, label: STAGE_LOOK[value].label })),
        ]}
      />
      <Checkbox
        label="Only what needs a person"
        checked={values.need === 'person'}
        onCheckedChange={(isChecked) => set({ need: isChecked ? 'person' : '' })}
      />
      {isFiltered ? (
        <Button variant="ghost" size="sm" onClick={clear}>
          Clear the filters
        </Button>
      ) : null}
    </search>
  );
}
