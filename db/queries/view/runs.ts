import type { Sql } from '@/db/client';
import type { Mapping } from '@/lib/domain/mapping/mapping';
import type { Stage } from '@/lib/domain/plan/stages';
import type { MismatchClass, RunState, SegmentState } from '@/lib/domain/run/states';

export const RUNS_MAX = 20;
/** More segments than a run may have (1,000 a side); the map stays complete. */
export const SEGMENTS_MAX = 20_000;
export const SET_ASIDE_MAX = 500;
/** Mismatches of one page of a screen. */
export const MISMATCHES_A_PAGE = 50;

export interface RunRecord {
  id: string;
  kind: 'backfill' | 'verification';
  generation: number;
  source: 'scan' | 'export';
  state: RunState;
  itemsEstimate: number;
  itemsPerSecondMax: number | null;
  samplePpm: number | null;
  mismatchesMax: number;
  throttleReason: string | null;
  stopReason: string | null;
  startedBy: string;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
}

export interface SegmentRecord {
  id: string;
  runId: string;
  number: number;
  side: 'source' | 'target';
  state: SegmentState;
  /** The data file of an export. */
  file: string | null;
  pages: number;
  itemsRead: number;
  itemsWritten: number;
  itemsExpired: number;
  itemsSetAside: number;
  itemsMarked: number;
  valuesLeft: number;
  bytesRead: number;
  compared: number;
  suspects: number;
  hot: number;
  inFlight: number;
  mismatches: number;
  worker: string | null;
  attempts: number;
  error: string | null;
}

/** Runs of one kind of a table, newest first, at most `RUNS_MAX`. */
export async function readRuns(sql: Sql, tableId: string, kind: RunRecord['kind']): Promise<RunRecord[]> {
  return await sql<RunRecord[]>`
    select id, kind, generation, source, state, items_estimate::float8 as "itemsEstimate",
      items_per_second_max as "itemsPerSecondMax", sample_ppm as "samplePpm", mismatches_max as "mismatchesMax",
      throttle_reason as "throttleReason", stop_reason as "stopReason",
      started_by as "startedBy", created_at as "createdAt", started_at as "startedAt", finished_at as "finishedAt"
    from run where plan_table_id = ${tableId} and kind = ${kind} order by generation desc limit ${RUNS_MAX}`;
}

export async function readSegments(sql: Sql, runIds: readonly string[]): Promise<SegmentRecord[]> {
  if (runIds.length === 0) return [];
  return await sql<SegmentRecord[]>`
    select id, run_id as "runId", number, side, state, file ->> 'key' as file, pages, items_read::float8 as "itemsRead",
      items_written::float8 as "itemsWritten", items_expired::float8 as "itemsExpired",
      items_set_aside::float8 as "itemsSetAside", items_marked::float8 as "itemsMarked",
      values_left::float8 as "valuesLeft",
      bytes_read::float8 as "bytesRead", compared::float8 as compared, suspects::float8 as suspects, hot::float8 as hot,
      in_flight::float8 as "inFlight", mismatches::float8 as mismatches,
      case when state = 'running' then lease_owner end as worker, attempts, error
    from segment where run_id in ${sql(runIds as string[])} order by run_id, side, number limit ${SEGMENTS_MAX}`;
}

export async function readItemRate(sql: Sql, tableId: string): Promise<number | null> {
  const rows = await sql<{ rate: number | null }[]>`
    select items_per_second as rate from table_sample
    where plan_table_id = ${tableId} and at >= now() - interval '15 seconds' order by at desc limit 1`;
  return rows[0]?.rate ?? null;
}

export interface SetAsideRecord {
  id: string;
  keyId: string;
  reason: string;
  errorType: string;
  acceptedBy: string | null;
  acceptedAt: Date | null;
}

/** Items of a table's latest backfill that could not be written; those nobody accepted come first. */
export async function readSetAside(sql: Sql, tableId: string): Promise<SetAsideRecord[]> {
  return await sql<SetAsideRecord[]>`
    select s.id, s.key_id as "keyId", s.reason, s.error_type as "errorType", s.accepted_by as "acceptedBy",
      s.accepted_at as "acceptedAt"
    from set_aside s
    where s.run_id = (select id from run where plan_table_id = ${tableId} and kind = 'backfill'
      order by generation desc limit 1)
    order by (s.accepted_at is not null), s.created_at, s.id limit ${SET_ASIDE_MAX}`;
}

export interface MismatchRecord {
  id: string;
  keyId: string;
  class: MismatchClass;
  attributes: { attribute: string; class: MismatchClass }[];
  state: 'open' | 'repairing' | 'gone';
  /** When a full verification last ended that did not see this difference; null: none did. */
  equalAt: Date | null;
  firstSeenAt: Date;
  lastSeenAt: Date;
}

