import { readRoute } from '@/app/_server/to-http';
import { tableView } from '@/lib/services/view/table-view';

export const GET = readRoute<{ tableId: string }>('viewer', ({ ctx, actor, params }) =>
  tableView(ctx, actor, params.tableId),
);
