import type { Metadata } from 'next';
import { Suspense } from 'react';
import { requireSession } from '@/app/_server/session';
import { ActivityRecord } from '../../../../../activity/record.client';

export const metadata: Metadata = { title: 'Activity of a table' };

export default async function TableActivityPage({ params }: { params: Promise<{ tableId: string }> }) {
  const { tableId } = await params;
  await requireSession();
  return (
    <Suspense>
      <ActivityRecord scope={{ tableId }} />
    </Suspense>
  );
}
