/** What flags are answered from, each read in one statement, so that all of it is of one instant. */
import type { Sql } from '@/db/client';
import type { FlagKeyRow, FlagTable } from '@/lib/contracts/flags';

export interface FlagBoardRow {
  tables: FlagTable[];
  keys: FlagKeyRow[];
}

/** All tables of all plans with their routing, and the live keys of applications. At most `tablesMax` tables. */
export async function readFlagBoard(sql: Sql, tablesMax: number): Promise<FlagBoardRow> {
  const rows = await sql<{ board: FlagBoardRow | string }[]>`
    select json_build_object(
      'tables', coalesce((select json_agg(one) from (
        select json_build_object(
          'planTableId', t.id, 'planId', p.id, 'planAlias', p.alias, 'tableAlias', t.alias, 'tableName', t.name,
          'keyType', t.key_schema #>> '{partition,type}', 'salt', t.salt,
          'routing', case when r.plan_table_id is not null then json_build_object(
            'incarnation', r.incarnation, 'epoch', r.epoch, 'stage', r.stage, 'writes', r.writes,
            'authority', r.authority, 'reads', r.reads, 'readShareMilli', r.read_share_milli,
            'shadowMilli', r.shadow_milli, 'fallback', r.fallback) end) as one
        from plan_table t join plan p on p.id = t.plan_id left join routing r on r.plan_table_id = t.id
        order by p.alias, t.alias limit ${tablesMax}) as listed), '[]'),
      'keys', coalesce((select json_agg(json_build_object('id', id, 'keyHash', key_hash, 'planIds', plan_ids)
        order by id) from flag_key where revoked_at is null), '[]')) as board`;
  const board = rows[0]?.board ?? { tables: [], keys: [] };
  return typeof board === 'string' ? JSON.parse(board) : board;
}

export interface FlagKeyRecord {
  id: string;
  application: string;
  hint: string;
  plans: string[] | null;
  createdAt: Date;
  revokedAt: Date | null;
}

const KEYS_MAX = 500;

export async function readFlagKeys(sql: Sql): Promise<FlagKeyRecord[]> {
  const rows = await sql<(Omit<FlagKeyRecord, 'plans'> & { plans: string[] | string | null })[]>`
    select k.id, k.application, k.hint, k.created_at as "createdAt", k.revoked_at as "revokedAt",
      case when k.plan_ids is null then null else coalesce((select json_agg(p.name order by p.name) from plan p
        where p.id in (select jsonb_array_elements_text(k.plan_ids))), '[]') end as plans
    from flag_key k order by (k.revoked_at is not null), k.created_at desc, k.id limit ${KEYS_MAX}`;
  return rows.map((row) => ({ ...row, plans: typeof row.plans === 'string' ? JSON.parse(row.plans) : row.plans }));
}

/** `PLAN.TABLE` of each table of one plan, or of all. */
export async function readFlagNames(
  sql: Sql,
  planId: string | null,
): Promise<{ planId: string; tableName: string; name: string }[]> {
  return await sql<{ planId: string; tableName: string; name: string }[]>`
    select p.id as "planId", t.name as "tableName", p.alias || '.' || t.alias as name
    from plan_table t join plan p on p.id = t.plan_id where ${planId}::text is null or p.id = ${planId}
    order by t.wave, t.position, t.name`;
}
