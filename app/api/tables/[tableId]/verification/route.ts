import { readRoute } from '@/app/_server/to-http';
import { verificationView } from '@/lib/services/view/run-view';

export const GET = readRoute<{ tableId: string }>('viewer', ({ ctx, actor, params }) =>
  verificationView(ctx, actor, params.tableId),
);
