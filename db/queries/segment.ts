/**
 * Segments of runs as workers own them: a lease with a fencing number, and every change one UPDATE that carries it.
 * Keys of a page stand as their ids, because jsonb cannot hold every key (NUL, lone surrogates).
 */
import type { Sql } from '@/db/client';
import type { SegmentFile } from '@/lib/domain/export/export';
import type { KeySchema, WireItem } from '@/lib/domain/item/item';
import { keyFromId, keyId } from '@/lib/domain/item/key';
import { invariant } from '@/lib/domain/result';
import type { Sample } from '@/lib/domain/run/sample';
import { againIfRolledBack, type JsonParameter, markKeys } from './dirty';

export interface SegmentLease {
  segmentId: string;
  owner: string;
  token: number;
}

export interface TakenSegment extends SegmentLease {
  runId: string;
  planTableId: string;
  kind: 'backfill' | 'verification';
  number: number;
  side: 'source' | 'target';
  segmentsTotal: number;
  /** Key id of the last item of the last finished page; null at the start. */
  cursor: WireItem | null;
  /** The file of an export that this segment is; null: a part of a scan. */
  file: SegmentFile | null;
  pages: number;
  attempts: number;
  mismatchesMax: number;
  /** A verification of some keys only; null: of all. */
  sample: Sample | null;
  /** Keys of an unfinished page of a former holder, marked just now. */
  takenOver: number;
  formerOwner: string | null;
}

/** A file of an export is read by lines: its cursor is a number, under a name that cannot be an attribute's in UTF-8. */
const LINE = '\ud800line';
export const lineCursor = (line: number): WireItem => ({ [LINE]: { N: String(line) } });
export const lineOf = (cursor: WireItem | null): number => Number(cursor?.[LINE]?.N ?? 0);

/** A cursor of TerraScale's REST API is its own text, under such a name as well (lib/adapters/terrascale-rest/read.ts). */
const REST_CURSOR = '\ud800cursor';

interface SegmentRow {
  run_id: string;
  plan_table_id: string;
  kind: 'backfill' | 'verification';
  number: number;
  side: 'source' | 'target';
  segments_total: number;
  cursor: { id?: string; line?: number; opaque?: string } | WireItem | null;
  file: SegmentFile | null;
  page_keys: { id: string }[] | null;
  pages: number;
  attempts: number;
  mismatches_max: number;
  sample_ppm: number | null;
  sample_salt: string | null;
  lease_owner: string | null;
  former_state: string | null;
  lease_token: string;
  key_schema: KeySchema;
  delta_ms: number;
}

const cursorOf = (stored: SegmentRow['cursor'], schema: KeySchema): WireItem | null => {
  if (stored === null) return null;
  if ('line' in stored && typeof stored.line === 'number') return lineCursor(stored.line);
  if ('opaque' in stored && typeof stored.opaque === 'string') return { [REST_CURSOR]: { S: stored.opaque } };
  return typeof stored.id === 'string' ? keyFromId(stored.id, schema) : (stored as WireItem);
};

function storedCursor(cursor: WireItem, schema: KeySchema): JsonParameter {
  if (Object.hasOwn(cursor, LINE)) return { line: lineOf(cursor) };
  if (Object.hasOwn(cursor, REST_CURSOR)) return { opaque: String(cursor[REST_CURSOR]?.S) };
  const id = keyId(cursor, schema);
  invariant(id.ok, 'a cursor of a table scan is a key of the table');
  return { id: id.value };
}

/**
 * Takes a segment that nobody holds, or whose lease has expired, with a higher token. Keys of a page that its former
 * holder left open are marked in the same transaction, so nobody reads on before they are (PROTOCOL C3, D4).
 * Null where it is held, finished, or its run does not run.
 */
export async function takeSegment(
  sql: Sql,
  ask: { segmentId: string; owner: string; leaseMs: number; markTakeOver: boolean },
): Promise<TakenSegment | null> {
  return await againIfRolledBack(() => takeOnce(sql, ask));
}

