/** Runs as workers see them: what a task needs to know of its table, what to dispatch, and when a run has ended. */

import type { Sql } from '@/db/client';
import type { KeySchema } from '@/lib/domain/item/item';
import type { Mappings } from '@/lib/domain/mapping/mapping';
import type { Stage, Writes } from '@/lib/domain/plan/stages';
import type { StoreKind } from '@/lib/domain/store-kind';
import type { Executor } from './dirty';

/** What any task on a table has to know, read in one statement. */
export interface WorkTable {
  planTableId: string;
  planId: string;
  tableName: string;
  targetName: string;
  schema: KeySchema;
  ttlAttribute: string | null;
  /** Attributes that have another form on the target. */
  mappings: Mappings;
  stage: Stage;
  /** Of the epoch in force; a table without routing has its writes on the source alone. */
  writes: Writes;
  authority: 'source' | 'target';
  epoch: number;
  incarnation: number;
  sourceConnectionId: string;
  targetConnectionId: string;
  deltaMs: number;
  storeTimeoutMs: number;
  recheckDelayMs: number;
  /** A fence at one of its later steps: workers send nothing to either store of this table. */
  stoppedByFence: string | null;
}

interface TableRow {
  id: string;
  plan_id: string;
  name: string;
  target_name: string;
  key_schema: KeySchema;
  ttl_attribute: string | null;
  mappings: Mappings;
  stage: Stage;
  writes: Writes | null;
  authority: 'source' | 'target' | null;
  epoch: string | null;
  incarnation: number | null;
  source_connection_id: string;
  target_connection_id: string;
  settings: { deltaMs: number; storeTimeoutMs: number; recheckDelayMs: number };
  fence_id: string | null;
}

/** Null where the table is gone. */
export async function loadWorkTable(sql: Executor, planTableId: string): Promise<WorkTable | null> {
  const rows = await sql<TableRow[]>`
    select t.id, t.plan_id, t.name, t.target_name, t.key_schema, t.ttl_attribute, t.mappings, t.stage, r.writes, r.authority,
           r.epoch, r.incarnation, p.source_connection_id, p.target_connection_id, p.settings, f.id as fence_id
    from plan_table t join plan p on p.id = t.plan_id left join routing r on r.plan_table_id = t.id
      left join fence f on f.plan_table_id = t.id
        and f.step in ('settled', 'workers_stopped', 'flipped', 'canary_proven')
    where t.id = ${planTableId}`;
  const row = rows[0];
  if (!row) return null;
  return {
    planTableId: row.id,
    planId: row.plan_id,
    tableName: row.name,
    targetName: row.target_name,
    schema: row.key_schema,
    ttlAttribute: row.ttl_attribute,
    mappings: row.mappings,
    stage: row.stage,
    writes: row.writes ?? 'source',
    authority: row.authority ?? 'source',
    epoch: Number(row.epoch ?? 0),
    incarnation: row.incarnation ?? 1,
    sourceConnectionId: row.source_connection_id,
    targetConnectionId: row.target_connection_id,
    deltaMs: row.settings.deltaMs,
    storeTimeoutMs: row.settings.storeTimeoutMs,
    recheckDelayMs: row.settings.recheckDelayMs,
    stoppedByFence: row.fence_id,
  };
}

export interface StoreRow {
  id: string;
  name: string;
  kind: StoreKind;
  endpoint: string;
  region: string;
  credentialSealed: string;
  version: number;
  requestsPerSecond: number;
  itemsPerSecond: number;
  readUnitsPerSecond: number | null;
  liveReserveMilli: number;
}

type StoredLimits = Pick<StoreRow, 'requestsPerSecond' | 'itemsPerSecond' | 'readUnitsPerSecond' | 'liveReserveMilli'>;

