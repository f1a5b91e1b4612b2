import type { Metadata } from 'next';
import { Suspense } from 'react';
import { requireSession } from '@/app/_server/session';
import { Traffic } from './traffic.client';

export const metadata: Metadata = { title: 'Traffic' };

export default async function TrafficPage({ params }: { params: Promise<{ tableId: string }> }) {
  const { tableId } = await params;
  await requireSession();
  return (
    <Suspense>
      <Traffic tableId={tableId} />
    </Suspense>
  );
}
