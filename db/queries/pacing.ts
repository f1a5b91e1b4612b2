/** What workers share of a connection besides its limits: who is at work on it, its quiet time, its month. */
import type { Sql } from '@/db/client';
import { WORKER_SILENT_MS } from './worker';

export interface SharedUse {
  connectionId: string;
  /** Live workers besides the one that asks whose heartbeat names a table of this connection. */
  othersAtWork: number;
  /** Time for which the store asked that nothing be sent; 0: none. */
  quietMs: number;
  requestsPerMonth: number | null;
  /** Requests of all workers in this calendar month (UTC). */
  usedThisMonth: number;
}

export async function loadSharedUse(sql: Sql, ask: { ids: readonly string[]; workerId: string }): Promise<SharedUse[]> {
  return [
    ...(await sql<SharedUse[]>`
      select c.id as "connectionId", (c.limits ->> 'requestsPerMonth')::float8 as "requestsPerMonth",
        coalesce(m.requests, 0)::float8 as "usedThisMonth",
        greatest(0, coalesce(extract(epoch from c.quiet_until - clock_timestamp()) * 1000, 0))::float8 as "quietMs",
        (select count(distinct w.id) from worker w
           cross join lateral jsonb_array_elements(w.activity) a
           join plan_table t on t.id = a ->> 'planTableId' join plan p on p.id = t.plan_id
         where w.state = 'registered' and w.id <> ${ask.workerId}
           and w.last_seen_at > clock_timestamp() - ${WORKER_SILENT_MS}::float8 * interval '1 millisecond'
           and c.id in (p.source_connection_id, p.target_connection_id))::int as "othersAtWork"
      from connection c left join connection_month m on m.connection_id = c.id
        and m.month = to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-01')
      where c.id in (select jsonb_array_elements_text(${sql.json([...ask.ids])}))`),
  ];
}

/** Adds to this month's requests of a connection; before the answer of `loadSharedUse` is taken for current. */
export async function bookRequests(sql: Sql, book: { connectionId: string; requests: number }): Promise<void> {
  await sql`insert into connection_month (connection_id, month, requests)
    values (${book.connectionId}, to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-01'), ${book.requests}::bigint)
    on conflict (connection_id, month) do update set requests = connection_month.requests + excluded.requests`;
}

/** Keeps what the store asked for, for workers that do not hear of it now; a longer time that stands stays. */
export async function keepQuiet(sql: Sql, quiet: { connectionId: string; waitMs: number }): Promise<void> {
  await sql`update connection set quiet_until = greatest(coalesce(quiet_until, '-infinity'),
    clock_timestamp() + ${quiet.waitMs}::float8 * interval '1 millisecond') where id = ${quiet.connectionId}`;
}

/** Open segments of runs that run, as a worker's part of them is judged. */
export async function countOpenSegments(sql: Sql): Promise<number> {
  const [row] = await sql<{ open: number }[]>`select count(*)::int as open from segment s join run r on r.id = s.run_id
    join plan_table t on t.id = r.plan_table_id
    where r.state in ('waiting', 'running') and s.state in ('waiting', 'running')
      and (r.kind = 'verification' or t.hold_kind is distinct from 'operator')`;
  return row?.open ?? 0;
}
