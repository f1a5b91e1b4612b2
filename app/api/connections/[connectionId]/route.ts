import { readRoute } from '@/app/_server/to-http';
import { connectionView } from '@/lib/services/view/connection-view';

export const GET = readRoute<{ connectionId: string }>('viewer', ({ ctx, actor, params }) =>
  connectionView(ctx, actor, params.connectionId),
);
