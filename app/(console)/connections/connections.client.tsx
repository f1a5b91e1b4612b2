'use client';

import { Plus } from 'lucide-react';
import Link from 'next/link';
import { connectionsQuery } from '@/app/_data/connection';
import { useView } from '@/app/_data/use-view';
import { routes } from '@/app/_routes/routes';
import { type Column, DataTable } from '@/app/_ui/kit/data-table';
import { EmptyState } from '@/app/_ui/kit/empty-state';
import { formatCount, formatShare } from '@/app/_ui/kit/format';
import { PageHead } from '@/app/_ui/kit/page-head';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { ViewMissing, ViewNotice } from '@/app/_ui/kit/view-notice';
import { Badge } from '@/app/_ui/primitives/badge';
import { ButtonLink } from '@/app/_ui/primitives/button-link';
import type { ConnectionView } from '@/lib/contracts/views';

export const KIND_WORD = {
  dynamodb: 'DynamoDB',
  terrascale: 'TerraScale',
  terrascale_rest: 'TerraScale over REST',
} as const;

export function Connections() {
  const query = useView(connectionsQuery());
  return (
    <div className="flex flex-col gap-4">
      <PageHead
        title="Connections"
        note="Endpoints with their keys and limits. A stored secret is sealed and never shown again."
        actions={
          <ButtonLink href={routes.newConnection()} variant="primary">
            <Plus aria-hidden /> New connection
          </ButtonLink>
        }
      />
      <ViewNotice query={query} what="The connections" />
      {query.data ? (
        <div className="overflow-hidden rounded-card border border-border bg-surface">
          <DataTable
            label="Connections"
            columns={columns}
            rows={query.data}
            rowKey={(connection) => connection.id}
            isStickyHead={false}
            empty={
              <EmptyState
                kind="never"
                title="There is no connection yet"
                className="border-0"
                actions={<ButtonLink href={routes.newConnection()}>Make a connection</ButtonLink>}
              >
                A plan needs two: one to DynamoDB and one to TerraScale. Each is tested live before it is kept.
              </EmptyState>
            }
          />
        </div>
      ) : (
        <ViewMissing query={query} what="the connections" />
      )}
    </div>
  );
}

const columns: readonly Column<ConnectionView>[] = [
  {
    key: 'name',
    head: 'Connection',
    isRowHeader: true,
    sortBy: (each) => each.name,
    cell: (each) => (
      <Link
        href={routes.connection(each.id)}
        className="inline-block min-h-6 min-w-28 text-accent leading-6 underline-offset-2 hover:underline"
      >
        {each.name}
      </Link>
    ),
  },
  {
    key: 'kind',
    head: 'Kind',
    sortBy: (each) => each.kind,
    cell: (each) => (
      <span className="inline-flex items-center gap-1.5">
        <span aria-hidden className={`size-2 rounded-full ${each.kind === 'dynamodb' ? 'bg-source' : 'bg-target'}`} />
        {KIND_WORD[each.kind]}
      </span>
    ),
  },
  {
    key: 'endpoint',
    head: 'Endpoint',
    cell: (each) => (
      <>
        <code className="block min-w-48 break-words font-mono text-caption">{each.endpoint}</code>
        <span className="block text-caption text-muted">{each.region}</span>
      </>
    ),
  },
  {
    key: 'key',
    head: 'Key',
    cell: (each) => <code className="whitespace-nowrap font-mono text-caption">{each.credentialHint}</code>,
  },
  {
    key: 'limits',
    head: 'Limits',
    cell: (each) => (
      <>
        {formatCount(each.limits.requestsPerSecond)} requests/s
        <span className="block text-caption text-muted">
          {each.limits.requestsPerMonth === null
            ? 'no monthly quota'
            : `${formatCount(each.limits.requestsPerMonth)} a month`}
          , {formatShare(each.limits.liveReserveMilli)} kept for live traffic
        </span>
      </>
    ),
  },
  {
    key: 'probe',
    head: 'Last test',
    cell: (each) =>
      each.probe === null ? (
        <Badge>never tested</Badge>
      ) : (
        <span className="flex min-w-40 max-w-64 flex-col items-start gap-0.5">
          <Badge tone={each.probe.ok ? 'ok' : 'bad'}>{each.probe.ok ? 'works' : 'fails'}</Badge>
          <span className="text-caption text-muted">
            <TimeAgo at={each.probe.at} />. {each.probe.sentence}
          </span>
        </span>
      ),
  },
  {
    key: 'used',
    head: 'Used by',
    cell: (each) =>
      each.usedBy.length === 0 ? (
        <span className="text-muted">no plan</span>
      ) : (
        <ul>
          {each.usedBy.map((plan) => (
            <li key={plan.planId}>
              <Link
                href={routes.plan(plan.planId)}
                className="inline-flex min-h-6 items-center underline-offset-2 hover:underline"
              >
                {plan.planName}
              </Link>
            </li>
          ))}
        </ul>
      ),
  },
];
