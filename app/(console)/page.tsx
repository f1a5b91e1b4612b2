import type { Metadata } from 'next';
import { Suspense } from 'react';
import { fleetKeys } from '@/app/_data/fleet';
import { HydrateViews } from '@/app/_data/hydrate-views';
import { services } from '@/app/_server/container';
import { requireSession } from '@/app/_server/session';
import { fleetView } from '@/lib/services/view/fleet-view';
import { Fleet } from './fleet.client';

export const metadata: Metadata = { title: 'Fleet' };

export default async function FleetPage() {
  const { actor } = await requireSession();
  return (
    <HydrateViews reads={[{ queryKey: fleetKeys.all, read: () => fleetView(services(), actor) }]}>
      <Suspense>
        <Fleet />
      </Suspense>
    </HydrateViews>
  );
}
