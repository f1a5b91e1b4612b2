import { readRoute } from '@/app/_server/to-http';
import { mismatchFilterOf, mismatchListView, pageOf } from '@/lib/services/view/mismatch-list';

/** `?class`, `state`, `key`, `page`: one page of mismatches. */
export const GET = readRoute<{ tableId: string }>('viewer', ({ ctx, actor, params, query }) =>
  mismatchListView(ctx, actor, { tableId: params.tableId, filter: mismatchFilterOf(query), page: pageOf(query) }),
);
