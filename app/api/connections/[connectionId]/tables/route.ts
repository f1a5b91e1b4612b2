import { readRoute } from '@/app/_server/to-http';
import { discoverTables } from '@/lib/services/connection/discover-tables';

/** Asks the store itself. */
export const GET = readRoute<{ connectionId: string }>('viewer', ({ ctx, actor, params }) =>
  discoverTables(ctx, actor, params),
);
