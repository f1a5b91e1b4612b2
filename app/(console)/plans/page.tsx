import type { Metadata } from 'next';
import { HydrateViews } from '@/app/_data/hydrate-views';
import { planKeys } from '@/app/_data/plan';
import { services } from '@/app/_server/container';
import { requireSession } from '@/app/_server/session';
import { planViews } from '@/lib/services/view/plan-view';
import { Plans } from './plans.client';

export const metadata: Metadata = { title: 'Plans' };

export default async function PlansPage() {
  const { actor } = await requireSession();
  return (
    <HydrateViews reads={[{ queryKey: planKeys.all, read: () => planViews(services(), actor) }]}>
      <Plans />
    </HydrateViews>
  );
}
