import type { Metadata } from 'next';
import { requireSession } from '@/app/_server/session';
import { Lab } from './lab.client';

export const metadata: Metadata = { title: 'Condition lab' };

export default async function LabPage({ params }: { params: Promise<{ tableId: string }> }) {
  const { tableId } = await params;
  await requireSession();
  return <Lab tableId={tableId} />;
}
