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

/** Of what differs by SQL, so many are named. */
const SQL_NAMED_MAX = 20;

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
      {trip.sql ? <BySql sql={trip.sql} /> : null}
    </>
  );
}

/** The same items by SELECT, where the connection has SQL: a look, never a gate. */
function BySql({ sql }: { sql: NonNullable<Trip['sql']> }) {
  const isEqual = sql.state === 'read' && sql.differences.length === 0;
  return (
    <section className="flex flex-col gap-1 rounded-control bg-sunken p-3" aria-label="Read back through SQL">
      <p className="flex flex-wrap items-baseline gap-x-3">
        <span className="font-medium">SQL reads it back</span>
        {sql.state === 'not_offered' ? (
          <span className="text-text-2">Not asked: {sql.why}.</span>
        ) : (
          <span className={isEqual ? 'text-ok-fg' : 'font-medium text-warn-fg'}>
            {isEqual
              ? `Yes: ${formatCount(sql.values)} values of ${formatCount(sql.items)} items, as they were`
              : `${formatCount(sql.differences.length)} of ${formatCount(sql.values)} values differ by SQL`}
          </span>
        )}
      </p>
      {sql.state === 'read'
        ? sql.differences
            .slice(0, SQL_NAMED_MAX)
            .map((one) => <Difference key={`${one.group} ${one.what}`} one={one} group={one.group} />)
        : null}
      {sql.state === 'read' && sql.differences.length > SQL_NAMED_MAX ? (
        <p className="text-caption text-muted">and {formatCount(sql.differences.length - SQL_NAMED_MAX)} more</p>
      ) : null}
      <p className="text-caption text-muted">
        TerraScale offers SQL for exploration. What differs here is worth knowing before somebody queries it, and holds
        no move up; applications read through the API above.
      </p>
    </section>
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
        <Difference key={one.what} one={one} />
      ))}
    </li>
  );
}

const Difference = ({ one, group }: { one: Trip['differences'][number]; group?: string }) => (
  <p className="ml-4 min-w-0 break-words text-caption">
    {group ? <code className="font-mono">{group} </code> : null}
    <span className={`font-medium ${LOOK[one.class]}`}>{WORD[one.class]}:</span> {one.what}.{' '}
    <span className="break-all text-text-2">{one.detail}</span>
  </p>
);
