import { readRoute } from '@/app/_server/to-http';
import { trafficView } from '@/lib/services/view/traffic-view';

/** `?rangeMs=`: how far back, one minute to 24 hours. */
export const GET = readRoute<{ tableId: string }>('viewer', ({ ctx, actor, params, query }) =>
  trafficView(ctx, actor, {
    tableId: params.tableId,
    rangeMs: query.has('rangeMs') ? Number(query.get('rangeMs')) : null,
  }),
);
