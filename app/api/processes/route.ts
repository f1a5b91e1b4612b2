import { readRoute } from '@/app/_server/to-http';
import { processesView } from '@/lib/services/view/processes-view';

export const GET = readRoute('viewer', ({ ctx, actor }) => processesView(ctx, actor));
