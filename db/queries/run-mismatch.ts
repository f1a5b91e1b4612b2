/** Mismatches as a verification writes them: one row a key and run, both images sealed. */
import { sql as text } from 'drizzle-orm';
import type { DbTransaction, Sql } from '@/db/client';
import type { KeySchema } from '@/lib/domain/item/item';
import { keyFromId } from '@/lib/domain/item/key';
import type { MismatchClass } from '@/lib/domain/run/states';
import type { JsonParameter } from './dirty';

export interface NewMismatch {
  id: string;
  runId: string;
  planTableId: string;
  keyId: string;
  class: MismatchClass;
  attributes: { attribute: string; class: MismatchClass }[];
  sourceSealed: string | null;
  targetSealed: string | null;
  /** Since when exactly these two images stand against each other; null: since now. */
  firstSeenAt: Date | null;
}

export async function insertMismatch(sql: Sql, row: NewMismatch, schema: KeySchema): Promise<void> {
  const text = JSON.stringify(keyFromId(row.keyId, schema));
  const key = /\\u(0000|d[89a-f])/i.test(text) ? {} : (JSON.parse(text) as JsonParameter);
  await sql`
    insert into mismatch (id, run_id, plan_table_id, key_id, key, class, attributes, source_sealed, target_sealed,
      deletes_on_target, first_seen_at)
    values (${row.id}, ${row.runId}, ${row.planTableId}, ${row.keyId}, ${sql.json(key)}, ${row.class},
      ${sql.json(row.attributes.map((one) => ({ ...one })))}, ${row.sourceSealed}, ${row.targetSealed},
      ${row.class === 'extra'}, coalesce(${row.firstSeenAt}::timestamptz, now()))
    on conflict (run_id, key_digest) do update set class = excluded.class, attributes = excluded.attributes,
      source_sealed = excluded.source_sealed, target_sealed = excluded.target_sealed, state = 'open', gone_at = null,
      deletes_on_target = excluded.deletes_on_target, first_seen_at = excluded.first_seen_at, last_seen_at = now()`;
}

export interface MismatchRow {
  id: string;
  runId: string;
  planTableId: string;
  keyId: string;
  state: 'open' | 'repairing' | 'gone';
  sourceSealed: string | null;
  targetSealed: string | null;
  firstSeenAt: Date;
}

/** The row of this key that was seen last, in whatever run. */
export async function lastMismatchOf(sql: Sql, planTableId: string, keyId: string): Promise<MismatchRow | null> {
  const rows = await sql<MismatchRow[]>`
    select id, run_id as "runId", plan_table_id as "planTableId", key_id as "keyId", state,
      source_sealed as "sourceSealed", target_sealed as "targetSealed", first_seen_at as "firstSeenAt"
    from mismatch where plan_table_id = ${planTableId} and key_digest = key_digest(${keyId}) and state <> 'gone'
    order by last_seen_at desc limit 1`;
  return rows[0] ?? null;
}

export async function loadMismatch(sql: Sql, mismatchId: string): Promise<MismatchRow | null> {
  const rows = await sql<MismatchRow[]>`
    select id, run_id as "runId", plan_table_id as "planTableId", key_id as "keyId", state,
      source_sealed as "sourceSealed", target_sealed as "targetSealed", first_seen_at as "firstSeenAt"
    from mismatch where id = ${mismatchId}`;
  return rows[0] ?? null;
}

/** Both sides are equal now. */
export async function closeMismatch(sql: Sql, mismatchId: string): Promise<void> {
  await sql`update mismatch set state = 'gone', gone_at = now() where id = ${mismatchId} and state <> 'gone'`;
}

/** Repaired keys whose dirty row has gone: looked at once more, so that a repair proves itself. */
export async function queueRepairedMismatches(sql: Sql): Promise<void> {
  await sql`
    select graphile_worker.add_job('recheck-mismatch', json_build_object('mismatchId', m.id),
      job_key := 'recheck:' || m.id, priority := 5)
    from mismatch m
    where m.state = 'repairing'
      and not exists (select 1 from dirty_key d where d.plan_table_id = m.plan_table_id and d.key_digest = m.key_digest)
      and not exists (select 1 from graphile_worker.jobs j where j.key = 'recheck:' || m.id)
    limit 100`;
}

/** Mismatches repaired together, at most. */
export const OPEN_MISMATCHES_MAX = 10_000;

/** The latest open mismatch of each key of a table, in a stable order. */
export async function openMismatches(
  sql: Sql,
  planTableId: string,
): Promise<{ id: string; keyId: string; class: MismatchClass }[]> {
  return await sql<{ id: string; keyId: string; class: MismatchClass }[]>`
    select distinct on (key_digest) id, key_id as "keyId", class from mismatch
    where plan_table_id = ${planTableId} and state = 'open'
    order by key_digest, last_seen_at desc, id limit ${OPEN_MISMATCHES_MAX}`;
}

export async function setRepairing(tx: DbTransaction, ids: readonly string[]): Promise<void> {
  await tx.execute(text`update mismatch set state = 'repairing' where state = 'open'
    and id in (select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`);
}
