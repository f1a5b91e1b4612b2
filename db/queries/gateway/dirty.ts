/** Dirty keys as a gateway marks and hears of them (PROTOCOL D1, D2, D5). */
import type { Sql } from '@/db/client';
import { CHANNELS } from '@/lib/contracts/routing';
import type { DirtyCause } from '@/lib/domain/routing/dirty';

export interface Mark {
  planTableId: string;
  keyId: string;
  keyHash: string;
  /** The key as jsonb can hold it; `{}` where it cannot. */
  key: Record<string, unknown>;
  cause: DirtyCause;
  /** Set for an unknown outcome: `hold_until` becomes database time + this, raised by each further one. */
  unknownForMs: number | null;
}

/** Marks keys, one row a key with a new generation each time, and tells everybody. Keys are distinct. */
export async function markDirty(sql: Sql, marks: readonly Mark[]): Promise<void> {
  const given = marks.map((mark) => ({
    ...mark,
    payload: JSON.stringify({ planTableId: mark.planTableId, keyHash: mark.keyHash, event: 'marked' }),
  }));
  await sql`
    with given as (
      select g.* from jsonb_to_recordset(${sql.json(given as never)})
        as g("planTableId" text, "keyId" text, key jsonb, cause text, "unknownForMs" float8, payload text)
      join plan_table t on t.id = g."planTableId" order by g."planTableId", g."keyId"
    ), marked as (
      insert into dirty_key as d (plan_table_id, key_id, key, cause, generation, hold_until, first_seen_at, last_seen_at)
      select "planTableId", "keyId", key, cause, nextval('dirty_generation'),
        clock_timestamp() + "unknownForMs" * interval '1 millisecond', clock_timestamp(), clock_timestamp()
      from given
      on conflict (plan_table_id, key_digest) do update set
        cause = excluded.cause, generation = excluded.generation, last_seen_at = excluded.last_seen_at,
        hold_until = greatest(d.hold_until, excluded.hold_until),
        claim_until = case when d.claim_token is null then null else d.claim_until end
    )
    select pg_notify(${CHANNELS.dirty}, payload) from given`;
}

export interface DirtyRows {
  planTableId: string;
  keyIds: string[];
}

/** Keys that are dirty now, at most `rowsMax + 1` a table: one too many says that there are more. */
export async function readDirty(sql: Sql, tableIds: readonly string[], rowsMax: number): Promise<DirtyRows[]> {
  const rows = await sql<{ planTableId: string; keyIds: string[] | string }[]>`
    select t.id as "planTableId", coalesce((select json_agg(d.key_id) from
      (select key_id from dirty_key where plan_table_id = t.id limit ${rowsMax + 1}) d), '[]') as "keyIds"
    from plan_table t where t.id in (select jsonb_array_elements_text(${sql.json([...tableIds])}))`;
  return rows.map((row) => ({
    planTableId: row.planTableId,
    keyIds: typeof row.keyIds === 'string' ? JSON.parse(row.keyIds) : row.keyIds,
  }));
}
