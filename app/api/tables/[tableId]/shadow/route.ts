import { readRoute } from '@/app/_server/to-http';
import { shadowView } from '@/lib/services/view/shadow-view';

export const GET = readRoute<{ tableId: string }>('viewer', ({ ctx, actor, params }) =>
  shadowView(ctx, actor, params.tableId),
);
