import { readRoute } from '@/app/_server/to-http';
import { deadLetterView } from '@/lib/services/view/dead-letter-view';

export const GET = readRoute<{ tableId: string; deadLetterId: string }>('viewer', ({ ctx, actor, params }) =>
  deadLetterView(ctx, actor, { tableId: params.tableId, id: params.deadLetterId }),
);
