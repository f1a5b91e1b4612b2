'use client';

import { useState } from 'react';
import { alertDestinationsQuery } from '@/app/_data/alert';
import { useAct } from '@/app/_data/use-act';
import { useView } from '@/app/_data/use-view';
import { routes } from '@/app/_routes/routes';
import { Banner } from '@/app/_ui/kit/banner';
import { CopyId } from '@/app/_ui/kit/copy-id';
import { EmptyState } from '@/app/_ui/kit/empty-state';
import { FormError } from '@/app/_ui/kit/form-error';
import { PageHead } from '@/app/_ui/kit/page-head';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { ViewMissing, ViewNotice } from '@/app/_ui/kit/view-notice';
import { Badge } from '@/app/_ui/primitives/badge';
import { Button } from '@/app/_ui/primitives/button';
import { Card } from '@/app/_ui/primitives/card';
import { TextField } from '@/app/_ui/primitives/field';
import { Breadcrumbs } from '@/app/_ui/shell/breadcrumbs';
import type { AlertDestinationView } from '@/lib/contracts/views';
import { addDestination, removeDestination, sendTest } from './actions';

/** Webhooks that alerts are posted to, signed. A test is delivered like any alert. */
export function AlertDestinations() {
  const query = useView(alertDestinationsQuery());
  return (
    <div className="flex flex-col gap-4">
      <Breadcrumbs crumbs={[{ label: 'Settings', href: routes.settings() }, { label: 'Alert destinations' }]} />
      <PageHead
        title="Alert destinations"
        note="An alert is one POST of JSON, signed in x-landfall-signature. The checklist of a plan asks for a delivered test."
      />
      <ViewNotice query={query} what="The destinations" />
      {!query.data ? (
        <ViewMissing query={query} what="the destinations" />
      ) : query.data.length === 0 ? (
        <EmptyState kind="never" title="No alert goes anywhere yet">
          Add an address below, then send a test to it.
        </EmptyState>
      ) : (
        <ul className="flex flex-col gap-3">
          {query.data.map((destination) => (
            <li key={destination.id}>
              <Destination destination={destination} />
            </li>
          ))}
        </ul>
      )}
      <AddDestination />
    </div>
  );
}

function Destination({ destination }: { destination: AlertDestinationView }) {
  const test = useAct();
  const remove = useAct();
  const [isAsked, setIsAsked] = useState(false);
  const { lastTest } = destination;
  return (
    <Card
      title={destination.name}
      actions={
        <>
          <Button
            isPending={test.isPending}
            onClick={() => test.act((idempotencyKey) => sendTest({ destinationId: destination.id, idempotencyKey }))}
          >
            Send a test to {destination.name}
          </Button>
          {isAsked ? (
            <>
              <Button
                variant="danger"
                isPending={remove.isPending}
                onClick={() =>
                  remove.act((idempotencyKey) => removeDestination({ destinationId: destination.id, idempotencyKey }))
                }
              >
                Remove {destination.name}
              </Button>
              <Button variant="ghost" onClick={() => setIsAsked(false)}>
                Keep it
              </Button>
            </>
          ) : (
            <Button variant="ghost" aria-label={`Remove ${destination.name}`} onClick={() => setIsAsked(true)}>
              Remove…
            </Button>
          )}
        </>
      }
    >
      <div className="flex flex-col gap-2 text-data">
        <FormError failure={test.failure ?? remove.failure} />
        <code className="break-all font-mono text-caption">{destination.url}</code>
        <p role="status" className="flex flex-wrap items-center gap-2">
          {lastTest === null ? (
            <Badge>never tested</Badge>
          ) : (
            <>
              <Badge tone={lastTest.ok ? 'ok' : 'bad'}>{lastTest.ok ? 'delivered' : 'not delivered'}</Badge>
              <TimeAgo at={lastTest.at} />
              <span className="text-text-2">{lastTest.sentence}</span>
            </>
          )}
        </p>
      </div>
    </Card>
  );
}

function AddDestination() {
  const { act, isPending, failure } = useAct();
  const [name, setName] = useState('');
  const [url, setUrl] = useState('');
  const [secret, setSecret] = useState<string | null>(null);
  const add = async () => {
    const result = await act(() => addDestination({ name, url }));
    if (!result.ok) return;
    setSecret(result.data.secret);
    setName('');
    setUrl('');
  };
  return (
    <Card title="Add a destination">
      <form
        noValidate
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <FormError failure={failure} />
        {secret ? (
          <Banner
            tone="ok"
            isUrgent
            title="It is added. Its signing secret is shown now and never again."
            actions={
              <Button size="sm" onClick={() => setSecret(null)}>
                I have kept it
              </Button>
            }
          >
            <CopyId value={secret} what="signing secret" isWhole />
          </Banner>
        ) : null}
        <div className="flex flex-wrap items-end gap-2">
          <TextField
            className="w-48"
            label="Name"
            name="name"
            autoComplete="off"
            value={name}
            onValueChange={(value) => setName(value)}
            error={failure?.fields?.name}
          />
          <TextField
            className="w-96 max-w-full"
            label="Address"
            name="url"
            type="url"
            placeholder="https://"
            autoComplete="off"
            value={url}
            onValueChange={(value) => setUrl(value)}
            error={failure?.fields?.url}
          />
          <Button type="submit" variant="primary" isPending={isPending}>
            Add the destination
          </Button>
        </div>
      </form>
    </Card>
  );
}
