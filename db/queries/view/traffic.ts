import type { Sql } from '@/db/client';
import type { DirtyCause } from '@/lib/domain/routing/dirty';

export const MARKS_MAX = 100;
export const DIRTY_KEYS_MAX = 100;

/** Sums of one bucket; every member is null where no gateway reported, so a gap never looks like zero. */
export interface TrafficBucket {
  at: Date;
  readsSource: number | null;
  readsTarget: number | null;
  readsFallback: number | null;
  readsOther: number | null;
  writes: number | null;
  mirrored: number | null;
  mirrorFailed: number | null;
  sourceErrors: number | null;
  targetErrors: number | null;
  userErrors: number | null;
  sourceP50Us: number | null;
  sourceP95Us: number | null;
  sourceP99Us: number | null;
  targetP50Us: number | null;
  targetP95Us: number | null;
  targetP99Us: number | null;
  shadowCompared: number | null;
  shadowDiffering: number | null;
  shadowDropped: number | null;
  shadowSourceP50Us: number | null;
  shadowSourceP95Us: number | null;
  shadowSourceP99Us: number | null;
  shadowTargetP50Us: number | null;
  shadowTargetP95Us: number | null;
  shadowTargetP99Us: number | null;
  dirty: number | null;
  dirtyOldestMs: number | null;
  itemsPerSecond: number | null;
}

/**
 * Samples of a table in buckets of `stepMs` from `fromAt`, which is a multiple of it. Percentiles cannot be added up:
 * the median is the mean of the medians, p95 and p99 are the worst sample's, so a chart never flatters.
 */
export async function readTraffic(
  sql: Sql,
  range: { tableId: string; fromAt: Date; toAt: Date; stepMs: number },
): Promise<TrafficBucket[]> {
  const { tableId, fromAt, toAt, stepMs } = range;
  return await sql<TrafficBucket[]>`
    with step as (select ${stepMs}::float8 * interval '1 millisecond' as wide, ${fromAt}::timestamptz as origin),
    traffic as (
      select date_bin(step.wide, at, step.origin) as bin, sum(reads_source)::float8 as reads_source,
        sum(reads_target)::float8 as reads_target, sum(reads_fallback_error + reads_fallback_missing)::float8 as reads_fallback,
        sum(reads_dirty + reads_strong + reads_unroutable)::float8 as reads_other, sum(writes)::float8 as writes,
        sum(mirrored)::float8 as mirrored, sum(mirror_failed)::float8 as mirror_failed,
        sum(source_errors)::float8 as source_errors, sum(target_errors)::float8 as target_errors,
        sum(user_errors)::float8 as user_errors, avg(source_p50_us)::float8 as source_p50,
        max(source_p95_us) as source_p95, max(source_p99_us) as source_p99, avg(target_p50_us)::float8 as target_p50,
        max(target_p95_us) as target_p95, max(target_p99_us) as target_p99,
        sum(shadow_compared)::float8 as shadow_compared, sum(shadow_dropped)::float8 as shadow_dropped,
        sum(shadow_missing + shadow_extra + shadow_different + shadow_type)::float8 as shadow_differing,
        avg(shadow_source_p50_us)::float8 as shadow_source_p50, max(shadow_source_p95_us) as shadow_source_p95,
        max(shadow_source_p99_us) as shadow_source_p99, avg(shadow_target_p50_us)::float8 as shadow_target_p50,
        max(shadow_target_p95_us) as shadow_target_p95, max(shadow_target_p99_us) as shadow_target_p99
      from traffic_sample, step where plan_table_id = ${tableId} and at >= ${fromAt} and at < ${toAt} group by 1
    ),
    samples as (
      select date_bin(step.wide, at, step.origin) as bin, max(dirty_count) as dirty, max(dirty_oldest_ms) as oldest,
        avg(items_per_second)::float8 as rate
      from table_sample, step where plan_table_id = ${tableId} and at >= ${fromAt} and at < ${toAt} group by 1
    )
    select b.bin as at, t.reads_source as "readsSource", t.reads_target as "readsTarget",
      t.reads_fallback as "readsFallback", t.reads_other as "readsOther", t.writes, t.mirrored,
      t.mirror_failed as "mirrorFailed", t.source_errors as "sourceErrors", t.target_errors as "targetErrors",
      t.user_errors as "userErrors", t.source_p50 as "sourceP50Us", t.source_p95 as "sourceP95Us",
      t.source_p99 as "sourceP99Us", t.target_p50 as "targetP50Us", t.target_p95 as "targetP95Us",
      t.target_p99 as "targetP99Us", t.shadow_compared as "shadowCompared", t.shadow_dropped as "shadowDropped",
      t.shadow_differing as "shadowDiffering", t.shadow_source_p50 as "shadowSourceP50Us",
      t.shadow_source_p95 as "shadowSourceP95Us", t.shadow_source_p99 as "shadowSourceP99Us",
      t.shadow_target_p50 as "shadowTargetP50Us", t.shadow_target_p95 as "shadowTargetP95Us",
      t.shadow_target_p99 as "shadowTargetP99Us", s.dirty, s.oldest as "dirtyOldestMs", s.rate as "itemsPerSecond"
    from step, generate_series(${fromAt}::timestamptz, ${toAt}::timestamptz - step.wide, step.wide) as b(bin)
    left join traffic t on t.bin = b.bin
    left join samples s on s.bin = b.bin
    order by b.bin`;
}

export interface MarkRecord {
  at: Date;
  kind: string;
  sentence: string;
  epoch: number | null;
}

/** What changed in the range, for the charts: moves, holds, and whatever published an epoch. */
export async function readMarks(sql: Sql, range: { tableId: string; fromAt: Date; toAt: Date }): Promise<MarkRecord[]> {
  return await sql<MarkRecord[]>`
    select * from (
      select at, kind, sentence, epoch::float8 as epoch from event
      where plan_table_id = ${range.tableId} and at >= ${range.fromAt} and at < ${range.toAt}
        and (epoch is not null or kind like 'move.%' or kind like 'hold.%' or kind like 'fence.%')
      order by at desc limit ${MARKS_MAX}
    ) latest order by at`;
}

export interface DirtyKeyRecord {
  keyId: string;
  cause: DirtyCause;
  ageMs: number;
  attempts: number;
  hot: boolean;
  holdUntil: Date | null;
}

/** Hot ones of a table by name, then the oldest; dead letters stand in a list of their own. */
export async function readDirtyKeys(sql: Sql, tableId: string): Promise<DirtyKeyRecord[]> {
  return await sql<DirtyKeyRecord[]>`
    select key_id as "keyId", cause, extract(epoch from now() - first_seen_at)::float8 * 1000 as "ageMs", attempts, hot,
      hold_until as "holdUntil"
    from dirty_key where plan_table_id = ${tableId} and dead_generation is distinct from generation
    order by hot desc, first_seen_at, key_id limit ${DIRTY_KEYS_MAX}`;
}
