import { readRoute } from '@/app/_server/to-http';
import { mismatchView } from '@/lib/services/view/mismatch-view';

export const GET = readRoute<{ tableId: string; mismatchId: string }>('viewer', ({ ctx, actor, params }) =>
  mismatchView(ctx, actor, params),
);
