import type { Metadata } from 'next';
import { connectionKeys } from '@/app/_data/connection';
import { HydrateViews } from '@/app/_data/hydrate-views';
import { services } from '@/app/_server/container';
import { requireSession } from '@/app/_server/session';
import { connectionViews } from '@/lib/services/view/connection-view';
import { Connections } from './connections.client';

export const metadata: Metadata = { title: 'Connections' };

export default async function ConnectionsPage() {
  const { actor } = await requireSession();
  return (
    <HydrateViews reads={[{ queryKey: connectionKeys.all, read: () => connectionViews(services(), actor) }]}>
      <Connections />
    </HydrateViews>
  );
}
