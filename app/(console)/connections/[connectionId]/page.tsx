import type { Metadata } from 'next';
import { connectionKeys } from '@/app/_data/connection';
import { HydrateViews } from '@/app/_data/hydrate-views';
import { services } from '@/app/_server/container';
import { requireSession } from '@/app/_server/session';
import { connectionView } from '@/lib/services/view/connection-view';
import { Connection } from './connection.client';

export const metadata: Metadata = { title: 'Connection' };

export default async function ConnectionPage({ params }: { params: Promise<{ connectionId: string }> }) {
  const { connectionId } = await params;
  const { actor } = await requireSession();
  const read = () => connectionView(services(), actor, connectionId);
  return (
    <HydrateViews reads={[{ queryKey: connectionKeys.one(connectionId), read, isSubject: true }]}>
      <Connection connectionId={connectionId} />
    </HydrateViews>
  );
}
