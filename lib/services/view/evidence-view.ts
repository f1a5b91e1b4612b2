import { READ_BACKS_SHOWN_MAX, type ReadBackRecord, readReadBacks } from '@/db/queries/sql-read-back';
import { readSettledSince, readTargetKind } from '@/db/queries/view/evidence';
import { readShadowTotals } from '@/db/queries/view/shadow';
import type { EvidenceView, SqlReadBacksView, SqlReadBackView } from '@/lib/contracts/verification-views';
import { AppError } from '@/lib/domain/errors';
import { sqlReadBackSays } from '@/lib/domain/run/sql-read-back';
import type { ServiceContext } from '../context';
import type { LoadedFacts } from '../table/facts';
import { sayKey } from './say-key';
import { shadowCounts } from './shadow-view';
import { iso } from './table-row';

/** What comes in between two verifications; the caller has looked at the role. @throws AppError `table.not_found` */
export async function evidenceView(
  ctx: ServiceContext,
  tableId: string,
  { facts }: LoadedFacts,
): Promise<EvidenceView> {
  const [totals, settled] = await Promise.all([readShadowTotals(ctx.sql, tableId), readSettledSince(ctx.sql, tableId)]);
  if (!totals) throw new AppError('table.not_found', 'There is no such table.');
  const { count, oldestMs } = facts.dirty;
  return {
    dirty: { count, oldestMs, max: facts.settings.dirtyCountMax },
    settled: settled && { keys: settled.keys, sinceAt: settled.sinceAt.toISOString() },
    shadow: shadowCounts(totals),
  };
}

/** Looks through SQL, newest first; keys for operators and above. */
export async function sqlReadBacksView(
  ctx: ServiceContext,
  tableId: string,
  mayReadValues: boolean,
): Promise<SqlReadBacksView> {
  const [kind, rows] = await Promise.all([readTargetKind(ctx.sql, tableId), readReadBacks(ctx.sql, tableId)]);
  const looks = rows.slice(0, READ_BACKS_SHOWN_MAX).map((row) => toLook(row, mayReadValues));
  return { isPossible: kind === 'terrascale_rest', looks };
}

const toLook = (row: ReadBackRecord, mayReadValues: boolean): SqlReadBackView => ({
  ...row,
  differences: row.differences.map(({ keyId, ...one }) => ({ ...one, key: sayKey(keyId, mayReadValues) })),
  sentence: sentenceOf(row),
  createdAt: row.createdAt.toISOString(),
  finishedAt: iso(row.finishedAt),
});

function sentenceOf(row: ReadBackRecord): string {
  switch (row.state) {
    case 'waiting':
      return 'Waits for a worker.';
    case 'running':
      return 'Keys are drawn and read.';
    case 'done':
      return sqlReadBackSays({ ...row, different: row.differences.length });
    case 'not_offered':
      return `The connection does not offer SQL: ${row.reason ?? 'it did not say why'}.`;
    case 'failed':
      return row.reason ?? 'It ended without a result.';
  }
}
