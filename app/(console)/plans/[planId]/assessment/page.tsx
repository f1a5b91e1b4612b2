import type { Metadata } from 'next';
import { HydrateViews } from '@/app/_data/hydrate-views';
import { planKeys } from '@/app/_data/plan';
import { services } from '@/app/_server/container';
import { requireSession } from '@/app/_server/session';
import { planView } from '@/lib/services/view/plan-view';
import { PlanAssessment } from './plan-assessment.client';

export const metadata: Metadata = { title: 'Assessment' };

export default async function PlanAssessmentPage({ params }: { params: Promise<{ planId: string }> }) {
  const { planId } = await params;
  const { actor } = await requireSession();
  const read = () => planView(services(), actor, planId);
  return (
    <HydrateViews reads={[{ queryKey: planKeys.one(planId), read, isSubject: true }]}>
      <PlanAssessment planId={planId} />
    </HydrateViews>
  );
}
