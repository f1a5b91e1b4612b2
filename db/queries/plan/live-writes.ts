import type { Sql } from '@/db/client';

/** A rate from fewer seconds than this says nothing. */
const SPAN_S_MIN = 30;

/** Writes a second of a table over the last ten minutes, from what gateways did; null where they saw too little. */
export async function readLiveWrites(client: Sql, tableId: string): Promise<number | null> {
  const rows = await client<{ writes: number; spanS: number | null }[]>`
    select coalesce(sum(writes), 0)::float8 as writes, extract(epoch from max(at) - min(at))::float8 as "spanS"
    from traffic_sample where plan_table_id = ${tableId} and at > now() - interval '10 minutes'`;
  const row = rows[0];
  return row?.spanS && row.spanS >= SPAN_S_MIN ? row.writes / row.spanS : null;
}
