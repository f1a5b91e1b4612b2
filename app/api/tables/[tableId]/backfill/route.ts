import { readRoute } from '@/app/_server/to-http';
import { backfillView } from '@/lib/services/view/run-view';

export const GET = readRoute<{ tableId: string }>('viewer', ({ ctx, actor, params }) =>
  backfillView(ctx, actor, params.tableId),
);
