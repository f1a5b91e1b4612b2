import { readRoute } from '@/app/_server/to-http';
import { fleetView } from '@/lib/services/view/fleet-view';

export const GET = readRoute('viewer', ({ ctx, actor }) => fleetView(ctx, actor));
