import type { Metadata } from 'next';
import { HydrateViews } from '@/app/_data/hydrate-views';
import { peopleKeys } from '@/app/_data/people';
import { services } from '@/app/_server/container';
import { requireSession } from '@/app/_server/session';
import { listPeople } from '@/lib/services/auth/people';
import { People } from './people.client';

export const metadata: Metadata = { title: 'People' };

export default async function PeoplePage() {
  const { actor } = await requireSession();
  return (
    <HydrateViews reads={[{ queryKey: peopleKeys.all, read: () => listPeople(services().db) }]}>
      <People meId={actor.id} isAdmin={actor.role === 'admin'} />
    </HydrateViews>
  );
}
