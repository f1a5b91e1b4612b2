'use client';

import { useState } from 'react';
import { useAct } from '@/app/_data/use-act';
import type { ActionFailure } from '@/app/_ui/action-result';
import { FormError } from '@/app/_ui/kit/form-error';
import { Button } from '@/app/_ui/primitives/button';
import { Checkbox, RadioGroup } from '@/app/_ui/primitives/checkbox';
import { TextField } from '@/app/_ui/primitives/field';
import { DEFAULT_LIMITS } from '@/lib/contracts/connection';
import type { ConnectionView } from '@/lib/contracts/views';
import { changeConnection, createConnection, testConnection } from './actions';
import { ProbeResult } from './probe-result';

type Kind = ConnectionView['kind'];

interface Draft {
  name: string;
  kind: Kind;
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  mayCreateTables: boolean;
  requestsPerSecond: string;
  itemsPerSecond: string;
  readUnitsPerSecond: string;
  requestsPerMonth: string;
  liveReservePercent: string;
}

const text = (value: number | null): string => (value === null ? '' : String(value));

const limitsText = (limits: ConnectionView['limits'] | (typeof DEFAULT_LIMITS)[Kind]) => ({
  requestsPerSecond: text(limits.requestsPerSecond),
  itemsPerSecond: text(limits.itemsPerSecond),
  readUnitsPerSecond: text(limits.readUnitsPerSecond),
  requestsPerMonth: text(limits.requestsPerMonth),
  liveReservePercent: String(limits.liveReserveMilli / 1_000),
});

const draftOf = (connection: ConnectionView | null, kind: Kind): Draft => ({
  name: connection?.name ?? '',
  kind: connection?.kind ?? kind,
  endpoint: connection?.endpoint ?? '',
  region: connection?.region ?? 'eu-central-1',
  accessKeyId: '',
  secretAccessKey: '',
  mayCreateTables: connection?.mayCreateTables ?? false,
  ...limitsText(connection?.limits ?? DEFAULT_LIMITS[kind]),
});

const nullable = (value: string): string | null => (value.trim() === '' ? null : value.trim());

const inputOf = (draft: Draft) => ({
  name: draft.name,
  kind: draft.kind,
  endpoint: draft.endpoint,
  region: draft.region,
  accessKeyId: draft.accessKeyId,
  secretAccessKey: draft.secretAccessKey,
  mayCreateTables: draft.mayCreateTables,
  limits: {
    requestsPerSecond: draft.requestsPerSecond,
    itemsPerSecond: draft.itemsPerSecond,
    readUnitsPerSecond: nullable(draft.readUnitsPerSecond),
    requestsPerMonth: nullable(draft.requestsPerMonth),
    liveReserveMilli: Math.round(Number(draft.liveReservePercent) * 1_000),
  },
});

/** A connection, new or to be changed. It is tested before it is kept; what was typed stays when it is refused. */
export function ConnectionForm({
  connection = null,
  kind = 'dynamodb',
  isKindFixed = connection !== null,
  isTarget = false,
  onDone,
}: {
  connection?: ConnectionView | null;
  kind?: Kind;
  isKindFixed?: boolean;
  /** Only kinds that may be a target. */
  isTarget?: boolean;
  onDone: (connectionId: string) => void;
}) {
  const [draft, setDraft] = useState(() => draftOf(connection, kind));
  const [probe, setProbe] = useState<NonNullable<ConnectionView['probe']> | null>(null);
  const test = useAct();
  const save = useAct();
  const failure = save.failure ?? test.failure;
  const change = (next: Partial<Draft>) => {
    setDraft((was) => ({ ...was, ...next }));
    setProbe(null);
  };
  const isElsewhere = connection !== null && draft.endpoint.trim() !== connection.endpoint;
  const onTest = async () => {
    save.clear();
    setProbe(null);
    const result = await test.act(() => testConnection(inputOf(draft)));
    if (result.ok) setProbe(result.data);
  };
  const onSave = async () => {
    test.clear();
    if (connection) {
      const result = await save.act((idempotencyKey) =>
        changeConnection({
          ...changeOf(draft),
          connectionId: connection.id,
          version: connection.version,
          idempotencyKey,
        }),
      );
      if (result.ok) onDone(connection.id);
      return;
    }
    const result = await save.act((idempotencyKey) => createConnection({ ...inputOf(draft), idempotencyKey }));
    if (result.ok) onDone(result.data.connectionId);
  };
  return (
    <form
      noValidate
      className="flex max-w-2xl flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        void onSave();
      }}
    >
      <FormError failure={failure} />
      {isKindFixed ? null : (
        <RadioGroup
          aria-label="Kind of store"
          value={draft.kind}
          onValueChange={(value) => change({ kind: value as Kind, ...limitsText(DEFAULT_LIMITS[value as Kind]) })}
          choices={KINDS.filter((one) => !isTarget || one.value !== 'dynamodb')}
        />
      )}
      <Fields
        draft={draft}
        change={change}
        failure={failure}
        isStored={connection !== null}
        isElsewhere={isElsewhere}
      />
      <Limits draft={draft} change={change} failure={failure} />
      {probe ? <ProbeResult probe={probe} /> : null}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" variant="primary" isPending={save.isPending}>
          {connection ? 'Test and keep the changes' : 'Test and keep the connection'}
        </Button>
        {connection ? null : (
          <Button isPending={test.isPending} onClick={onTest}>
            Test only
          </Button>
        )}
      </div>
    </form>
  );
}

