import type { Metadata } from 'next';
import { HydrateViews } from '@/app/_data/hydrate-views';
import { tableKeys } from '@/app/_data/table';
import { services } from '@/app/_server/container';
import { requireSession } from '@/app/_server/session';
import { backfillView } from '@/lib/services/view/run-view';
import { Backfill } from './backfill.client';

export const metadata: Metadata = { title: 'Backfill' };

export default async function BackfillPage({ params }: { params: Promise<{ planId: string; tableId: string }> }) {
  const { planId, tableId } = await params;
  const { actor } = await requireSession();
  const read = () => backfillView(services(), actor, tableId);
  return (
    <HydrateViews reads={[{ queryKey: tableKeys.backfill(tableId), read }]}>
      <Backfill planId={planId} tableId={tableId} />
    </HydrateViews>
  );
}
