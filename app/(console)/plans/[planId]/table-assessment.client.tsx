'use client';

import { AlertTriangle, Check, HelpCircle, X } from 'lucide-react';
import { useState } from 'react';
import { useAct } from '@/app/_data/use-act';
import { FormError } from '@/app/_ui/kit/form-error';
import { formatCount } from '@/app/_ui/kit/format';
import { KeyValues } from '@/app/_ui/kit/key-values';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { Button } from '@/app/_ui/primitives/button';
import { Card } from '@/app/_ui/primitives/card';
import { TextField } from '@/app/_ui/primitives/field';
import type { TableView } from '@/lib/contracts/views';
import type { CheckResult } from '@/lib/domain/assessment/checks';
import { MappedAttributes } from './mapped-attributes.client';
import { RoundTrip } from './round-trip.client';
import { assessTable, provisionTarget, waiveCheck } from './tables/[tableId]/assess-actions';

const LOOK = {
  passed: { Icon: Check, className: 'bg-ok-tint text-ok-fg', word: 'Passed' },
  warned: { Icon: AlertTriangle, className: 'bg-warn-tint text-warn-fg', word: 'Warned' },
  failed: { Icon: X, className: 'bg-bad-tint text-bad-fg', word: 'Failed' },
  unknown: { Icon: HelpCircle, className: 'bg-idle-tint text-idle-fg', word: 'Not known' },
} as const satisfies Record<CheckResult['state'], unknown>;
const ORDER: readonly CheckResult['state'][] = ['failed', 'unknown', 'warned', 'passed'];

/** Every check of one table with its fix, the waivers, the proof of the target and the forecast. */
export function TableAssessment({ table, level = 2 }: { table: TableView; level?: 2 | 3 }) {
  const { act, isPending, failure } = useAct();
  const { assessment } = table;
  return (
    <div className="flex flex-col gap-4">
      <Card
        level={level}
        title={`Assessment of ${table.name}`}
        note={summaryOf(table)}
        actions={
          <>
            <span className="text-caption text-muted">
              <TimeAgo at={assessment.at} never="never assessed" />
            </span>
            {isPlanned(table) ? (
              <Button
                isPending={isPending}
                onClick={() => act((idempotencyKey) => assessTable({ tableId: table.tableId, idempotencyKey }))}
              >
                Assess {table.name} now
              </Button>
            ) : null}
          </>
        }
      >
        <FormError failure={failure} />
        {assessment.checks.length === 0 ? (
          <p className="text-data text-muted">
            Nothing is known yet. Assessing reads both stores and writes nothing but a probe item to the target.
          </p>
        ) : (
          <ul className="flex flex-col">
            {[...assessment.checks]
              .sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state))
              .map((check) => (
                <CheckLine key={check.check} table={table} check={check} />
              ))}
          </ul>
        )}
      </Card>
      <Target table={table} level={level} />
      <RoundTrip table={table} level={level} />
      <MappedAttributes key={`${table.version} ${JSON.stringify(table.mapping.chosen)}`} table={table} level={level} />
      <Forecast table={table} level={level} />
    </div>
  );
}

// Assessing a table under way would put a probe item among what is being compared.
const isPlanned = (table: TableView): boolean => table.stage === 'planned';

function summaryOf(table: TableView): string {
  const { checks, waivers } = table.assessment;
  if (checks.length === 0) return 'Not assessed yet.';
  const count = (state: CheckResult['state']) => checks.filter((check) => check.state === state).length;
  return `${count('passed')} passed, ${count('warned')} warned, ${count('failed')} failed, ${count('unknown')} not known; ${waivers.length} waived.`;
}

function CheckLine({ table, check }: { table: TableView; check: CheckResult }) {
  const { Icon, className, word } = LOOK[check.state];
  const waiver = table.assessment.waivers.find((each) => each.check === check.check);
  const isOpen = check.state === 'failed' || check.state === 'unknown';
  return (
    <li className="flex items-start gap-3 border-border border-b py-2.5 last:border-b-0">
      <span className={`mt-px grid size-6 shrink-0 place-items-center rounded-control ${className}`}>
        <Icon aria-hidden className="size-3.5" />
        <span className="sr-only">{word}:</span>
      </span>
      <div className="min-w-0 flex-1">
        <p className={`text-data ${isOpen ? 'font-medium' : ''}`}>{check.sentence}</p>
        <p className="text-caption text-muted">observed: {check.observed || 'nothing'}</p>
        {check.fix ? <p className="text-data text-text-2">{check.fix}</p> : null}
        {waiver ? (
          <p className="text-caption text-warn-fg">
            Waived by {waiver.by} <TimeAgo at={waiver.at} />: “{waiver.reason}”
          </p>
        ) : isOpen && isPlanned(table) ? (
          <Waive tableId={table.tableId} check={check} />
        ) : null}
      </div>
    </li>
  );
}

