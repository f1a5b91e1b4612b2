import 'server-only';
import { dehydrate, HydrationBoundary, type QueryKey } from '@tanstack/react-query';
import { notFound, unstable_rethrow } from 'next/navigation';
import { AppError } from '@/lib/domain/errors';
import { getQueryClient } from './query-client';

export interface ServerRead {
  queryKey: QueryKey;
  read: () => Promise<unknown>;
  /** The thing that the page is about: when it does not exist, there is no such page. */
  isSubject?: boolean;
}

/**
 * Reads what a page shows on the server, so that its first paint has it. What could not be read is left out: the
 * browser asks for it again and says why when it fails too.
 */
export async function HydrateViews({ reads, children }: { reads: readonly ServerRead[]; children: React.ReactNode }) {
  const client = getQueryClient();
  await Promise.all(
    reads.map(async ({ queryKey, read, isSubject }) => {
      try {
        // Through JSON, so that what was hydrated and what is fetched later are equal.
        client.setQueryData(queryKey, JSON.parse(JSON.stringify(await read())));
      } catch (error) {
        unstable_rethrow(error);
        if (isSubject && error instanceof AppError && error.http === 404) notFound();
      }
    }),
  );
  return <HydrationBoundary state={dehydrate(client)}>{children}</HydrationBoundary>;
}
