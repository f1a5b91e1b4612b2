import type { Metadata } from 'next';
import { Suspense } from 'react';
import { requireSession } from '@/app/_server/session';
import { PageHead } from '@/app/_ui/kit/page-head';
import { ActivityRecord } from './record.client';

export const metadata: Metadata = { title: 'Activity' };

export default async function ActivityPage() {
  await requireSession();
  return (
    <div className="flex flex-col gap-4">
      <PageHead title="Activity" note="Who did what, when and why. Entries are only ever added." />
      <Suspense>
        <ActivityRecord />
      </Suspense>
    </div>
  );
}
