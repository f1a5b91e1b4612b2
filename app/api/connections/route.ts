import { readRoute } from '@/app/_server/to-http';
import { connectionViews } from '@/lib/services/view/connection-view';

export const GET = readRoute('viewer', ({ ctx, actor }) => connectionViews(ctx, actor));
