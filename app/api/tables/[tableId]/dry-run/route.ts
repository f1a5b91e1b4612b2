import { readRoute } from '@/app/_server/to-http';
import { moveView } from '@/lib/services/view/move-view';

/** `?verb=`, `&readShareMilli=` for `set_read_share`, `&long=true` for a long hold: what the move would do now. */
export const GET = readRoute<{ tableId: string }>('viewer', ({ ctx, actor, params, query }) =>
  moveView(ctx, actor, {
    tableId: params.tableId,
    verb: query.get('verb') ?? '',
    readShareMilli: query.has('readShareMilli') ? Number(query.get('readShareMilli')) : null,
    long: query.get('long') === 'true',
  }),
);
