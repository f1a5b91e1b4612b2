import { defaultShouldDehydrateQuery, isServer, QueryClient } from '@tanstack/react-query';
import { ReadError } from './read-json';

const STALE_MS = 5_000;
const KEPT_MS = 10 * 60_000;
const RETRIES_MAX = 2;

function make(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: STALE_MS,
        gcTime: KEPT_MS,
        // A refusal stays a refusal; only what may pass by itself is asked again.
        retry: (failures, error) => failures < RETRIES_MAX && !(error instanceof ReadError && error.status < 500),
        refetchOnWindowFocus: true,
      },
      dehydrate: { shouldDehydrateQuery: (query) => defaultShouldDehydrateQuery(query) },
    },
  });
}

let ofBrowser: QueryClient | undefined;

/** One client a browser; on the server a new one each time, because it must not be shared between people. */
export function getQueryClient(): QueryClient {
  if (isServer) return make();
  ofBrowser ??= make();
  return ofBrowser;
}
