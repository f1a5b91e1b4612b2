import type { Metadata } from 'next';
import { activityKeys } from '@/app/_data/activity';
import { HydrateViews } from '@/app/_data/hydrate-views';
import { TRAFFIC_RANGES_MS, tableKeys } from '@/app/_data/table';
import { services } from '@/app/_server/container';
import { requireSession } from '@/app/_server/session';
import { activityView } from '@/lib/services/view/activity-view';
import { trafficView } from '@/lib/services/view/traffic-view';
import { Overview } from './overview.client';

export const metadata: Metadata = { title: 'Table' };

export default async function TablePage({ params }: { params: Promise<{ tableId: string }> }) {
  const { tableId } = await params;
  const { actor } = await requireSession();
  const rangeMs = TRAFFIC_RANGES_MS[0];
  return (
    <HydrateViews
      reads={[
        {
          queryKey: tableKeys.traffic(tableId, rangeMs),
          read: () => trafficView(services(), actor, { tableId, rangeMs }),
        },
        { queryKey: activityKeys.latest({ tableId }), read: () => activityView(services(), actor, { tableId }) },
      ]}
    >
      <Overview tableId={tableId} />
    </HydrateViews>
  );
}
