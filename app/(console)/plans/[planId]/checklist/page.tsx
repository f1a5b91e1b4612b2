import type { Metadata } from 'next';
import { HydrateViews } from '@/app/_data/hydrate-views';
import { planKeys } from '@/app/_data/plan';
import { services } from '@/app/_server/container';
import { requireSession } from '@/app/_server/session';
import { checklistView } from '@/lib/services/view/checklist-view';
import { Checklist } from './checklist.client';

export const metadata: Metadata = { title: 'Checklist' };

export default async function ChecklistPage({ params }: { params: Promise<{ planId: string }> }) {
  const { planId } = await params;
  const { actor } = await requireSession();
  const read = () => checklistView(services(), actor, planId);
  return (
    <HydrateViews reads={[{ queryKey: planKeys.checklist(planId), read, isSubject: true }]}>
      <Checklist planId={planId} />
    </HydrateViews>
  );
}
