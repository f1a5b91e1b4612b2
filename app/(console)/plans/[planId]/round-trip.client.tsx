'use client';

import Link from 'next/link';
import { useAct } from '@/app/_data/use-act';
import { routes } from '@/app/_routes/routes';
import { Banner } from '@/app/_ui/kit/banner';
import { FormError } from '@/app/_ui/kit/form-error';
import { formatCount } from '@/app/_ui/kit/format';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { Button } from '@/app/_ui/primitives/button';
import { Card } from '@/app/_ui/primitives/card';
import type { TableView } from '@/lib/contracts/views';
import { ROUND_TRIP_GROUPS } from '@/lib/domain/assessment/round-trip/cases';
import type { RoundTripClass } from '@/lib/domain/assessment/round-trip/report';
import { proveTypes } from './tables/[tableId]/assess-actions';

const WORD: Record<RoundTripClass, string> = {
  refused: 'Refused',
  lost: 'Lost',
  changed: 'Changed',
  spelling: 'Spelt otherwise',
  untried: 'Not known',
};
const LOOK: Record<RoundTripClass, string> = {
  refused: 'text-bad-fg',
  lost: 'text-bad-fg',
  changed: 'text-bad-fg',
  spelling: 'text-warn-fg',
  untried: 'text-muted',
};

type Trip = NonNullable<TableView['typeRoundTrip']>;

/** Values of every type, written to the target in scratch keys and read back: by an operator's own act. */
export function RoundTrip({ table, level }: { table: TableView; level: 2 | 3 }) {
  const { act, isPending, failure } = useAct();
  const { typeRoundTrip: trip } = table;
  return (
    <Card
      level={level}
      title="Type round trip"
      note="All ten types, boundary numbers, empty values, 400 KB and the key's own types. It writes about 25 probe items to the target, under keys that no application has, and deletes them."
      actions={
        table.stage === 'planned' ? (
          <Button
            isPending={isPending}
            aria-label={`Write every type to ${table.targetName} and read it back`}
            onClick={() => act((idempotencyKey) => proveTypes({ tableId: table.tableId, idempotencyKey }))}
          >
            {trip ? 'Write and read again' : 'Write to the target and read back'}
          </Button>
        ) : null
      }
    >
      <div className="flex flex-col gap-3 text-data">
        <FormError failure={failure} />
        {trip ? <Result trip={trip} /> : <p className="text-muted">Not tried yet.</p>}
        <p className="text-text-2">
          What the application’s own expressions do on both sides:{' '}
          <Link className="underline" href={routes.lab(table.planId, table.tableId)}>
            condition lab of {table.name}
          </Link>
          .
        </p>
      </div>
    </Card>
  );
}

function Result({ trip }: { trip: Trip }) {
  const groups = ROUND_TRIP_GROUPS.filter((group) => trip.cases[group] !== undefined);
  return (
    <>
      <p className="text-caption text-muted">
        By {trip.by}, <TimeAgo at={trip.at} />, {formatCount(trip.requests)} requests.
      </p>
      {trip.left > 0 ? (
        <Banner tone="warn" title={`${trip.left} probe items may still be on the target`}>
          Their partition keys begin with <code className="font-mono">{trip.scratch}</code>. Delete them there; a
          verification would name them as extra.
        </Banner>
      ) : null}
      <ul className="flex flex-col">
        {groups.map((group) => (
          <Group key={group} group={group} count={trip.cases[group] ?? 0} trip={trip} />
        ))}
      </ul>
    </>
  );
}

function Group({ group, count, trip }: { group: (typeof ROUND_TRIP_GROUPS)[number]; count: number; trip: Trip }) {
  const found = trip.differences.filter((one) => one.group === group);
  return (
    <li className="border-border border-b py-2 last:border-b-0">
      <p className="flex flex-wrap items-baseline gap-x-3">
        <code className="w-16 font-mono font-medium text-caption">{group}</code>
        <span className={found.length === 0 ? 'text-ok-fg' : 'font-medium'}>
          {found.length === 0 ? 'came back as it was' : `${found.length} of ${count} differ`}
        </span>
        <span className="text-caption text-muted">
          {count} {count === 1 ? 'value' : 'values'}
        </span>
      </p>
      {found.map((one) => (
        <p key={one.what} className="ml-4 min-w-0 break-words text-caption">
          <span className={`font-medium ${LOOK[one.class]}`}>{WORD[one.class]}:</span> {one.what}.{' '}
          <span className="break-all text-text-2">{one.detail}</span>
        </p>
      ))}
    </li>
  );
}
