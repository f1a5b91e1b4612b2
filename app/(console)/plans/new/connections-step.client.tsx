'use client';

import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { connectionKeys, connectionsQuery } from '@/app/_data/connection';
import { useAct } from '@/app/_data/use-act';
import { useView } from '@/app/_data/use-view';
import { EmptyState } from '@/app/_ui/kit/empty-state';
import { FormError } from '@/app/_ui/kit/form-error';
import { ViewMissing, ViewNotice } from '@/app/_ui/kit/view-notice';
import { Button } from '@/app/_ui/primitives/button';
import { Card } from '@/app/_ui/primitives/card';
import { RadioGroup } from '@/app/_ui/primitives/checkbox';
import type { ConnectionView } from '@/lib/contracts/views';
import { probeStoredConnection } from '../../connections/actions';
import { ConnectionForm } from '../../connections/connection-form.client';
import { ProbeResult } from '../../connections/probe-result';
import type { StepProps } from './strategy-step.client';

/** Both ends of the plan, each tested live: what the key may do is found out by doing it. */
export function ConnectionsStep({ draft, change }: StepProps) {
  const query = useView(connectionsQuery());
  if (!query.data) return <ViewMissing query={query} what="the connections" />;
  return (
    <>
      <ViewNotice query={query} what="The connections" />
      <div className="grid items-start gap-4 rail:grid-cols-2">
        <Side
          title="Source: DynamoDB"
          kind="dynamodb"
          connections={query.data}
          value={draft.sourceConnectionId}
          // Tables belong to the source that they were found in.
          choose={(id) => change(id === draft.sourceConnectionId ? {} : { sourceConnectionId: id, tables: [] })}
        />
        <Side
          title="Target: TerraScale"
          kind="terrascale"
          connections={query.data}
          value={draft.targetConnectionId}
          choose={(targetConnectionId) => change({ targetConnectionId })}
        />
      </div>
    </>
  );
}

interface SideProps {
  title: string;
  kind: ConnectionView['kind'];
  connections: readonly ConnectionView[];
  value: string;
  choose: (id: string) => void;
}

function Side({ title, kind, connections, value, choose }: SideProps) {
  const client = useQueryClient();
  const mine = connections.filter((each) => (each.kind === 'dynamodb') === (kind === 'dynamodb'));
  const chosen = mine.find((connection) => connection.id === value);
  const [isNew, setIsNew] = useState(false);
  return (
    <Card
      level={3}
      title={title}
      actions={
        <Button size="sm" onClick={() => setIsNew((was) => !was)}>
          {isNew ? 'Choose one that exists' : 'New connection'}
        </Button>
      }
    >
      {isNew ? (
        <ConnectionForm
          kind={kind}
          isKindFixed={kind === 'dynamodb'}
          isTarget={kind !== 'dynamodb'}
          onDone={(id) => {
            void client.invalidateQueries({ queryKey: connectionKeys.all });
            choose(id);
            setIsNew(false);
          }}
        />
      ) : mine.length === 0 ? (
        <EmptyState kind="never" title="There is none of this kind yet" className="border-0 p-0">
          Make one here; it is tested before it is kept.
        </EmptyState>
      ) : (
        <div className="flex flex-col gap-3">
          <RadioGroup
            aria-label={title}
            value={value}
            onValueChange={(next) => choose(String(next))}
            choices={mine.map((connection) => ({
              value: connection.id,
              label: connection.name,
              hint: `${connection.endpoint}, ${connection.region}, key ${connection.credentialHint}`,
            }))}
          />
          {chosen ? <LiveTest connection={chosen} /> : null}
        </div>
      )}
    </Card>
  );
}

function LiveTest({ connection }: { connection: ConnectionView }) {
  const { act, isPending, failure } = useAct();
  return (
    <div className="flex flex-col gap-2 border-border border-t pt-3">
      <FormError failure={failure} />
      {connection.probe ? <ProbeResult probe={connection.probe} /> : null}
      <Button
        size="sm"
        className="self-start"
        isPending={isPending}
        onClick={() => act(() => probeStoredConnection({ connectionId: connection.id }))}
      >
        Test {connection.name} now
      </Button>
    </div>
  );
}
