import { readRoute } from '@/app/_server/to-http';
import { shadowSampleView } from '@/lib/services/view/shadow-view';

export const GET = readRoute<{ tableId: string; sampleId: string }>('viewer', ({ ctx, actor, params }) =>
  shadowSampleView(ctx, actor, params),
);
