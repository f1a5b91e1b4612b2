import type { Sql } from '@/db/client';
import type { StoreKind } from '@/lib/domain/store-kind';

/** Keys settled since the last backfill of a table was made; null: it has none. */
export async function readSettledSince(sql: Sql, tableId: string): Promise<{ keys: number; sinceAt: Date } | null> {
  const rows = await sql<{ keys: number; sinceAt: Date }[]>`
    select (coalesce(c.keys, 0) - r.keys_settled_before)::float8 as keys, r.created_at as "sinceAt"
    from run r left join settle_count c on c.plan_table_id = r.plan_table_id
    where r.plan_table_id = ${tableId} and r.kind = 'backfill' order by r.generation desc limit 1`;
  return rows[0] ?? null;
}

export async function readTargetKind(sql: Sql, tableId: string): Promise<StoreKind | null> {
  const rows = await sql<{ kind: StoreKind }[]>`
    select c.kind from plan_table t join plan p on p.id = t.plan_id join connection c on c.id = p.target_connection_id
    where t.id = ${tableId}`;
  return rows[0]?.kind ?? null;
}
