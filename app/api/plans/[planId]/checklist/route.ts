import { readRoute } from '@/app/_server/to-http';
import { checklistView } from '@/lib/services/view/checklist-view';

export const GET = readRoute<{ planId: string }>('viewer', ({ ctx, actor, params }) =>
  checklistView(ctx, actor, params.planId),
);
