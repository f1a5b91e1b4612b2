import { readRoute } from '@/app/_server/to-http';
import { MISMATCH_CLASSES } from '@/lib/domain/run/states';
import { asFile } from '@/lib/services/view/mismatch-export';
import { mismatchPages } from '@/lib/services/view/run-view';

const STATES = ['open', 'repairing', 'gone'] as const;
const KEY_CHARS_MAX = 200;

/** `?format=csv` or `jsonl`, and `class`, `state`, `key`: keys, classes, attribute names; values never leave here. */
export const GET = readRoute<{ tableId: string }>('operator', async ({ ctx, actor, params, query }) => {
  const { tableId } = params;
  const filter = {
    class: MISMATCH_CLASSES.find((one) => one === query.get('class')),
    state: STATES.find((one) => one === query.get('state')),
    key: query.get('key')?.slice(0, KEY_CHARS_MAX) || undefined,
  };
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