async function takeOnce(sql: Sql, ask: Parameters<typeof takeSegment>[1]): Promise<TakenSegment | null> {
  return await sql.begin(async (tx) => {
    const rows = await tx<SegmentRow[]>`
      select s.run_id, r.plan_table_id, r.kind, s.number, s.side, r.segments_total, s.cursor, s.file, s.page_keys, s.pages,
             s.attempts, r.mismatches_max, r.sample_ppm, r.sample_salt, s.lease_owner, w.state as former_state, s.lease_token, t.key_schema,
             (p.settings ->> 'deltaMs')::float8 as delta_ms
      from segment s join run r on r.id = s.run_id join plan_table t on t.id = r.plan_table_id
        join plan p on p.id = t.plan_id left join worker w on w.id = s.lease_owner
      where s.id = ${ask.segmentId} and s.state in ('waiting', 'running') and r.state in ('waiting', 'running')
        and (s.lease_owner is null or s.lease_until <= clock_timestamp())
      for update of s`;
    const row = rows[0];
    if (!row) return null;
    const takenOver = row.page_keys?.map((key) => key.id) ?? [];
    if (ask.markTakeOver && takenOver.length > 0) {
      const isOpen = row.former_state === 'registered' || row.former_state === 'withdrawn';
      await markKeys(tx, {
        planTableId: row.plan_table_id,
        schema: row.key_schema,
        keyIds: takenOver,
        cause: 'take_over',
        openFor: isOpen ? row.lease_owner : null,
        unknownForMs: isOpen ? undefined : row.delta_ms,
      });
    }
    const token = Number(row.lease_token) + 1;
    await tx`
      update segment set lease_owner = ${ask.owner}, lease_token = ${token}, page_keys = null, state = 'running',
        lease_until = clock_timestamp() + ${ask.leaseMs}::float8 * interval '1 millisecond',
        started_at = coalesce(started_at, now()), updated_at = now(),
        attempts = attempts + ${row.lease_owner === null ? 0 : 1}
      where id = ${ask.segmentId}`;
    await tx`update run set state = 'running', started_at = coalesce(started_at, now())
      where id = ${row.run_id} and state = 'waiting'`;
    return {
      segmentId: ask.segmentId,
      owner: ask.owner,
      token,
      runId: row.run_id,
      planTableId: row.plan_table_id,
      kind: row.kind,
      number: row.number,
      side: row.side,
      segmentsTotal: row.segments_total,
      cursor: cursorOf(row.cursor, row.key_schema),
      file: row.file,
      pages: row.pages,
      attempts: row.attempts,
      mismatchesMax: row.mismatches_max,
      sample: row.sample_ppm === null ? null : { ppm: row.sample_ppm, salt: row.sample_salt ?? '' },
      takenOver: takenOver.length,
      formerOwner: row.lease_owner,
    };
  });
}

export interface RenewedLease {
  runState: string;
  /** Items a second that the run may read in all its workers; null: only the connections' limits. */
  itemsPerSecondMax: number | null;
  /** Workers that hold a segment of the run now, this one among them: they share its rate. */
  holders: number;
  /** Somebody paused the table: its backfill waits. A verification only looks, so it goes on. */
  isHeld: boolean;
  /** Segments of the run that nobody holds: they wait for their turn. */
  waiting: number;
}

/** Renews the lease and brings what may have changed meanwhile; null: the lease is lost. */
export async function renewSegment(sql: Sql, lease: SegmentLease, leaseMs: number): Promise<RenewedLease | null> {
  const rows = await sql<
    { state: string; items_per_second_max: number | null; is_held: boolean; others: number; waiting: number }[]
  >`
    update segment s set lease_until = clock_timestamp() + ${leaseMs}::float8 * interval '1 millisecond'
    from run r join plan_table t on t.id = r.plan_table_id
    where r.id = s.run_id and s.id = ${lease.segmentId} and s.lease_owner = ${lease.owner}
      and s.lease_token = ${lease.token} and s.state = 'running'
    returning r.state, coalesce(r.items_per_second_max, t.items_per_second_max) as items_per_second_max,
      (r.kind = 'backfill' and coalesce(t.hold_kind = 'operator', false)) as is_held,
      (select count(distinct o.lease_owner) from segment o join worker w on w.id = o.lease_owner
       where o.run_id = r.id and o.lease_owner <> ${lease.owner} and w.state = 'registered'
         and o.lease_until > clock_timestamp())::int as others,
      (select count(*) from segment o where o.run_id = r.id and o.state in ('waiting', 'running')
         and o.lease_owner is null)::int as waiting`;
  const row = rows[0];
  if (!row) return null;
  const { state: runState, items_per_second_max: itemsPerSecondMax, is_held: isHeld } = row;
  return { runState, itemsPerSecondMax, isHeld, holders: row.others + 1, waiting: row.waiting };
}

/**
 * Stores the keys of a page before its first write (PROTOCOL C3). False: the lease is lost or the run has stopped, and
 * nothing may be written.
 */