/** Connections with their limits, for the rate of a worker. */
export async function loadConnections(sql: Executor, ids: readonly string[]): Promise<StoreRow[]> {
  const rows = await sql<(Omit<StoreRow, keyof StoredLimits> & { limits: StoredLimits })[]>`
    select id, name, kind, endpoint, region, credential_sealed as "credentialSealed", version, limits from connection
    where id in (select jsonb_array_elements_text(${sql.json([...ids])}))`;
  return rows.map(({ limits, ...row }) => ({
    ...row,
    requestsPerSecond: limits.requestsPerSecond,
    itemsPerSecond: limits.itemsPerSecond,
    readUnitsPerSecond: limits.readUnitsPerSecond,
    liveReserveMilli: limits.liveReserveMilli,
  }));
}

export const SEGMENT_TASK = { backfill: 'backfill-segment', verification: 'verify-segment' } as const;
/** Lower runs first in the queue: live traffic has its own reserve, then settle, backfill, verify. */
const PRIORITY = { settle: 0, backfill: 10, verification: 20 } as const;

/** Queues the work of a segment under its job key; a job that waits already is moved, never doubled. */
export async function queueSegment(
  sql: Executor,
  segment: { segmentId: string; kind: 'backfill' | 'verification'; afterMs?: number },
): Promise<void> {
  await sql`select graphile_worker.add_job(${SEGMENT_TASK[segment.kind]},
    json_build_object('segmentId', ${segment.segmentId}::text),
    run_at := clock_timestamp() + ${segment.afterMs ?? 0}::float8 * interval '1 millisecond',
    job_key := ${`segment:${segment.segmentId}`}, priority := ${PRIORITY[segment.kind]}::int)`;
}

/** Queues a settle of a table's dirty keys, once however often it is asked for. */
export async function queueSettle(sql: Executor, planTableId: string): Promise<void> {
  await sql`select graphile_worker.add_job('settle', json_build_object('planTableId', ${planTableId}::text),
    job_key := ${`settle:${planTableId}`}, job_key_mode := 'preserve_run_at', priority := ${PRIORITY.settle}::int)`;
}

/**
 * Segments that nobody works on and nobody is about to: unfinished ones of running runs whose lease is free or has
 * expired and that have no job. A worker that was killed leaves such segments behind. Returns how many were queued.
 */
export async function queueOrphanedSegments(sql: Sql): Promise<number> {
  const rows = await sql<{ id: string; kind: 'backfill' | 'verification' }[]>`
    select s.id, r.kind from segment s join run r on r.id = s.run_id join plan_table t on t.id = r.plan_table_id
    where r.state in ('waiting', 'running') and s.state in ('waiting', 'running')
      and (s.lease_owner is null or s.lease_until <= clock_timestamp())
      and (r.kind = 'verification' or t.hold_kind is distinct from 'operator')
      and not exists (select 1 from graphile_worker.jobs j
        where j.key = 'segment:' || s.id and (j.attempts < j.max_attempts or j.locked_at is not null))
    order by s.number limit 100`;
  for (const row of rows) await queueSegment(sql, { segmentId: row.id, kind: row.kind });
  return rows.length;
}

export interface EndedRun {
  /** A verification of some keys only: what it did not look at may still stand. */
  isSampled: boolean;
  runId: string;
  planTableId: string;
  planId: string;
  kind: 'backfill' | 'verification';
  state: 'done' | 'failed';
}

/**
 * Ends runs whose segments have all ended: `done` only when every one is done, `failed` when one failed and none is
 * still at work. A full verification that is done closes the mismatches of earlier runs that it did not see again.
 */
