import type { Sql } from '@/db/client';
import type { TableShape, Waiver } from '@/db/schema/plan';
import type { CheckResult } from '@/lib/domain/assessment/checks';
import type { TypeRoundTrip } from '@/lib/domain/assessment/round-trip/report';
import type { KeySchema } from '@/lib/domain/item/item';
import type { EpochCandidate } from '@/lib/domain/mapping/detect';
import type { Mapping } from '@/lib/domain/mapping/mapping';
import type { FenceStep } from '@/lib/domain/plan/fence';
import type { Verb } from '@/lib/domain/plan/moves';
import type { Writes } from '@/lib/domain/plan/stages';

export interface TableDetailRecord {
  keySchema: KeySchema;
  ttlAttribute: string | null;
  shape: TableShape;
  assessment: CheckResult[] | null;
  assessedAt: Date | null;
  waivers: Waiver[];
  forecast: {
    requestsPerMonth: number;
    requestsQuotaPerMonth: number | null;
    hours: number;
    bindsFirst: string;
  } | null;
  targetProvenAt: Date | null;
  targetProof: string | null;
  typeRoundTrip: TypeRoundTrip | null;
  mappings: Mapping[];
  mappingCandidates: EpochCandidate[] | null;
  approvedShareMilli: number;
  sourceRefusalProvenAt: Date | null;
  writes: Writes | null;
  barrierEpoch: number | null;
  barrierAcknowledged: number;
  barrierRegistered: number;
}

/** What the page of one table says beyond its row. */
export async function readTableDetail(sql: Sql, tableId: string): Promise<TableDetailRecord | null> {
  const rows = await sql<TableDetailRecord[]>`
    select t.key_schema as "keySchema", t.ttl_attribute as "ttlAttribute", t.shape, t.assessment,
      t.assessed_at as "assessedAt", t.waivers, t.forecast, t.target_proven_at as "targetProvenAt",
      t.target_proof as "targetProof", t.type_round_trip as "typeRoundTrip", t.mappings,
      t.mapping_candidates as "mappingCandidates", t.approved_share_milli as "approvedShareMilli",
      t.source_refusal_proven_at as "sourceRefusalProvenAt", r.writes, t.barrier_epoch::float8 as "barrierEpoch",
      g.acknowledged as "barrierAcknowledged", g.registered as "barrierRegistered"
    from plan_table t
    join plan p on p.id = t.plan_id
    left join routing r on r.plan_table_id = t.id
    left join lateral (
      select count(*)::int as registered,
        count(*) filter (where acknowledged_epoch >= coalesce(t.barrier_epoch, 0))::int as acknowledged
      from gateway where connection_id = p.source_connection_id and state = 'registered'
    ) g on true
    where t.id = ${tableId}`;
  return rows[0] ?? null;
}

export interface FenceRecord {
  id: string;
  verb: Verb;
  step: FenceStep;
  openedBy: string;
  openedAt: Date;
  boundAt: Date;
  releasedAt: Date | null;
  abortedReason: string | null;
}

/** The latest two fences of a table, newest first. */
export async function readFences(sql: Sql, tableId: string): Promise<FenceRecord[]> {
  return await sql<FenceRecord[]>`
    select id, verb, step, opened_by as "openedBy", opened_at as "openedAt", bound_at as "boundAt",
      released_at as "releasedAt", aborted_reason as "abortedReason"
    from fence where plan_table_id = ${tableId} order by opened_at desc, id limit 2`;
}

export interface ApprovalRecord {
  verb: Verb;
  planHash: string;
  by: string;
  at: Date;
  expiresAt: Date;
}

/** The newest unused approval of each verb. */
export async function readApprovals(sql: Sql, tableId: string): Promise<ApprovalRecord[]> {
  return await sql<ApprovalRecord[]>`
    select distinct on (verb) verb, plan_hash as "planHash", approved_by_name as by, at, expires_at as "expiresAt"
    from approval where plan_table_id = ${tableId} and used_at is null order by verb, at desc`;
}
