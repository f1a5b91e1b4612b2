import type { Metadata } from 'next';
import { HydrateViews } from '@/app/_data/hydrate-views';
import { processKeys } from '@/app/_data/process';
import { services } from '@/app/_server/container';
import { requireSession } from '@/app/_server/session';
import { gatewayKeysView, processesView } from '@/lib/services/view/processes-view';
import { Gateways } from './gateways.client';

export const metadata: Metadata = { title: 'Gateways' };

export default async function GatewaysPage() {
  const { actor } = await requireSession();
  return (
    <HydrateViews
      reads={[
        { queryKey: processKeys.all, read: () => processesView(services(), actor) },
        { queryKey: processKeys.gatewayKeys, read: () => gatewayKeysView(services(), actor) },
      ]}
    >
      <Gateways />
    </HydrateViews>
  );
}