/** A waiver stands under its giver's name with a reason, for everybody to see. */
function Waive({ tableId, check }: { tableId: string; check: CheckResult }) {
  const { act, isPending, failure } = useAct();
  const [isAsked, setIsAsked] = useState(false);
  const [reason, setReason] = useState('');
  if (!isAsked)
    return (
      <Button
        size="sm"
        variant="ghost"
        className="mt-1"
        aria-label={`Waive: ${check.sentence}`}
        onClick={() => setIsAsked(true)}
      >
        Waive it (approver)…
      </Button>
    );
  return (
    <form
      className="mt-2 flex flex-wrap items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        void act((idempotencyKey) =>
          waiveCheck({ tableId, check: check.check, reason: reason.trim(), idempotencyKey }),
        );
      }}
    >
      <div className="w-full empty:hidden">
        <FormError failure={failure} />
      </div>
      <TextField
        className="w-80 max-w-full"
        label="Why it may be waived"
        name="reason"
        value={reason}
        onValueChange={(value) => setReason(value)}
        error={failure?.fields?.reason}
      />
      <Button type="submit" isPending={isPending} disabled={reason.trim() === ''}>
        Waive it under my name
      </Button>
      <Button variant="ghost" onClick={() => setIsAsked(false)}>
        Keep it
      </Button>
    </form>
  );
}

/** The target table exists and behaves: proven by writing, reading and deleting one item. */
function Target({ table, level }: { table: TableView; level: 2 | 3 }) {
  const { act, isPending, failure } = useAct();
  const { keySchema, targetProof } = table;
  const key = [keySchema.partition, keySchema.sort].filter((part) => part !== null);
  return (
    <Card
      level={level}
      title={`Target table ${table.targetName}`}
      actions={
        isPlanned(table) ? (
          <Button
            isPending={isPending}
            onClick={() => act((idempotencyKey) => provisionTarget({ tableId: table.tableId, idempotencyKey }))}
          >
            {targetProof ? 'Prove it again' : 'Create it where allowed, and prove it'}
          </Button>
        ) : null
      }
    >
      <div className="flex flex-col gap-2 text-data">
        <FormError failure={failure} />
        {targetProof ? (
          <p>
            Proven <TimeAgo at={targetProof.at} />. <span className="text-text-2">{targetProof.detail}</span>
          </p>
        ) : (
          <p>
            Not proven yet. The table needs this key:{' '}
            <code className="font-mono text-caption">
              {key.map((part) => `${part.name} (${part.type})`).join(', ')}
            </code>
            . Where the connection may not create tables, create it in the dashboard of TerraScale, then prove it here.
          </p>
        )}
      </div>
    </Card>
  );
}

function Forecast({ table, level }: { table: TableView; level: 2 | 3 }) {
  const { forecast } = table;
  return (
    <Card
      level={level}
      title="Forecast"
      note="From the sizes that the source gives and the limits of both connections."
    >
      {forecast === null ? (
        <p className="text-data text-muted">It is made with the assessment.</p>
      ) : (
        <KeyValues
          items={[
            {
              label: 'Requests to TerraScale in a month',
              value: formatCount(forecast.requestsPerMonth),
              note:
                forecast.requestsQuotaPerMonth === null
                  ? 'no monthly quota'
                  : `quota ${formatCount(forecast.requestsQuotaPerMonth)}`,
            },
            { label: 'Copying takes about', value: hours(forecast.hours), note: 'if the rate holds' },
            { label: 'What binds first', value: forecast.bindsFirst },
          ]}
        />
      )}
    </Card>
  );
}

const hours = (value: number): string => {
  if (value < 1 / 60) return 'less than a minute';
  return value < 1 ? `${Math.ceil(value * 60)} min` : `${value.toFixed(1)} h`;
};
