import type { Sql } from '@/db/client';
import type { Mapping } from '@/lib/domain/mapping/mapping';
import type { Stage } from '@/lib/domain/plan/stages';
import type { MismatchClass } from '@/lib/domain/run/states';

export const SAMPLES_SHOWN_MAX = 200;
export const SHADOW_WINDOW_MS = 600_000;

export interface ShadowTotals {
  milli: number;
  stage: Stage;
  reads: number;
  dropped: number;
  failed: number;
  compared: number;
  skipped: number;
  expired: number;
  settled: number;
  missing: number;
  extra: number;
  different: number;
  type: number;
  kept: Partial<Record<MismatchClass, number>> | string;
}

/** The share in force, what was counted lately, and how many samples of each class are kept. */
export async function readShadowTotals(sql: Sql, tableId: string): Promise<ShadowTotals | null> {
  const rows = await sql<ShadowTotals[]>`
    select t.shadow_milli as milli, t.stage, s.*, coalesce((select json_object_agg(k.class, k.n) from
        (select class, count(*) as n from shadow_sample where plan_table_id = t.id group by class) k), '{}') as kept
    from plan_table t, lateral (
      select coalesce(sum(shadow_reads), 0)::float8 as reads, coalesce(sum(shadow_dropped), 0)::float8 as dropped,
        coalesce(sum(shadow_errors), 0)::float8 as failed, coalesce(sum(shadow_compared), 0)::float8 as compared,
        coalesce(sum(shadow_skipped), 0)::float8 as skipped, coalesce(sum(shadow_expired), 0)::float8 as expired,
        coalesce(sum(shadow_settled), 0)::float8 as settled, coalesce(sum(shadow_missing), 0)::float8 as missing,
        coalesce(sum(shadow_extra), 0)::float8 as extra, coalesce(sum(shadow_different), 0)::float8 as different,
        coalesce(sum(shadow_type), 0)::float8 as type
      from traffic_sample where plan_table_id = t.id
        and at > now() - ${SHADOW_WINDOW_MS}::float8 * interval '1 millisecond') s
    where t.id = ${tableId}`;
  const row = rows[0];
  if (!row) return null;
  return { ...row, kept: typeof row.kept === 'string' ? JSON.parse(row.kept) : row.kept };
}

export interface ShadowSampleRecord {
  id: string;
  keyId: string;
  class: MismatchClass;
  attributes: { attribute: string; class: MismatchClass }[];
  sourceSealed: string | null;
  targetSealed: string | null;
  answeredBy: 'source' | 'target';
  operation: string;
  epoch: number;
  marked: boolean;
  isDirty: boolean;
  repairedBy: string | null;
  seen: number;
  firstSeenAt: Date;
  lastSeenAt: Date;
  stage: Stage;
  mappings: Mapping[];
}

/** Samples of a table, those seen last first; one of them with `sampleId`. */
export async function readShadowSamples(
  sql: Sql,
  of: { tableId: string; sampleId?: string },
): Promise<ShadowSampleRecord[]> {
  return await sql<ShadowSampleRecord[]>`
    select s.id, s.key_id as "keyId", s.class, s.attributes, s.source_sealed as "sourceSealed",
      s.target_sealed as "targetSealed", s.answered_by as "answeredBy", s.operation, s.epoch::float8 as epoch, s.marked,
      exists (select 1 from dirty_key d where d.plan_table_id = s.plan_table_id and d.key_digest = s.key_digest)
        as "isDirty",
      s.repaired_by as "repairedBy", s.seen, s.first_seen_at as "firstSeenAt", s.last_seen_at as "lastSeenAt", t.stage,
      t.mappings
    from shadow_sample s join plan_table t on t.id = s.plan_table_id
    where s.plan_table_id = ${of.tableId} and (${of.sampleId ?? null}::text is null or s.id = ${of.sampleId ?? null})
    order by s.last_seen_at desc, s.id limit ${SAMPLES_SHOWN_MAX}`;
}
