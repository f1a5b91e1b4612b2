import { readRoute } from '@/app/_server/to-http';
import { alertDestinationsView } from '@/lib/services/view/alerts-view';

export const GET = readRoute('viewer', ({ ctx, actor }) => alertDestinationsView(ctx, actor));
