'use client';

import { useState } from 'react';
import { connectionQuery } from '@/app/_data/connection';
import { useAct } from '@/app/_data/use-act';
import { useView } from '@/app/_data/use-view';
import { routes } from '@/app/_routes/routes';
import { FormError } from '@/app/_ui/kit/form-error';
import { PageHead } from '@/app/_ui/kit/page-head';
import { ViewMissing, ViewNotice } from '@/app/_ui/kit/view-notice';
import { Badge } from '@/app/_ui/primitives/badge';
import { Button } from '@/app/_ui/primitives/button';
import { Card } from '@/app/_ui/primitives/card';
import { Breadcrumbs } from '@/app/_ui/shell/breadcrumbs';
import { probeStoredConnection } from '../actions';
import { ConnectionForm } from '../connection-form.client';
import { KIND_WORD } from '../connections.client';
import { ProbeResult } from '../probe-result';
import { Quota } from './quota.client';

export function Connection({ connectionId }: { connectionId: string }) {
  const query = useView(connectionQuery(connectionId));
  const { act, isPending, failure } = useAct();
  const [isSaved, setIsSaved] = useState(false);
  const connection = query.data;
  if (!connection)
    return (
      <>
        <h1 className="sr-only">Connection</h1>
        <ViewMissing query={query} what="the connection" />
      </>
    );
  return (
    <div className="flex flex-col gap-4">
      <Breadcrumbs crumbs={[{ label: 'Connections', href: routes.connections() }, { label: connection.name }]} />
      <PageHead
        title={connection.name}
        status={<Badge>{KIND_WORD[connection.kind]}</Badge>}
        note={`${connection.endpoint}, ${connection.region}, key ${connection.credentialHint}`}
      />
      <ViewNotice query={query} what="The connection" />
      <Card
        title="What the key may do"
        actions={
          <Button isPending={isPending} onClick={() => act(() => probeStoredConnection({ connectionId }))}>
            Test it now
          </Button>
        }
      >
        <div className="flex flex-col gap-3">
          <FormError failure={failure} />
          {connection.probe ? (
            <ProbeResult probe={connection.probe} />
          ) : (
            <p className="text-data text-muted">It was never tested.</p>
          )}
        </div>
      </Card>
      <Quota connectionId={connectionId} />
      <Card title="Change it">
        <p role="status" className="mb-2 text-data text-ok-fg empty:hidden">
          {isSaved ? 'The changes are kept and in force.' : ''}
        </p>
        <ConnectionForm key={connection.version} connection={connection} onDone={() => setIsSaved(true)} />
      </Card>
    </div>
  );
}