export async function storePageKeys(sql: Sql, lease: SegmentLease, keyIds: readonly string[]): Promise<boolean> {
  const keys = keyIds.map((id) => ({ id }));
  const rows = await sql`
    update segment s set page_keys = ${sql.json(keys)}, updated_at = now()
    from run r where r.id = s.run_id and r.state = 'running' and s.id = ${lease.segmentId}
      and s.lease_owner = ${lease.owner} and s.lease_token = ${lease.token} and s.state = 'running'
    returning 1`;
  return rows.length === 1;
}

export interface PageCounts {
  itemsRead: number;
  itemsWritten: number;
  itemsExpired: number;
  itemsSetAside: number;
  itemsMarked: number;
  /** Values of mapped attributes that were carried over as they are. */
  valuesLeft: number;
  bytesRead: number;
  compared: number;
  suspects: number;
  hot: number;
  inFlight: number;
  mismatches: number;
}

export const NO_COUNTS: PageCounts = Object.freeze({
  itemsRead: 0,
  itemsWritten: 0,
  itemsExpired: 0,
  itemsSetAside: 0,
  itemsMarked: 0,
  valuesLeft: 0,
  bytesRead: 0,
  compared: 0,
  suspects: 0,
  hot: 0,
  inFlight: 0,
  mismatches: 0,
});

/** A finished page: cursor and counters move on, its keys are forgotten, in one UPDATE. False: the lease is lost. */
export async function checkpointSegment(
  sql: Sql,
  lease: SegmentLease,
  page: { cursor: WireItem | null; schema: KeySchema; counts: PageCounts },
): Promise<boolean> {
  const isLast = page.cursor === null;
  const cursor = page.cursor === null ? null : sql.json(storedCursor(page.cursor, page.schema));
  const { counts } = page;
  const rows = await sql`
    update segment set cursor = ${cursor}::jsonb, page_keys = null, pages = pages + 1,
      items_read = items_read + ${counts.itemsRead}, items_written = items_written + ${counts.itemsWritten},
      items_expired = items_expired + ${counts.itemsExpired}, items_set_aside = items_set_aside + ${counts.itemsSetAside},
      items_marked = items_marked + ${counts.itemsMarked}, values_left = values_left + ${counts.valuesLeft},
      bytes_read = bytes_read + ${counts.bytesRead},
      compared = compared + ${counts.compared}, suspects = suspects + ${counts.suspects}, hot = hot + ${counts.hot},
      in_flight = in_flight + ${counts.inFlight}, mismatches = mismatches + ${counts.mismatches},
      state = case when ${isLast}::boolean then 'done' else state end, error = null,
      finished_at = case when ${isLast}::boolean then now() else null end,
      lease_owner = case when ${isLast}::boolean then null else lease_owner end,
      lease_until = case when ${isLast}::boolean then null else lease_until end, updated_at = now()
    where id = ${lease.segmentId} and lease_owner = ${lease.owner} and lease_token = ${lease.token} and state = 'running'
    returning 1`;
  return rows.length === 1;
}

/**
 * Gives the segment back between pages, or in the middle of one when all that was sent is confirmed or marked. With an
 * error it counts as an attempt; `isFinal` makes it fail for good.
 */
export async function releaseSegment(
  sql: Sql,
  lease: SegmentLease,
  because: { error?: string; isFinal?: boolean } = {},
): Promise<boolean> {
  const { error = null, isFinal = false } = because;
  const rows = await sql`
    update segment set lease_owner = null, lease_until = null, page_keys = null, error = ${error}, updated_at = now(),
      attempts = attempts + ${error === null ? 0 : 1}, state = case when ${isFinal}::boolean then 'failed' else state end,
      finished_at = case when ${isFinal}::boolean then now() else null end
    where id = ${lease.segmentId} and lease_owner = ${lease.owner} and lease_token = ${lease.token}
    returning 1`;
  return rows.length === 1;
}

export interface NewSetAside {
  id: string;
  runId: string;
  planTableId: string;
  keyId: string;
  reason: string;
  errorType: string;
}

/** Items that cannot be written, by name. A page that is repeated sets the same items aside once. */
export async function insertSetAside(sql: Sql, rows: readonly NewSetAside[], schema: KeySchema): Promise<void> {
  for (const row of rows) {
    const text = JSON.stringify(keyFromId(row.keyId, schema));
    const key = /\\u(0000|d[89a-f])/i.test(text) ? {} : (JSON.parse(text) as JsonParameter);
    await sql`
      insert into set_aside (id, run_id, plan_table_id, key_id, key, reason, error_type)
      values (${row.id}, ${row.runId}, ${row.planTableId}, ${row.keyId}, ${sql.json(key)}, ${row.reason}, ${row.errorType})
      on conflict (run_id, key_digest) do update set reason = excluded.reason, error_type = excluded.error_type`;
  }
}
