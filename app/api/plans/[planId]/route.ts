import { readRoute } from '@/app/_server/to-http';
import { planView } from '@/lib/services/view/plan-view';

export const GET = readRoute<{ planId: string }>('viewer', ({ ctx, actor, params }) =>
  planView(ctx, actor, params.planId),
);