/** What is left empty of a stored connection's key stays as it is. */
function changeOf(draft: Draft) {
  const { accessKeyId, secretAccessKey, kind: _, ...rest } = inputOf(draft);
  return {
    ...rest,
    ...(accessKeyId.trim() === '' ? {} : { accessKeyId }),
    ...(secretAccessKey === '' ? {} : { secretAccessKey }),
  };
}

const KINDS: readonly { value: Kind; label: string; hint: string }[] = [
  {
    value: 'dynamodb',
    label: 'DynamoDB',
    hint: 'The source. Landfall reads it and writes nothing of its own.',
  },
  { value: 'terrascale', label: 'TerraScale', hint: 'The target, by the protocol of DynamoDB.' },
  {
    value: 'terrascale_rest',
    label: 'TerraScale over REST',
    hint: 'The target as JSON items. It is copied to, mirrored to and verified; gateways do not read from it.',
  },
];

interface PartProps {
  draft: Draft;
  change: (next: Partial<Draft>) => void;
  failure: ActionFailure | null;
}

function Fields({
  draft,
  change,
  failure,
  isStored,
  isElsewhere,
}: PartProps & { isStored: boolean; isElsewhere: boolean }) {
  const errors = failure?.fields ?? {};
  const keep = isStored && !isElsewhere ? 'Leave it empty to keep the stored one.' : undefined;
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <TextField
        label="Name"
        name="name"
        autoComplete="off"
        value={draft.name}
        onValueChange={(name) => change({ name })}
        error={errors.name}
      />
      <TextField
        label="Region"
        name="region"
        autoComplete="off"
        value={draft.region}
        onValueChange={(region) => change({ region })}
        error={errors.region}
      />
      <TextField
        className="sm:col-span-2"
        label="Endpoint"
        hint="Such as https://dynamodb.eu-central-1.amazonaws.com"
        name="endpoint"
        type="url"
        autoComplete="off"
        value={draft.endpoint}
        onValueChange={(endpoint) => change({ endpoint })}
        error={errors.endpoint}
      />
      {isElsewhere ? (
        <p className="rounded-card bg-warn-tint px-3 py-2 text-data text-warn-fg sm:col-span-2">
          This is another address, so the key and its secret have to be typed again: a stored secret is never sent where
          it was not given for.
        </p>
      ) : null}
      <TextField
        label="Access key id"
        hint={keep}
        name="accessKeyId"
        autoComplete="off"
        value={draft.accessKeyId}
        onValueChange={(accessKeyId) => change({ accessKeyId })}
        error={errors.accessKeyId}
      />
      <TextField
        label="Secret key"
        hint={draft.kind !== 'dynamodb' ? 'TerraScale looks at the access key id alone; this may stay empty.' : keep}
        name="secretAccessKey"
        type="password"
        autoComplete="off"
        value={draft.secretAccessKey}
        onValueChange={(secretAccessKey) => change({ secretAccessKey })}
        error={errors.secretAccessKey}
      />
      {draft.kind === 'terrascale' ? (
        <Checkbox
          className="sm:col-span-2"
          label="Landfall may create tables here"
          hint="Otherwise you create each target table yourself, with the key that its page shows."
          checked={draft.mayCreateTables}
          onCheckedChange={(mayCreateTables) => change({ mayCreateTables })}
        />
      ) : null}
    </div>
  );
}

function Limits({ draft, change, failure }: PartProps) {
  const errors = failure?.fields ?? {};
  const field = (name: keyof Draft & string, label: string, hint?: string) => (
    <TextField
      key={name}
      label={label}
      hint={hint}
      name={name}
      inputMode="decimal"
      autoComplete="off"
      value={String(draft[name])}
      onValueChange={(value) => change({ [name]: value })}
      error={
        errors[`limits.${name}`] ?? (name === 'liveReservePercent' ? errors['limits.liveReserveMilli'] : undefined)
      }
    />
  );
  return (
    <fieldset className="flex flex-col gap-3">
      <legend className="font-semibold text-section">Limits</legend>
      <p className="max-w-measure text-data text-text-2">
        One budget for everything that Landfall does with this connection, shared by all workers. It may be changed
        while they run.
      </p>
      <div className="grid gap-4 sm:grid-cols-2">
        {field('requestsPerSecond', 'Requests per second')}
        {field('itemsPerSecond', 'Items per second')}
        {draft.kind === 'dynamodb'
          ? field('readUnitsPerSecond', 'Read units per second', 'Empty: no limit of its own.')
          : field('requestsPerMonth', 'Requests per month', 'The quota of the plan there. Empty: none.')}
        {field('liveReservePercent', 'Kept for live traffic, in percent', '0 to 90.')}
      </div>
    </fieldset>
  );
}
