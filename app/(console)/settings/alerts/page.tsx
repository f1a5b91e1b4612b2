import type { Metadata } from 'next';
import { alertKeys } from '@/app/_data/alert';
import { HydrateViews } from '@/app/_data/hydrate-views';
import { services } from '@/app/_server/container';
import { requireSession } from '@/app/_server/session';
import { alertDestinationsView } from '@/lib/services/view/alerts-view';
import { AlertDestinations } from './alert-destinations.client';

export const metadata: Metadata = { title: 'Alert destinations' };

export default async function AlertsPage() {
  const { actor } = await requireSession();
  return (
    <HydrateViews reads={[{ queryKey: alertKeys.destinations, read: () => alertDestinationsView(services(), actor) }]}>
      <AlertDestinations />
    </HydrateViews>
  );
}
