import { type SQL, sql } from 'drizzle-orm';

/** What gateways counted of a table in one window; latencies in milliseconds, null where none was measured. */
export interface GuardWindowRow {
  readsTarget: number;
  readsSource: number;
  readsFallback: number;
  /** Reads of any kind, and requests of any kind. */
  reads: number;
  requests: number;
  writes: number;
  mirrored: number;
  mirrorFailed: number;
  targetErrors: number;
  sourceErrors: number;
  userErrors: number;
  targetP99Ms: number | null;
  sourceP99Ms: number | null;
}

/** A window in which no gateway reported. */
export const NO_REPORT: GuardWindowRow = Object.freeze({
  readsTarget: 0,
  readsSource: 0,
  readsFallback: 0,
  reads: 0,
  requests: 0,
  writes: 0,
  mirrored: 0,
  mirrorFailed: 0,
  targetErrors: 0,
  sourceErrors: 0,
  userErrors: 0,
  targetP99Ms: null,
  sourceP99Ms: null,
});

export interface ShadowWindowRow {
  compared: number;
  differing: number;
  dropped: number;
  failed: number;
  reads: number;
  missing: number;
  missingCompared: number;
  fallbackMissing: number;
  fallbackReads: number;
}

const WINDOWS = 3;
const SHADOW_MINUTES = 10;
const MISSING_MINUTES = 5;

/** The last windows of the table `b` by their age in windows: sums, and medians of the samples' p99. */
export const guardWindows = (windowMs: number): SQL => sql`
  (select coalesce(json_object_agg(w.n, w.counts), '{}') from (
    select greatest(0, floor(extract(epoch from b.now_at - s.at) * 1000 / ${windowMs}::float8))::int as n,
      json_build_object('readsTarget', sum(s.reads_target), 'readsSource', sum(s.reads_source),
        'readsFallback', sum(s.reads_fallback_error + s.reads_fallback_missing),
        'reads', sum(s.reads_source + s.reads_target + s.reads_strong + s.reads_dirty + s.reads_unroutable),
        'requests', sum(s.reads_source + s.reads_target + s.reads_fallback_error + s.reads_fallback_missing
          + s.reads_dirty + s.reads_strong + s.reads_unroutable + s.writes),
        'writes', sum(s.writes), 'mirrored', sum(s.mirrored), 'mirrorFailed', sum(s.mirror_failed),
        'targetErrors', sum(s.target_errors), 'sourceErrors', sum(s.source_errors), 'userErrors', sum(s.user_errors),
        'targetP99Ms', coalesce(percentile_cont(0.5) within group (order by s.shadow_target_p99_us),
          percentile_cont(0.5) within group (order by s.target_p99_us)) / 1000,
        'sourceP99Ms', coalesce(percentile_cont(0.5) within group (order by s.shadow_source_p99_us),
          percentile_cont(0.5) within group (order by s.source_p99_us)) / 1000) as counts
    from traffic_sample s where s.plan_table_id = b.id
      and s.at > b.now_at - ${windowMs}::float8 * ${WINDOWS}::int * interval '1 millisecond' group by 1) w)`;

/** What shadow reads found: differences over ten minutes, items missing over five. */
export const shadowWindow = (): SQL => {
  const lately = sql`s.at > b.now_at - ${MISSING_MINUTES}::int * interval '1 minute'`;
  return sql`
  (select json_build_object('compared', coalesce(sum(s.shadow_compared), 0),
    'differing', coalesce(sum(s.shadow_missing + s.shadow_extra + s.shadow_different + s.shadow_type), 0),
    'dropped', coalesce(sum(s.shadow_dropped), 0), 'failed', coalesce(sum(s.shadow_errors), 0),
    'reads', coalesce(sum(s.reads_source + s.reads_target), 0),
    'missing', coalesce(sum(s.shadow_missing) filter (where ${lately}), 0),
    'missingCompared', coalesce(sum(s.shadow_compared) filter (where ${lately}), 0),
    'fallbackMissing', coalesce(sum(s.reads_fallback_missing) filter (where ${lately}), 0),
    'fallbackReads', coalesce(sum(s.reads_target + s.reads_fallback_error + s.reads_fallback_missing)
      filter (where ${lately}), 0))
   from traffic_sample s where s.plan_table_id = b.id
     and s.at > b.now_at - ${SHADOW_MINUTES}::int * interval '1 minute')`;
};
