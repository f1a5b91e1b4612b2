import { readRoute } from '@/app/_server/to-http';
import { mismatchesAsCsv, mismatchesAsJsonl } from '@/lib/services/view/mismatch-export';
import { mismatchRows } from '@/lib/services/view/run-view';

/** `?format=csv` or `jsonl`: keys, classes and attribute names; values never leave by this door. */
export const GET = readRoute<{ tableId: string }>('operator', async ({ ctx, actor, params, query }) => {
  const rows = await mismatchRows(ctx, actor, params.tableId);
  const isCsv = query.get('format') === 'csv';
  const name = `mismatches-${params.tableId.replace(/[^A-Za-z0-9_-]/g, '')}.${isCsv ? 'csv' : 'jsonl'}`;
  return new Response(isCsv ? mismatchesAsCsv(rows) : mismatchesAsJsonl(rows), {
    headers: {
      'content-type': isCsv ? 'text/csv; charset=utf-8' : 'application/x-ndjson',
      'content-disposition': `attachment; filename="${name}"`,
      'cache-control': 'no-store',
    },
  });
});
