'use client';

import { connectionsQuery } from '@/app/_data/connection';
import { processesQuery } from '@/app/_data/process';
import { useView } from '@/app/_data/use-view';
import { PageHead } from '@/app/_ui/kit/page-head';
import { RecoveryBanner } from '@/app/_ui/kit/recovery-banner';
import { ViewMissing, ViewNotice } from '@/app/_ui/kit/view-notice';
import { PageState } from '@/app/_ui/shell/page-state';
import type { ProcessesView } from '@/lib/contracts/views';
import { ApplicationKeys } from './application-keys.client';
import { GatewayTable } from './gateway-table.client';
import { SdkGuide } from './sdk-guide.client';
import { WorkerTable } from './worker-table';

/** What carries the traffic and what does the work: which epoch it obeys and when it last said so. */
export function Gateways() {
  const query = useView(processesQuery());
  const region = useView(connectionsQuery()).data?.find((each) => each.kind === 'dynamodb')?.region ?? 'eu-central-1';
  const processes = query.data;
  return (
    <div className="flex flex-col gap-4">
      {processes ? <PageState tone={toneOf(processes)} title="Gateways" /> : null}
      <PageHead
        title="Gateways and workers"
        note="Applications speak to gateways; gateways obey the routing of the plans and need no database to serve. A silent gateway still counts in every barrier."
      />
      <ViewNotice query={query} what="The processes" />
      {processes ? (
        <>
          <RecoveryBanner recovery={processes.recovery} />
          <GatewayTable gateways={processes.gateways} />
          <WorkerTable workers={processes.workers} />
          <SdkGuide endpoint={processes.endpoint} region={region} />
        </>
      ) : (
        <ViewMissing query={query} what="the processes" />
      )}
      <ApplicationKeys />
    </div>
  );
}

function toneOf({ gateways, recovery }: ProcessesView) {
  if (recovery) return 'bad';
  const registered = gateways.filter((gateway) => gateway.state === 'registered');
  if (registered.some((gateway) => gateway.isSilent)) return 'bad';
  if (registered.some((gateway) => gateway.acknowledgedEpoch < gateway.currentEpoch)) return 'warn';
  return registered.length > 0 ? 'ok' : 'idle';
}
