/** Looks at copied keys through SQL: one row each, made by a person, ended by whichever worker took it. */
import { sql as text } from 'drizzle-orm';
import type { DbTransaction, Sql } from '@/db/client';
import type { SqlDifference, SqlReadBackState } from '@/lib/domain/run/sql-read-back';

/** Behind everything else that waits in the queue. */
const PRIORITY = 30;
/** Tries of the job: a fence, a deploy or a killed worker costs one. */
const ATTEMPTS_MAX = 10;
/** A look that nobody ended for so long is given up when another one is asked for. */
export const OPEN_MS_MAX = 15 * 60_000;

export interface NewReadBack {
  id: string;
  planTableId: string;
  itemsMax: number;
  startedBy: string;
}

/** Makes the row and queues its job; false: one is open. The caller holds the table's lock. */
export async function insertReadBack(tx: DbTransaction, row: NewReadBack): Promise<boolean> {
  await tx.execute(text`
    update sql_read_back set state = 'failed', finished_at = clock_timestamp(), reason = 'No worker ended it.'
    where plan_table_id = ${row.planTableId} and state in ('waiting', 'running')
      and created_at < clock_timestamp() - ${OPEN_MS_MAX}::float8 * interval '1 millisecond'`);
  const made = await tx.execute(text`
    insert into sql_read_back (id, plan_table_id, items_max, started_by, created_at)
    values (${row.id}, ${row.planTableId}, ${row.itemsMax}, ${row.startedBy}, clock_timestamp())
    on conflict (plan_table_id) where state in ('waiting', 'running') do nothing returning id`);
  if (made.length === 0) return false;
  await tx.execute(text`
    select graphile_worker.add_job('sql-read-back', json_build_object('readBackId', ${row.id}::text),
      job_key := ${`sql:${row.id}`}, max_attempts := ${ATTEMPTS_MAX}::int, priority := ${PRIORITY}::int)`);
  return true;
}

export interface OpenReadBack {
  id: string;
  planTableId: string;
  itemsMax: number;
  /** Items of the table, as far as anybody counted them. */
  itemsEstimate: number;
}

/** Says that a worker is at it; null: it has ended. Two workers at once do the same work twice, and one result is kept. */
export async function takeReadBack(sql: Sql, id: string): Promise<OpenReadBack | null> {
  const rows = await sql<OpenReadBack[]>`
    update sql_read_back b set state = 'running' from plan_table t
    where b.id = ${id} and b.state in ('waiting', 'running') and t.id = b.plan_table_id
    returning b.id, b.plan_table_id as "planTableId", b.items_max as "itemsMax",
      greatest(coalesce((t.shape ->> 'itemCount')::float8, 0), coalesce((
        select sum(s.items_read)::float8 from segment s where s.side = 'source' and s.run_id = (select r.id from run r
          where r.plan_table_id = t.id order by r.created_at desc limit 1)), 0)) as "itemsEstimate"`;
  return rows[0] ?? null;
}

export interface ReadBackResult {
  state: Exclude<SqlReadBackState, 'waiting' | 'running'>;
  drawn: number;
  equal: number;
  moving: number;
  expired: number;
  unreadable: number;
  differences: SqlDifference[];
  statements: number;
  reason: string | null;
}

export async function endReadBack(sql: Sql, id: string, result: ReadBackResult): Promise<void> {
  const differences = sql.json(result.differences.map((one) => ({ ...one })));
  await sql`
    update sql_read_back set state = ${result.state}, drawn = ${result.drawn}, equal = ${result.equal},
      moving = ${result.moving}, expired = ${result.expired}, unreadable = ${result.unreadable},
      differences = ${differences}, statements = ${result.statements}, reason = ${result.reason},
      finished_at = clock_timestamp()
    where id = ${id} and state in ('waiting', 'running')`;
}

export interface ReadBackRecord extends Omit<ReadBackResult, 'state'> {
  id: string;
  state: SqlReadBackState;
  startedBy: string;
  createdAt: Date;
  finishedAt: Date | null;
}

/** Looks that a screen shows of a table, newest first. */
export const READ_BACKS_SHOWN_MAX = 5;

export async function readReadBacks(sql: Sql, planTableId: string): Promise<ReadBackRecord[]> {
  return await sql<ReadBackRecord[]>`
    select id, state, drawn, equal, moving, expired, unreadable, differences, statements, reason,
      started_by as "startedBy", created_at as "createdAt", finished_at as "finishedAt"
    from sql_read_back where plan_table_id = ${planTableId}
    order by created_at desc, id limit ${READ_BACKS_SHOWN_MAX}`;
}
