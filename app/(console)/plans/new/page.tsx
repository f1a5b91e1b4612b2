import type { Metadata } from 'next';
import { services } from '@/app/_server/container';
import { requireSession } from '@/app/_server/session';
import { loadDraft } from '@/lib/services/plan/draft';
import { draftFrom } from './draft';
import { Wizard } from './wizard.client';

export const metadata: Metadata = { title: 'New plan' };

export default async function NewPlanPage() {
  const { actor } = await requireSession();
  const kept = await loadDraft(services(), actor).catch(() => null);
  return <Wizard initial={draftFrom(kept)} />;
}
