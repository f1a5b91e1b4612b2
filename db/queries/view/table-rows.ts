import type { Sql } from '@/db/client';
import type { PlanSettings } from '@/lib/domain/plan/facts';
import type { HoldKind, LiveChannel, Stage, Strategy } from '@/lib/domain/plan/stages';
import type { RunState } from '@/lib/domain/run/states';

/** Tables read at once; a fleet beyond it is filtered by plan. */
export const TABLE_ROWS_MAX = 500;

export interface TableRowRecord {
  planId: string;
  planName: string;
  tableId: string;
  name: string;
  targetName: string;
  liveChannel: LiveChannel;
  strategy: Strategy;
  stage: Stage;
  stageSince: Date;
  wave: number;
  version: number;
  settings: PlanSettings;
  holdKind: HoldKind | null;
  holdReason: string | null;
  holdBy: string | null;
  holdSince: Date | null;
  readShareMilli: number;
  shareSince: Date | null;
  assessedAt: Date | null;
  checksFailed: number;
  targetProvenAt: Date | null;
  verifyAgainSince: Date | null;
  verifyAgainReason: string | null;
  backupSince: Date | null;
  backupUntil: Date | null;
  lastChangeBy: string | null;
  lastChangeAt: Date | null;
  barrierVerb: string | null;
  barrierOpenedAt: Date | null;
  isBarrierOpen: boolean;
  canaryArrivedAt: Date | null;
  epoch: number | null;
  fenceVerb: string | null;
  fenceStep: string | null;
  registered: number;
  acknowledged: number;
  lagging: string[];
  silent: string[];
  dirtyCount: number;
  dirtyOldestMs: number | null;
  /** Dirty keys that the follower refuses for good and that nobody parked. */
  deadLetters: number;
  mismatches: number;
  setAsideOpen: number;
  readsSource: number;
  readsTarget: number;
  readsFallback: number;
  readsUnroutable: number;
  readsStrong: number;
  windowMs: number;
  runKind: 'backfill' | 'verification' | null;
  runState: RunState | null;
  runEstimate: number;
  runItems: number;
  runSegmentsFailed: number;
  runStopReason: string | null;
  itemsPerSecond: number | null;
}

export interface TableRowFilter {
  planId?: string | null;
  tableId?: string | null;
  /** Reads are summed since the share was set, at most this long back. */
  windowMsMax: number;
  /** A gateway not heard of for this long is silent; it counts all the same. */
  silentMs: number;
}

