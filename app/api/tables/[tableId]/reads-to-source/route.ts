import { changeRoute } from '@/app/_server/to-http';
import { readsToSource } from '@/lib/services/table/reads-to-source';

/** The way back: no version, no approval, no dry run, so that a tab of yesterday can take it. */
export const POST = changeRoute<{ tableId: string }>('operator', ({ ctx, actor, params }) =>
  readsToSource(ctx, actor, { tableId: params.tableId, reason: 'Reads back to DynamoDB from the console' }),
);
