import type { Metadata } from 'next';
import { HydrateViews } from '@/app/_data/hydrate-views';
import { tableKeys } from '@/app/_data/table';
import { services } from '@/app/_server/container';
import { requireSession } from '@/app/_server/session';
import { verificationView } from '@/lib/services/view/run-view';
import { Verification } from './verification.client';

export const metadata: Metadata = { title: 'Verification' };

export default async function VerificationPage({ params }: { params: Promise<{ tableId: string }> }) {
  const { tableId } = await params;
  const { actor } = await requireSession();
  const read = () => verificationView(services(), actor, tableId);
  return (
    <HydrateViews reads={[{ queryKey: tableKeys.verification(tableId), read }]}>
      <Verification tableId={tableId} />
    </HydrateViews>
  );
}