export interface MismatchFilter {
  class?: MismatchClass | undefined;
  state?: MismatchRecord['state'] | undefined;
  /** Texts that a key's id must all contain, spelt as there (see `keySearchParts`). */
  keyParts?: readonly string[] | undefined;
}

const isAsked = (sql: Sql, filter: MismatchFilter) => sql`
  (${filter.class ?? null}::text is null or class = ${filter.class ?? null})
  and (${filter.state ?? null}::text is null or state = ${filter.state ?? null})
  and not exists (select 1 from jsonb_array_elements_text(${sql.json([...(filter.keyParts ?? [])])}) part
    where strpos("keyId", part) = 0)`;

const latestMismatches = (sql: Sql, tableId: string, filter: MismatchFilter) => sql`
  select id, "keyId", class, attributes, state, "firstSeenAt", "lastSeenAt",
    (select max(v.finished_at) from run v where v.plan_table_id = ${tableId} and v.kind = 'verification'
      and v.state = 'done' and v.sample_ppm is null and v.finished_at < "firstSeenAt"
      and not exists (select 1 from mismatch x where x.run_id = v.id and x.key_digest = latest.key_digest)
    ) as "equalAt"
  from (
    select distinct on (key_digest) id, key_id as "keyId", key_digest, class, attributes, state,
      first_seen_at as "firstSeenAt", last_seen_at as "lastSeenAt"
    from mismatch where plan_table_id = ${tableId}
    order by key_digest, last_seen_at desc, id
  ) latest
  where ${isAsked(sql, filter)}`;

/** A page of them, one row a key: its latest; open ones first, then by age. `page` counts from 0. */
export async function readMismatches(
  sql: Sql,
  tableId: string,
  ask: { filter: MismatchFilter; page: number },
): Promise<MismatchRecord[]> {
  return await sql<MismatchRecord[]>`
    ${latestMismatches(sql, tableId, ask.filter)} order by (state = 'gone'), "firstSeenAt", id
    limit ${MISMATCHES_A_PAGE} offset ${ask.page * MISMATCHES_A_PAGE}`;
}

export interface MismatchCounts {
  found: number;
  all: number;
  open: number;
  openByClass: Record<MismatchClass, number>;
  /** Since when the oldest open one stands. */
  openSince: Date | null;
}

/** How many keys differ or did: of a filter, in all, and of all those that are open, by class and age. */
export async function countMismatches(sql: Sql, tableId: string, filter: MismatchFilter): Promise<MismatchCounts> {
  const rows = await sql<(MismatchCounts & Record<MismatchClass, number>)[]>`
    select count(*) filter (where ${isAsked(sql, filter)})::int as found, count(*)::int as all,
      count(*) filter (where state = 'open')::int as open, min(first_seen_at) filter (where state = 'open') as "openSince",
      count(*) filter (where state = 'open' and class = 'missing')::int as missing,
      count(*) filter (where state = 'open' and class = 'extra')::int as extra,
      count(*) filter (where state = 'open' and class = 'different')::int as different,
      count(*) filter (where state = 'open' and class = 'type')::int as type
    from (
      select distinct on (key_digest) key_id as "keyId", class, state, first_seen_at from mismatch where plan_table_id = ${tableId}
      order by key_digest, last_seen_at desc, id
    ) latest`;
  const {
    missing = 0,
    extra = 0,
    different = 0,
    type = 0,
    found = 0,
    all = 0,
    open = 0,
    openSince = null,
  } = rows[0] ?? {};
  return { found, all, open, openByClass: { missing, extra, different, type }, openSince };
}

/** Rows that stand in memory at a time while all are read. */
const CURSOR_ROWS = 500;

/** The same, all of them, some at a time: a connection is kept until the last, or until the reader stops. */
export function streamMismatches(sql: Sql, tableId: string, filter: MismatchFilter): AsyncIterable<MismatchRecord[]> {
  return sql<MismatchRecord[]>`
    ${latestMismatches(sql, tableId, filter)} order by (state = 'gone'), "firstSeenAt", id`.cursor(CURSOR_ROWS);
}

export interface SealedMismatch extends MismatchRecord {
  planId: string;
  stage: Stage;
  mappings: Mapping[];
  sourceSealed: string | null;
  targetSealed: string | null;
}

export async function readMismatch(sql: Sql, tableId: string, id: string): Promise<SealedMismatch | null> {
  const rows = await sql<SealedMismatch[]>`
    select m.id, m.key_id as "keyId", m.class, m.attributes, m.state, null::timestamptz as "equalAt",
      m.first_seen_at as "firstSeenAt", m.last_seen_at as "lastSeenAt", m.source_sealed as "sourceSealed",
      m.target_sealed as "targetSealed", t.plan_id as "planId", t.stage, t.mappings
    from mismatch m join plan_table t on t.id = m.plan_table_id where m.id = ${id} and m.plan_table_id = ${tableId}`;
  return rows[0] ?? null;
}
