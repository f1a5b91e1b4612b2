import { sql } from 'drizzle-orm';
import type { Db } from '@/db/client';

/** Tables with a barrier that gateways have not all passed. */
export async function openBarriers(db: Db): Promise<string[]> {
  const rows = await db.execute<{ id: string }>(
    sql`select id from plan_table where barrier_verb is not null and barrier_passed_at is null order by id`,
  );
  return rows.map((row) => row.id);
}

/** Tables whose dual write has passed its barrier and whose canary has not been seen on the target. */
export async function channelsToProve(db: Db): Promise<string[]> {
  const rows = await db.execute<{ id: string }>(sql`
    select t.id from plan_table t join plan p on p.id = t.plan_id
    where t.barrier_verb = 'begin_dual_write' and t.barrier_passed_at is not null and t.canary_nonce is not null
      and t.canary_arrived_at is null
      and clock_timestamp() >= t.barrier_passed_at + (p.settings ->> 'deltaMs')::float8 * interval '1 millisecond'
    order by t.id`);
  return rows.map((row) => row.id);
}
