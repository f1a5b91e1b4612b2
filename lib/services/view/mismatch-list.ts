import { countMismatches, MISMATCHES_A_PAGE, type MismatchFilter, readMismatches } from '@/db/queries/view/runs';
import type { MismatchListView } from '@/lib/contracts/verification-views';
import { keySearchParts } from '@/lib/domain/item/key-search';
import { authorityOf } from '@/lib/domain/plan/stages';
import { MISMATCH_CLASSES } from '@/lib/domain/run/states';
import type { Actor, ServiceContext } from '../context';
import { hasRole, requireRole } from './require-role';
import { requireFacts, toMismatchRow } from './run-view';
import { iso } from './table-row';

const STATES = ['open', 'repairing', 'gone'] as const;
const PAGE_MAX = 100_000;

/** `class`, `state` and `key` (a piece of a key, or the whole as screens say it); what is not understood asks for nothing. */
export function mismatchFilterOf(query: URLSearchParams): MismatchFilter {
  const keyParts = keySearchParts(query.get('key') ?? '');
  return {
    class: MISMATCH_CLASSES.find((one) => one === query.get('class')),
    state: STATES.find((one) => one === query.get('state')),
    ...(keyParts.length > 0 ? { keyParts } : {}),
  };
}

/** `page` of a query, counted from 0. */
export const pageOf = (query: URLSearchParams): number => {
  const page = Number(query.get('page') ?? 0);
  return Number.isInteger(page) && page >= 0 && page <= PAGE_MAX ? page : 0;
};

/**
 * A page of a table's mismatches. Who may not see keys may not search by them either: the answer would say which exist.
 * @throws AppError `table.not_found`, `auth.role_too_low`
 */
export async function mismatchListView(
  ctx: ServiceContext,
  actor: Actor,
  ask: { tableId: string; filter: MismatchFilter; page: number },
): Promise<MismatchListView> {
  requireRole(actor, ask.filter.keyParts ? 'operator' : 'viewer');
  const { tableId, filter, page } = ask;
  const [{ facts }, rows, counts] = await Promise.all([
    requireFacts(ctx, tableId),
    readMismatches(ctx.sql, tableId, { filter, page }),
    countMismatches(ctx.sql, tableId, filter),
  ]);
  const of = { mayReadValues: hasRole(actor, 'operator'), authority: authorityOf(facts.stage) };
  return {
    rows: rows.map((row) => toMismatchRow(row, of)),
    ...counts,
    openSince: iso(counts.openSince),
    page,
    pageRows: MISMATCHES_A_PAGE,
  };
}
