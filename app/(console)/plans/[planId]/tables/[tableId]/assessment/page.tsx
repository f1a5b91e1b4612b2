import type { Metadata } from 'next';
import { requireSession } from '@/app/_server/session';
import { Assessment } from './assessment.client';

export const metadata: Metadata = { title: 'Assessment of a table' };

export default async function AssessmentPage({ params }: { params: Promise<{ tableId: string }> }) {
  const { tableId } = await params;
  await requireSession();
  return <Assessment tableId={tableId} />;
}
