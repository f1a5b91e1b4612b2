import { readRoute } from '@/app/_server/to-http';
import { gatewayKeysView } from '@/lib/services/view/processes-view';

export const GET = readRoute('viewer', ({ ctx, actor }) => gatewayKeysView(ctx, actor));
