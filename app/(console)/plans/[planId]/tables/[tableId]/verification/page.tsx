import type { Metadata } from 'next';
import { HydrateViews } from '@/app/_data/hydrate-views';
import { ALL_MISMATCHES, tableKeys } from '@/app/_data/table';
import { services } from '@/app/_server/container';
import { requireSession } from '@/app/_server/session';
import { mismatchListView } from '@/lib/services/view/mismatch-list';
import { verificationView } from '@/lib/services/view/run-view';
import { Verification } from './verification.client';

export const metadata: Metadata = { title: 'Verification' };

export default async function VerificationPage({ params }: { params: Promise<{ tableId: string }> }) {
  const { tableId } = await params;
  const { actor } = await requireSession();
  const ask = { tableId, filter: {}, page: 0 };
  const reads = [
    { queryKey: tableKeys.verification(tableId), read: () => verificationView(services(), actor, tableId) },
    {
      queryKey: tableKeys.mismatches(tableId, ALL_MISMATCHES),
      read: () => mismatchListView(services(), actor, ask),
    },
  ];
  return (
    <HydrateViews reads={reads}>
      <Verification tableId={tableId} />
    </HydrateViews>
  );
}
