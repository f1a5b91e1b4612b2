import type { Sql } from '@/db/client';

export const EVENTS_PAGE = 50;

export interface EventFilter {
  planId?: string | null;
  tableId?: string | null;
  actorKind?: string | null;
  kind?: string | null;
  text?: string | null;
  /** Older than this event: its `cursorAt` and its id. */
  before?: { at: string; id: string } | null;
}

export interface EventRecord {
  id: string;
  kind: string;
  sentence: string;
  actorKind: 'person' | 'system' | 'guardrail';
  actor: string;
  before: unknown;
  after: unknown;
  reason: string | null;
  epoch: number | null;
  planId: string | null;
  planTableId: string | null;
  tableName: string | null;
  at: Date;
  /** The instant with microseconds, as a cursor needs it: a Date would cut them off. */
  cursorAt: string;
}

/**
 * Events, newest first, one more than a page so that the caller knows whether there are older ones.
 * The cursor goes as text: the driver would cut a timestamp to milliseconds and lose entries between pages.
 */
export async function readEvents(
  sql: Sql,
  filter: EventFilter & { beforeAt?: string; beforeId?: string },
): Promise<EventRecord[]> {
  const planId = filter.planId ?? null;
  const tableId = filter.tableId ?? null;
  const actorKind = filter.actorKind ?? null;
  const kind = filter.kind ?? null;
  const text = filter.text ? `%${filter.text.replace(/[\\%_]/g, '\\$&')}%` : null;
  const beforeAt = filter.before?.at ?? null;
  const beforeId = filter.before?.id ?? '';
  return await sql<EventRecord[]>`
    select e.id, e.kind, e.sentence, e.actor_kind as "actorKind", e.actor, e.before, e.after, e.reason,
      e.epoch::float8 as epoch, e.plan_id as "planId", e.plan_table_id as "planTableId", t.name as "tableName", e.at,
      to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "cursorAt"
    from event e left join plan_table t on t.id = e.plan_table_id
    where (${planId}::text is null or e.plan_id = ${planId})
      and (${tableId}::text is null or e.plan_table_id = ${tableId})
      and (${actorKind}::text is null or e.actor_kind = ${actorKind})
      and (${kind}::text is null or e.kind = ${kind} or e.kind like ${kind} || '.%')
      and (${text}::text is null or e.sentence ilike ${text} or e.reason ilike ${text} or e.actor ilike ${text})
      and (${beforeAt}::text is null or (e.at, e.id) < (${beforeAt}::text::timestamptz, ${beforeId}))
    order by e.at desc, e.id desc limit ${EVENTS_PAGE + 1}`;
}
