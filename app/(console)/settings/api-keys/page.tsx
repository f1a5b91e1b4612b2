import type { Metadata } from 'next';
import { flagKeys } from '@/app/_data/flag';
import { HydrateViews } from '@/app/_data/hydrate-views';
import { planKeys } from '@/app/_data/plan';
import { services } from '@/app/_server/container';
import { requireSession } from '@/app/_server/session';
import { flagKeysView } from '@/lib/services/flags/flag-keys';
import { planViews } from '@/lib/services/view/plan-view';
import { ApiKeys } from './api-keys.client';

export const metadata: Metadata = { title: 'API keys' };

export default async function ApiKeysPage() {
  const { actor } = await requireSession();
  return (
    <HydrateViews
      reads={[
        { queryKey: flagKeys.keys, read: () => flagKeysView(services(), actor) },
        { queryKey: planKeys.all, read: () => planViews(services(), actor) },
      ]}
    >
      <ApiKeys />
    </HydrateViews>
  );
}
