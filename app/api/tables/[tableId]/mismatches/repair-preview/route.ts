import { readRoute } from '@/app/_server/to-http';
import { previewRepair } from '@/lib/services/run/repair-all';

export const GET = readRoute<{ tableId: string }>('operator', ({ ctx, actor, params }) =>
  previewRepair(ctx, actor, params.tableId),
);
