import { readRoute } from '@/app/_server/to-http';
import { asFile } from '@/lib/services/view/mismatch-export';
import { mismatchFilterOf } from '@/lib/services/view/mismatch-list';
import { mismatchPages } from '@/lib/services/view/run-view';

/** `?format=csv` or `jsonl`, and `class`, `state`, `key`: keys, classes, attribute names; values never leave here. */
export const GET = readRoute<{ tableId: string }>('operator', async ({ ctx, actor, params, query }) => {
  const { tableId } = params;
  const filter = mismatchFilterOf(query);
  const format = query.get('format') === 'csv' ? 'csv' : 'jsonl';
  const name = `mismatches-${tableId.replace(/[^A-Za-z0-9_-]/g, '')}.${format}`;
  return new Response(asFile(await mismatchPages(ctx, actor, { tableId, filter }), format), {
    headers: {
      'content-type': format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson',
      'content-disposition': `attachment; filename="${name}"`,
      'cache-control': 'no-store',
    },
  });
});
