'use client';

import { Flag } from 'lucide-react';
import Link from 'next/link';
import { useState } from 'react';
import { flagKeysQuery } from '@/app/_data/flag';
import { plansQuery } from '@/app/_data/plan';
import { useAct } from '@/app/_data/use-act';
import { useView } from '@/app/_data/use-view';
import { routes } from '@/app/_routes/routes';
import { Banner } from '@/app/_ui/kit/banner';
import { CopyId } from '@/app/_ui/kit/copy-id';
import { type Column, DataTable } from '@/app/_ui/kit/data-table';
import { EmptyState } from '@/app/_ui/kit/empty-state';
import { FormError } from '@/app/_ui/kit/form-error';
import { PageHead } from '@/app/_ui/kit/page-head';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { ViewMissing, ViewNotice } from '@/app/_ui/kit/view-notice';
import { Button } from '@/app/_ui/primitives/button';
import { Card } from '@/app/_ui/primitives/card';
import { Checkbox } from '@/app/_ui/primitives/checkbox';
import { TextField } from '@/app/_ui/primitives/field';
import { Breadcrumbs } from '@/app/_ui/shell/breadcrumbs';
import type { FlagKeyView } from '@/lib/contracts/flags';
import { createFlagKey, revokeFlagKey } from './actions';

/** Keys that applications ask for flags with. One is shown once, because only its hash is kept. */
export function ApiKeys() {
  const query = useView(flagKeysQuery());
  return (
    <div className="flex flex-col gap-4">
      <Breadcrumbs crumbs={[{ label: 'Settings', href: routes.settings() }, { label: 'API keys' }]} />
      <PageHead
        title="API keys"
        note="Applications that dual-write by themselves ask Landfall where to read, by flags over OFREP. A key reads flags of its plans and can do nothing else."
      />
      <Card title="Keys">
        <div className="flex flex-col gap-4">
          <NewKey />
          <ViewNotice query={query} what="The keys" />
          {query.data ? (
            <DataTable
              label="API keys"
              columns={columns}
              rows={query.data}
              rowKey={(key) => key.id}
              isStickyHead={false}
              empty={
                <EmptyState kind="never" title="No application asks for flags yet" className="border-0 p-0">
                  Make a key for each application, so that one can be revoked without the others.
                </EmptyState>
              }
            />
          ) : (
            <ViewMissing query={query} what="the keys" />
          )}
          <p className="text-data">
            <Link
              href={routes.helpApplications()}
              className="inline-flex min-h-6 items-center text-accent underline-offset-2 hover:underline"
            >
              How an application uses its key
            </Link>
          </p>
        </div>
      </Card>
    </div>
  );
}

function NewKey() {
  const { act, isPending, failure } = useAct();
  const plans = useView(plansQuery()).data ?? [];
  const [application, setApplication] = useState('');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [made, setMade] = useState<string | null>(null);
  const create = async () => {
    const result = await act(() => createFlagKey({ application, planIds: chosen.length === 0 ? null : [...chosen] }));
    if (!result.ok) return;
    setMade(result.data.key);
    setApplication('');
    setChosen([]);
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
      {made ? (
        <Banner
          tone="ok"
          isUrgent
          title="The key is made. It is shown now and never again."
          actions={
            <Button size="sm" onClick={() => setMade(null)}>
              I have kept it
            </Button>
          }
        >
          <p className="mt-1">
            API key: <CopyId value={made} what="API key" isWhole />
          </p>
        </Banner>
      ) : null}
      <TextField
        className="w-56"
        label="Application"
        name="application"
        autoComplete="off"
        value={application}
        onValueChange={(value) => setApplication(value)}
        error={failure?.fields?.application}
      />
      {plans.length > 0 ? (
        <fieldset className="flex flex-col gap-1">
          <legend className="mb-1 font-medium text-data">Only these plans (none chosen: all, later ones too)</legend>
          {plans.map((plan) => (
            <Checkbox
              key={plan.id}
              label={plan.name}
              checked={chosen.includes(plan.id)}
              onCheckedChange={(isOn) =>
                setChosen((before) => (isOn ? [...before, plan.id] : before.filter((each) => each !== plan.id)))
              }
            />
          ))}
        </fieldset>
      ) : null}
      <Button type="submit" isPending={isPending} className="self-start">
        <Flag aria-hidden /> Make a key
      </Button>
    </form>
  );
}

const columns: readonly Column<FlagKeyView>[] = [
  {
    key: 'application',
    head: 'Application',
    isRowHeader: true,
    sortBy: (key) => key.application,
    cell: (key) => key.application,
  },
  { key: 'hint', head: 'Ends in', cell: (key) => <span className="font-mono">…{key.hint}</span> },
  { key: 'plans', head: 'Plans', cell: (key) => key.plans?.join(', ') ?? 'all' },
  {
    key: 'made',
    head: 'Made',
    sortBy: (key) => Date.parse(key.createdAt),
    cell: (key) => <TimeAgo at={key.createdAt} />,
  },
  { key: 'state', head: 'State', cell: (key) => <KeyState flagKey={key} /> },
];

/** Without its key an application falls back to the default in its code, so the button asks once more. */
function KeyState({ flagKey }: { flagKey: FlagKeyView }) {
  const { act, isPending, failure } = useAct();
  const [isAsked, setIsAsked] = useState(false);
  if (flagKey.revokedAt)
    return (
      <span className="text-muted">
        revoked <TimeAgo at={flagKey.revokedAt} />
      </span>
    );
  if (!isAsked)
    return (
      <Button size="sm" aria-label={`Revoke the key of ${flagKey.application}`} onClick={() => setIsAsked(true)}>
        Revoke…
      </Button>
    );
  return (
    <span className="flex flex-col items-start gap-1">
      <span className="text-caption">{flagKey.application} reads by the default in its code from then on.</span>
      <span className="flex gap-1">
        <Button
          size="sm"
          variant="danger"
          isPending={isPending}
          onClick={() => act((idempotencyKey) => revokeFlagKey({ keyId: flagKey.id, idempotencyKey }))}
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