export async function endFinishedRuns(sql: Sql): Promise<EndedRun[]> {
  return await sql.begin(async (tx) => {
    const rows = await tx<EndedRun[]>`
      with ended as (
        select s.run_id, bool_and(s.state = 'done') as is_done from segment s join run r on r.id = s.run_id
        where r.state in ('waiting', 'running') group by s.run_id
        having bool_and(s.state in ('done', 'failed'))
      )
      update run r set state = case when ended.is_done then 'done' else 'failed' end, finished_at = now(),
        throttle_reason = null
      from ended, plan_table t
      where r.id = ended.run_id and t.id = r.plan_table_id and r.state in ('waiting', 'running')
      returning r.id as "runId", r.plan_table_id as "planTableId", t.plan_id as "planId", r.kind, r.state,
        r.sample_ppm is not null as "isSampled"`;
    for (const run of rows) {
      if (run.kind === 'verification' && run.state === 'done' && !run.isSampled) {
        await tx`update mismatch set state = 'gone', gone_at = now()
          where plan_table_id = ${run.planTableId} and run_id <> ${run.runId} and state <> 'gone'`;
      }
      const sentence = `${run.kind === 'backfill' ? 'Backfill' : 'Verification'} ${run.state}.`;
      await tx`insert into event (id, plan_id, plan_table_id, kind, sentence, actor_kind, actor)
        values (${`evt_${run.runId}_${run.state}`}, ${run.planId}, ${run.planTableId}, ${`run.${run.state}`},
          ${sentence}, 'system', 'Landfall') on conflict (id) do nothing`;
      const change = { topic: 'run', planId: run.planId, planTableId: run.planTableId };
      await tx`select pg_notify('landfall_changes', ${JSON.stringify(change)})`;
    }
    return [...rows];
  });
}

/** Tables still in stage backfill whose last backfill is done: their stage may move on. */
export async function tablesToComplete(sql: Sql): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select t.id from plan_table t
    join lateral (select state from run where plan_table_id = t.id and kind = 'backfill'
      order by generation desc limit 1) r on true
    where t.stage = 'backfill' and r.state = 'done' and t.barrier_verb is distinct from 'abandon'`;
  return rows.map((row) => row.id);
}

/** Why the workers go slower than asked, in one sentence; null where nothing holds them back. */
export async function setThrottleReason(sql: Sql, runId: string, reason: string | null): Promise<void> {
  await sql`update run set throttle_reason = ${reason}
    where id = ${runId} and state = 'running' and throttle_reason is distinct from ${reason}`;
}

/** Stops a verification that has found as many mismatches as it may: cancelled, since the rest was not compared. */
export async function stopRunAtLimit(sql: Sql, runId: string): Promise<boolean> {
  const rows = await sql`
    update run r set state = 'cancelled', finished_at = now(), throttle_reason = null,
      stop_reason = 'Stopped at ' || r.mismatches_max || ' mismatches; what lies behind is not compared.'
    where r.id = ${runId} and r.state = 'running'
      and (select count(*) from mismatch m where m.run_id = r.id and m.state <> 'gone') >= r.mismatches_max
    returning 1`;
  return rows.length === 1;
}

const SAMPLE_KEPT_MS = 24 * 3_600_000;

/** One row a table that has anything to show: dirty keys, and the progress of its run since the last sample. */
export async function insertTableSamples(sql: Sql): Promise<void> {
  await sql`
    with active as (
      select t.id from plan_table t where t.stage not in ('planned', 'retired')
    ), dirty as (
      select plan_table_id, count(*)::int as n, extract(epoch from clock_timestamp() - min(first_seen_at)) * 1000 as oldest
      from dirty_key group by plan_table_id
    ), progress as (
      select r.plan_table_id, sum(s.items_read) as done
      from run r join segment s on s.run_id = r.id where r.state = 'running' group by r.plan_table_id
    ), last as (
      select distinct on (plan_table_id) plan_table_id, items_done, at from table_sample
      where at > now() - interval '1 minute' order by plan_table_id, at desc
    )
    insert into table_sample (plan_table_id, dirty_count, dirty_oldest_ms, items_done, items_per_second)
    select a.id, coalesce(d.n, 0), least(d.oldest, 2000000000)::int, p.done,
      case when p.done is null or l.items_done is null or p.done < l.items_done then null
        else ((p.done - l.items_done) / greatest(extract(epoch from now() - l.at), 0.1))::int end
    from active a left join dirty d on d.plan_table_id = a.id left join progress p on p.plan_table_id = a.id
      left join last l on l.plan_table_id = a.id
    where not exists (select 1 from last f where f.plan_table_id = a.id and f.at > now() - interval '1500 milliseconds')`;
}

/** Samples older than a day are of no use to any screen. */
export async function pruneTableSamples(sql: Sql): Promise<void> {
  await sql`delete from table_sample where at < now() - ${SAMPLE_KEPT_MS}::float8 * interval '1 millisecond'`;
}
