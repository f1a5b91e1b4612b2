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
  /** Requests of all workers and gateways in this calendar month (UTC). */
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

/** Before the answer of `loadSharedUse` is taken for current. */
export { bookRequests } from './gateway/use';

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

export interface DayUse {
  day: string;
  requests: number;
}

/** Requests to a connection by day of this month (UTC), oldest first; days without one are left out. */
export async function readMonthUse(
  sql: Sql,
  connectionId: string,
): Promise<{ used: number; nowMs: number; days: DayUse[] }> {
  const [row] = await sql<{ used: number; nowMs: number }[]>`
    select coalesce((select requests from connection_month where connection_id = ${connectionId}
      and month = to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-01')), 0)::float8 as used,
      (extract(epoch from clock_timestamp()) * 1000)::float8 as "nowMs"`;
  const days = await sql<DayUse[]>`
    select day, requests::float8 as requests from connection_day where connection_id = ${connectionId}
      and day >= to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-01') order by day limit 31`;
  return { used: row?.used ?? 0, nowMs: row?.nowMs ?? 0, days: [...days] };
}

export interface QuotaUse {
  connectionId: string;
  name: string;
  requestsPerMonth: number;
  liveReserveMilli: number;
  used: number;
  nowMs: number;
  /** A table under way on this connection, to hang an alert on. */
  planTableId: string | null;
}

/** Connections with a monthly quota that something was sent to in this month. */
export async function readQuotaUses(sql: Sql): Promise<QuotaUse[]> {
  return [
    ...(await sql<QuotaUse[]>`
      select c.id as "connectionId", c.name, (c.limits ->> 'requestsPerMonth')::float8 as "requestsPerMonth",
        (c.limits ->> 'liveReserveMilli')::float8 as "liveReserveMilli", m.requests::float8 as used,
        (extract(epoch from clock_timestamp()) * 1000)::float8 as "nowMs",
        (select t.id from plan_table t join plan p on p.id = t.plan_id
          where c.id in (p.source_connection_id, p.target_connection_id) and t.stage not in ('planned', 'retired')
          order by t.id limit 1) as "planTableId"
      from connection c join connection_month m on m.connection_id = c.id
        and m.month = to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-01')
      where (c.limits ->> 'requestsPerMonth') is not null limit 200`),
  ];
}
