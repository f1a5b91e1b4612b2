/** Requests that were sent to a store, as its monthly quota counts them: by workers and by gateways. */
import type { Sql } from '@/db/client';

/** Adds to this month's and this day's requests (UTC) of a connection. */
export async function bookRequests(sql: Sql, book: { connectionId: string; requests: number }): Promise<void> {
  await sql`
    with booked as (
      insert into connection_day (connection_id, day, requests)
      values (${book.connectionId}, to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD'), ${book.requests}::bigint)
      on conflict (connection_id, day) do update set requests = connection_day.requests + excluded.requests
    )
    insert into connection_month (connection_id, month, requests)
    values (${book.connectionId}, to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-01'), ${book.requests}::bigint)
    on conflict (connection_id, month) do update set requests = connection_month.requests + excluded.requests`;
}
