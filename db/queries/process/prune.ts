import type { Sql } from '@/db/client';

/** Rows taken away in one statement, so that it stays short beside live traffic. */
export const PRUNED_MAX = 20_000;

/**
 * Takes away samples of traffic that no screen and no gate reads any more. What still used the source of a closed table
 * is kept until the table is retired: the gate of that move counts it from the beginning of the backup.
 */
export async function pruneTrafficSamples(sql: Sql, keptMs: number): Promise<number> {
  const rows = await sql<{ n: number }[]>`
    with gone as (
      delete from traffic_sample where id in (
        select s.id from traffic_sample s
        where s.at < now() - ${keptMs}::float8 * interval '1 millisecond'
          and not (s.reads_source + s.reads_unroutable > 0
            and exists (select 1 from plan_table t where t.id = s.plan_table_id and t.stage = 'backup' and s.at >= t.backup_since))
        limit ${PRUNED_MAX})
      returning 1)
    select count(*)::int as n from gone`;
  return rows[0]?.n ?? 0;
}
