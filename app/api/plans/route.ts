import { readRoute } from '@/app/_server/to-http';
import { planViews } from '@/lib/services/view/plan-view';

export const GET = readRoute('viewer', ({ ctx, actor }) => planViews(ctx, actor));
