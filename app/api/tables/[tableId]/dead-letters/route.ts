import { readRoute } from '@/app/_server/to-http';
import { deadLettersView } from '@/lib/services/view/dead-letter-view';

export const GET = readRoute<{ tableId: string }>('viewer', ({ ctx, actor, params }) =>
  deadLettersView(ctx, actor, params.tableId),
);
