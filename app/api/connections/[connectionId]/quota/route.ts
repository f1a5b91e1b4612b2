import { readRoute } from '@/app/_server/to-http';
import { quotaView } from '@/lib/services/view/connection-view';

export const GET = readRoute<{ connectionId: string }>('viewer', ({ ctx, actor, params }) =>
  quotaView(ctx, actor, params.connectionId),
);
