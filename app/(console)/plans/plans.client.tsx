'use client';

import { Plus } from 'lucide-react';
import Link from 'next/link';
import { plansQuery } from '@/app/_data/plan';
import { useView } from '@/app/_data/use-view';
import { routes } from '@/app/_routes/routes';
import { type Column, DataTable } from '@/app/_ui/kit/data-table';
import { EmptyState } from '@/app/_ui/kit/empty-state';
import { PageHead } from '@/app/_ui/kit/page-head';
import { StatusBadge } from '@/app/_ui/kit/status-badge';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { ViewMissing, ViewNotice } from '@/app/_ui/kit/view-notice';
import { ButtonLink } from '@/app/_ui/primitives/button-link';
import type { PlanView } from '@/lib/contracts/views';
import { STRATEGY_WORDS } from './strategy-words';

export function Plans() {
  const query = useView(plansQuery());
  const newPlan = (
    <ButtonLink href={routes.newPlan()} variant="primary">
      <Plus aria-hidden /> New plan
    </ButtonLink>
  );
  return (
    <div className="flex flex-col gap-4">
      <PageHead title="Plans" note="Strategy, both connections and the tables of each migration." actions={newPlan} />
      <ViewNotice query={query} what="The plans" />
      {query.data ? (
        <div className="overflow-hidden rounded-card border border-border bg-surface">
          <DataTable
            label="Plans"
            columns={columns}
            rows={query.data}
            rowKey={(plan) => plan.id}
            isStickyHead={false}
            empty={
              <EmptyState
                kind="never"
                title="There is no plan yet"
                className="border-0"
                actions={<ButtonLink href={routes.newPlan()}>Make a plan</ButtonLink>}
              >
                A plan is made in four steps; a draft survives a reload. Nothing in production is touched by making one.
              </EmptyState>
            }
          />
        </div>
      ) : (
        <ViewMissing query={query} what="the plans" />
      )}
    </div>
  );
}

const columns: readonly Column<PlanView>[] = [
  {
    key: 'name',
    head: 'Plan',
    isRowHeader: true,
    sortBy: (plan) => plan.name,
    cell: (plan) => (
      <Link
        href={routes.plan(plan.id)}
        className="inline-block min-h-6 text-accent leading-6 underline-offset-2 hover:underline"
      >
        {plan.name}
      </Link>
    ),
  },
  { key: 'strategy', head: 'Strategy', cell: (plan) => STRATEGY_WORDS[plan.strategy].label },
  { key: 'route', head: 'From → to', cell: (plan) => `${plan.source.name} → ${plan.target.name}` },
  {
    key: 'tables',
    head: 'Tables',
    cell: (plan) => (
      <ul className="flex flex-col gap-1">
        {plan.tables.map((table) => (
          <li key={table.tableId} className="flex flex-wrap items-center gap-2">
            <Link
              href={routes.table(plan.id, table.tableId)}
              className="inline-flex min-h-6 items-center underline-offset-2 hover:underline"
            >
              {table.name}
            </Link>
            <StatusBadge display={table.badge} />
          </li>
        ))}
      </ul>
    ),
  },
  {
    key: 'checklist',
    head: 'Checklist',
    isNumber: true,
    sortBy: (plan) => plan.checklist.done,
    cell: (plan) => (
      <Link
        href={routes.checklist(plan.id)}
        aria-label={`Checklist of ${plan.name}: ${plan.checklist.done} of ${plan.checklist.required}`}
        className="inline-block min-h-6 leading-6 underline-offset-2 hover:underline"
      >
        {plan.checklist.done} of {plan.checklist.required}
      </Link>
    ),
  },
  { key: 'profile', head: 'Profile', cell: (plan) => plan.settings.profile },
  {
    key: 'created',
    head: 'Made',
    sortBy: (plan) => Date.parse(plan.createdAt),
    cell: (plan) => (
      <>
        <TimeAgo at={plan.createdAt} />
        <span className="block text-caption text-muted">{plan.createdBy}</span>
      </>
    ),
  },
];