/** One row a table with everything that a list says about it; one round trip, at most `TABLE_ROWS_MAX` tables. */
export async function readTableRows(sql: Sql, filter: TableRowFilter): Promise<TableRowRecord[]> {
  const planId = filter.planId ?? null;
  const tableId = filter.tableId ?? null;
  return await sql<TableRowRecord[]>`
    with it as (
      select t.*, p.name as plan_name, p.strategy, p.settings, p.source_connection_id, p.created_at as plan_at,
        greatest(t.share_since, t.stage_since, now() - ${filter.windowMsMax}::float8 * interval '1 millisecond') as since
      from plan_table t join plan p on p.id = t.plan_id
      where (${planId}::text is null or t.plan_id = ${planId}) and (${tableId}::text is null or t.id = ${tableId})
      order by p.created_at, t.wave, t.position, t.name
      limit ${TABLE_ROWS_MAX}
    )
    select it.plan_id as "planId", it.plan_name as "planName", it.id as "tableId", it.name,
      it.target_name as "targetName", it.live_channel as "liveChannel", it.strategy, it.stage, it.stage_since as "stageSince", it.wave, it.version,
      it.settings, it.hold_kind as "holdKind", it.hold_reason as "holdReason", it.hold_by as "holdBy",
      it.hold_since as "holdSince", it.read_share_milli as "readShareMilli", it.share_since as "shareSince",
      it.assessed_at as "assessedAt", it.target_proven_at as "targetProvenAt",
      it.verify_again_since as "verifyAgainSince", it.verify_again_reason as "verifyAgainReason",
      it.backup_since as "backupSince", it.backup_until as "backupUntil", it.last_change_by as "lastChangeBy",
      it.last_change_at as "lastChangeAt", it.barrier_verb as "barrierVerb", it.barrier_opened_at as "barrierOpenedAt",
      (it.barrier_opened_at is not null and it.barrier_passed_at is null) as "isBarrierOpen",
      it.canary_arrived_at as "canaryArrivedAt",
      (select count(*)::int from jsonb_array_elements(it.assessment) c where c ->> 'state' = 'failed'
        and not exists (select 1 from jsonb_array_elements(it.waivers) w where w ->> 'check' = c ->> 'check')
      ) as "checksFailed",
      r.epoch::float8 as epoch, f.verb as "fenceVerb", f.step as "fenceStep",
      g.registered, g.acknowledged, g.lagging, g.silent,
      d.n as "dirtyCount", d.oldest_ms as "dirtyOldestMs", d.dead as "deadLetters", m.n as mismatches, s.n as "setAsideOpen",
      x.reads_source as "readsSource", x.reads_target as "readsTarget", x.reads_fallback as "readsFallback",
      x.reads_unroutable as "readsUnroutable", x.reads_strong as "readsStrong",
      extract(epoch from now() - it.since)::float8 * 1000 as "windowMs",
      u.kind as "runKind", u.state as "runState", coalesce(u.items_estimate, 0)::float8 as "runEstimate",
      coalesce(u.items, 0)::float8 as "runItems", coalesce(u.failed, 0)::int as "runSegmentsFailed",
      u.stop_reason as "runStopReason", h.items_per_second as "itemsPerSecond"
    from it
    left join routing r on r.plan_table_id = it.id
    left join fence f on f.plan_table_id = it.id and f.step not in ('released', 'aborted')
    left join lateral (
      select count(*)::int as registered,
        count(*) filter (where acknowledged_epoch >= coalesce(r.epoch, 0))::int as acknowledged,
        coalesce(jsonb_agg(identity order by identity) filter (where acknowledged_epoch < coalesce(r.epoch, 0)), '[]') as lagging,
        coalesce(jsonb_agg(identity order by identity) filter (
          where last_seen_at < now() - ${filter.silentMs}::float8 * interval '1 millisecond'), '[]') as silent
      from gateway where connection_id = it.source_connection_id and state = 'registered'
    ) g on true
    left join lateral (
      select count(*)::int as n, extract(epoch from now() - min(first_seen_at))::float8 * 1000 as oldest_ms,
        count(*) filter (where dead_generation = generation and parked_at is null)::int as dead
      from dirty_key where plan_table_id = it.id
    ) d on true
    left join lateral (
      select count(distinct key_id)::int as n from mismatch where plan_table_id = it.id and state <> 'gone'
    ) m on true
    left join lateral (
      select k.id, k.kind, k.state, k.items_estimate * (case k.kind when 'verification' then 2 else 1 end) as items_estimate,
        k.stop_reason, g.items, g.failed
      from run k left join lateral (
        select sum(items_read) as items, count(*) filter (where state = 'failed') as failed
        from segment where run_id = k.id
      ) g on true
      where k.plan_table_id = it.id and k.state <> 'cancelled'
      order by (k.state in ('waiting', 'running', 'paused')) desc, k.created_at desc limit 1
    ) u on true
    left join lateral (
      select count(*)::int as n from set_aside where run_id = u.id and accepted_at is null
    ) s on true
    left join lateral (
      select coalesce(sum(reads_source), 0)::float8 as reads_source, coalesce(sum(reads_target), 0)::float8 as reads_target,
        coalesce(sum(reads_fallback_error + reads_fallback_missing), 0)::float8 as reads_fallback,
        coalesce(sum(reads_unroutable), 0)::float8 as reads_unroutable,
        coalesce(sum(reads_strong), 0)::float8 as reads_strong
      from traffic_sample where plan_table_id = it.id and at >= it.since and epoch >= coalesce(r.epoch, 0)
    ) x on true
    left join lateral (
      select items_per_second from table_sample
      where plan_table_id = it.id and at >= now() - interval '15 seconds' order by at desc limit 1
    ) h on true
    order by it.plan_at, it.wave, it.position, it.name`;
}
