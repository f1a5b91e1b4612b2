import { AppError } from '@/lib/domain/errors';
import type { ServiceContext } from '../context';

/** @throws AppError `table.not_found` */
export async function requireTable(
  ctx: Pick<ServiceContext, 'sql'>,
  tableId: string,
): Promise<{ planId: string; name: string }> {
  const rows = await ctx.sql<{ planId: string; name: string }[]>`
    select plan_id as "planId", name from plan_table where id = ${tableId}`;
  const row = rows[0];
  if (!row) throw new AppError('table.not_found', `There is no table ${tableId.slice(0, 60)}.`);
  return row;
}
