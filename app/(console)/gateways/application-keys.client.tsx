'use client';

import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import { gatewayKeysQuery } from '@/app/_data/process';
import { useAct } from '@/app/_data/use-act';
import { useView } from '@/app/_data/use-view';
import { Banner } from '@/app/_ui/kit/banner';
import { CopyId } from '@/app/_ui/kit/copy-id';
import { type Column, DataTable } from '@/app/_ui/kit/data-table';
import { EmptyState } from '@/app/_ui/kit/empty-state';
import { FormError } from '@/app/_ui/kit/form-error';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { ViewMissing, ViewNotice } from '@/app/_ui/kit/view-notice';
import { Button } from '@/app/_ui/primitives/button';
import { Card } from '@/app/_ui/primitives/card';
import { TextField } from '@/app/_ui/primitives/field';
import type { GatewayKeyView } from '@/lib/contracts/views';
import { createGatewayKey, revokeGatewayKey, rotateGatewayKey } from './actions';

/** Keys that applications sign with. The secret is shown once, because only its seal is kept. */
export function ApplicationKeys() {
  const query = useView(gatewayKeysQuery());
  return (
    <Card
      title="Application keys"
      note="The gateway verifies each request's signature with them, as DynamoDB does. An application has two at most: rotate, let it change over, revoke the old one."
    >
      <div className="flex flex-col gap-4">
        <NewKey />
        <ViewNotice query={query} what="The keys" />
        {query.data ? (
          <DataTable
            label="Application keys"
            columns={columns}
            rows={query.data}
            rowKey={(key) => key.id}
            isStickyHead={false}
            empty={
              <EmptyState kind="never" title="No application has a key yet" className="border-0 p-0">
                Make one for each application, so that one can be revoked without the others.
              </EmptyState>
            }
          />
        ) : (
          <ViewMissing query={query} what="the keys" />
        )}
      </div>
    </Card>
  );
}

const namesOf = (text: string): string[] | null => {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return names.length === 0 ? null : names;
};

function NewKey() {
  const { act, isPending, failure } = useAct();
  const [application, setApplication] = useState('');
  const [tables, setTables] = useState('');
  const [operations, setOperations] = useState('');
  const [made, setMade] = useState<{ accessKeyId: string; secretAccessKey: string } | null>(null);
  const create = async () => {
    const result = await act(() =>
      createGatewayKey({ application, tables: namesOf(tables), operations: namesOf(operations) }),
    );
    if (!result.ok) return;
    setMade(result.data);
    setApplication('');
    setTables('');
    setOperations('');
  };
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        void create();
      }}
    >
      <FormError failure={failure} />
      {made ? <MadeKey made={made} onKept={() => setMade(null)} /> : null}
      <div className="flex flex-wrap items-end gap-2">
        <TextField
          className="w-56"
          label="Application"
          name="application"
          autoComplete="off"
          value={application}
          onValueChange={(value) => setApplication(value)}
          error={failure?.fields?.application}
        />
        <TextField
          className="w-72 max-w-full"
          label="Only these tables"
          isOptional
          placeholder="orders, customers"
          name="tables"
          autoComplete="off"
          value={tables}
          onValueChange={(value) => setTables(value)}
          error={failure?.fields?.tables}
        />
        <TextField
          className="w-72 max-w-full"
          label="Only these operations"
          isOptional
          placeholder="GetItem, Query"
          name="operations"
          autoComplete="off"
          value={operations}
          onValueChange={(value) => setOperations(value)}
          error={failure?.fields?.operations}
        />
        <Button type="submit" isPending={isPending}>
          <KeyRound aria-hidden /> Make a key
        </Button>
      </div>
    </form>
  );
}

const columns: readonly Column<GatewayKeyView>[] = [
  {
    key: 'application',
    head: 'Application',
    isRowHeader: true,
    sortBy: (key) => key.application,
    cell: (key) => key.application,
  },
  { key: 'id', head: 'Access key id', cell: (key) => <CopyId value={key.accessKeyId} what="access key id" /> },
  { key: 'tables', head: 'Tables', cell: (key) => key.tables?.join(', ') ?? 'any' },
  { key: 'operations', head: 'Operations', cell: (key) => key.operations?.join(', ') ?? 'any' },
  {
    key: 'made',
    head: 'Made',
    sortBy: (key) => Date.parse(key.createdAt),
    cell: (key) => <TimeAgo at={key.createdAt} />,
  },
  { key: 'state', head: 'State', cell: (key) => <KeyState gatewayKey={key} /> },
];

interface Made {
  accessKeyId: string;
  secretAccessKey: string;
}

function MadeKey({ made, onKept }: { made: Made; onKept(): void }) {
  return (
    <Banner
      tone="ok"
      isUrgent
      title="The key is made. Its secret is shown now and never again."
      actions={
        <Button size="sm" onClick={onKept}>
          I have kept it
        </Button>
      }
    >
      <p className="mt-1">
        Access key id: <CopyId value={made.accessKeyId} what="access key id" isWhole />
      </p>
      <p>
        Secret key: <CopyId value={made.secretAccessKey} what="secret key" isWhole />
      </p>
    </Banner>
  );
}

/** A second key with the same scopes; the old one goes on until somebody revokes it. */
function Rotate({ gatewayKey }: { gatewayKey: GatewayKeyView }) {
  const { act, isPending, failure } = useAct();
  const [made, setMade] = useState<Made | null>(null);
  const rotate = async () => {
    const result = await act(() => rotateGatewayKey({ keyId: gatewayKey.id }));
    if (result.ok) setMade(result.data);
  };
  return (
    <span className="flex flex-col items-start gap-1">
      <Button
        size="sm"
        isPending={isPending}
        aria-label={`Make a second key for ${gatewayKey.application}`}
        onClick={() => void rotate()}
      >
        Rotate
      </Button>
      {made ? <MadeKey made={made} onKept={() => setMade(null)} /> : null}
      <FormError failure={failure} />
    </span>
  );
}

/** Revoking stops an application, so the button asks once more in its own place. */
function KeyState({ gatewayKey }: { gatewayKey: GatewayKeyView }) {
  const { act, isPending, failure } = useAct();
  const [isAsked, setIsAsked] = useState(false);
  if (gatewayKey.revokedAt)
    return (
      <span className="text-muted">
        revoked <TimeAgo at={gatewayKey.revokedAt} />
      </span>
    );
  if (!isAsked)
    return (
      <span className="flex flex-wrap items-start gap-1">
        <Rotate gatewayKey={gatewayKey} />
        <Button size="sm" aria-label={`Revoke the key of ${gatewayKey.application}`} onClick={() => setIsAsked(true)}>
          Revoke…
        </Button>
      </span>
    );
  return (
    <span className="flex flex-col items-start gap-1">
      <span className="text-caption">
        {gatewayKey.application} is refused within 10 s by every gateway that reaches Postgres. One that does not goes
        on accepting this key until it does; a silent one in the list above may be such a one: stop it.
      </span>
      <span className="flex gap-1">
        <Button
          size="sm"
          variant="danger"
          isPending={isPending}
          onClick={() => act((idempotencyKey) => revokeGatewayKey({ keyId: gatewayKey.id, idempotencyKey }))}
        >
          Revoke the key
        </Button>
        <Button size="sm" variant="ghost" onClick={() => setIsAsked(false)}>
          Keep it
        </Button>
      </span>
      <FormError failure={failure} />
    </span>
  );
}
