import { sql } from 'drizzle-orm';
import type { Db, DbTransaction } from '@/db/client';
import type { RoutingChange } from '@/lib/domain/plan/steps';

export interface CurrentRouting extends RoutingChange {
  epoch: number;
  incarnation: number;
}

/** What gateways are to obey for a table now; null: nothing was published, so it passes through. */
export async function currentRouting(tx: Db | DbTransaction, planTableId: string): Promise<CurrentRouting | null> {
  const rows = await tx.execute<CurrentRouting & Record<string, unknown>>(sql`
    select stage, writes, authority, reads, read_share_milli as "readShareMilli", fallback, epoch::float8 as epoch,
      incarnation from routing where plan_table_id = ${planTableId}`);
  return rows[0] ?? null;
}
