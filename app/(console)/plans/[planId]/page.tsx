import type { Metadata } from 'next';
import { activityKeys } from '@/app/_data/activity';
import { HydrateViews } from '@/app/_data/hydrate-views';
import { planKeys } from '@/app/_data/plan';
import { services } from '@/app/_server/container';
import { requireSession } from '@/app/_server/session';
import { activityView } from '@/lib/services/view/activity-view';
import { planView } from '@/lib/services/view/plan-view';
import { Cockpit } from './cockpit.client';

export const metadata: Metadata = { title: 'Plan' };

export default async function PlanPage({ params }: { params: Promise<{ planId: string }> }) {
  const { planId } = await params;
  const { actor } = await requireSession();
  return (
    <HydrateViews
      reads={[
        { queryKey: planKeys.one(planId), read: () => planView(services(), actor, planId), isSubject: true },
        { queryKey: activityKeys.latest({ planId }), read: () => activityView(services(), actor, { planId }) },
      ]}
    >
      <Cockpit planId={planId} />
    </HydrateViews>
  );
}
