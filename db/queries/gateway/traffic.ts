/** What gateways did, in buckets of about a second; observed share is counted from these rows alone. */
import type { Sql } from '@/db/client';

export interface TrafficRow {
  planTableId: string;
  gatewayId: string;
  epoch: number;
  /** When the bucket ended, wall clock. */
  atMs: number;
  spanMs: number;
  counts: Record<TrafficCount, number>;
  sourceUs: Percentiles | null;
  targetUs: Percentiles | null;
  /** Of shadowed reads alone. */
  shadowSourceUs: Percentiles | null;
  shadowTargetUs: Percentiles | null;
}
export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
}

/** Names of counters, as columns of `traffic_sample`. */
export const TRAFFIC_COUNTS = [
  'readsSource',
  'readsTarget',
  'readsFallbackError',
  'readsFallbackMissing',
  'readsDirty',
  'readsStrong',
  'readsUnroutable',
  'writes',
  'writesRefused',
  'mirrored',
  'mirrorFailed',
  'mirrorLate',
  'sourceErrors',
  'targetErrors',
  'userErrors',
  'heldMs',
  'shadowReads',
  'shadowDropped',
  'shadowSkipped',
  'shadowExpired',
  'shadowErrors',
  'shadowCompared',
  'shadowSettled',
  'shadowMissing',
  'shadowExtra',
  'shadowDifferent',
  'shadowType',
] as const;
export type TrafficCount = (typeof TRAFFIC_COUNTS)[number];

export async function insertTraffic(sql: Sql, rows: readonly TrafficRow[]): Promise<void> {
  const given = rows.map((row) => ({
    plan_table_id: row.planTableId,
    gateway_id: row.gatewayId,
    epoch: row.epoch,
    at: new Date(row.atMs).toISOString(),
    span_ms: row.spanMs,
    ...Object.fromEntries(TRAFFIC_COUNTS.map((name) => [snake(name), row.counts[name]])),
    source_p50_us: row.sourceUs?.p50,
    source_p95_us: row.sourceUs?.p95,
    source_p99_us: row.sourceUs?.p99,
    target_p50_us: row.targetUs?.p50,
    target_p95_us: row.targetUs?.p95,
    target_p99_us: row.targetUs?.p99,
    shadow_source_p50_us: row.shadowSourceUs?.p50,
    shadow_source_p95_us: row.shadowSourceUs?.p95,
    shadow_source_p99_us: row.shadowSourceUs?.p99,
    shadow_target_p50_us: row.shadowTargetUs?.p50,
    shadow_target_p95_us: row.shadowTargetUs?.p95,
    shadow_target_p99_us: row.shadowTargetUs?.p99,
  }));
  await sql`
    insert into traffic_sample (plan_table_id, gateway_id, epoch, at, span_ms, reads_source, reads_target,
      reads_fallback_error, reads_fallback_missing, reads_dirty, reads_strong, reads_unroutable, writes, writes_refused,
      mirrored, mirror_failed, mirror_late, source_errors, target_errors, user_errors, held_ms,
      shadow_reads, shadow_dropped, shadow_skipped, shadow_expired, shadow_errors, shadow_compared, shadow_settled,
      shadow_missing, shadow_extra, shadow_different, shadow_type,
      source_p50_us, source_p95_us, source_p99_us, target_p50_us, target_p95_us, target_p99_us,
      shadow_source_p50_us, shadow_source_p95_us, shadow_source_p99_us, shadow_target_p50_us, shadow_target_p95_us,
      shadow_target_p99_us)
    select plan_table_id, gateway_id, epoch, at, span_ms, reads_source, reads_target,
      reads_fallback_error, reads_fallback_missing, reads_dirty, reads_strong, reads_unroutable, writes, writes_refused,
      mirrored, mirror_failed, mirror_late, source_errors, target_errors, user_errors, held_ms,
      shadow_reads, shadow_dropped, shadow_skipped, shadow_expired, shadow_errors, shadow_compared, shadow_settled,
      shadow_missing, shadow_extra, shadow_different, shadow_type,
      source_p50_us, source_p95_us, source_p99_us, target_p50_us, target_p95_us, target_p99_us,
      shadow_source_p50_us, shadow_source_p95_us, shadow_source_p99_us, shadow_target_p50_us, shadow_target_p95_us,
      shadow_target_p99_us
    from jsonb_populate_recordset(null::traffic_sample, ${sql.json(given as never)})`;
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
