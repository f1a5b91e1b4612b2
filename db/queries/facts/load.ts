import { type SQL, sql } from 'drizzle-orm';
import type { Db, DbTransaction } from '@/db/client';
import type { CheckResult } from '@/lib/domain/assessment/checks';
import type { Mappings } from '@/lib/domain/mapping/mapping';
import type { PlanSettings } from '@/lib/domain/plan/facts';
import type { GuardModes } from '@/lib/domain/plan/guard-rules';
import type { HoldKind, LiveChannel, Stage, Strategy } from '@/lib/domain/plan/stages';
import type { StreamState } from '@/lib/domain/run/states';
import type { StoreKind } from '@/lib/domain/store-kind';
import { isCleanSince } from '../routing/acknowledged';
import { type GuardWindowRow, guardWindows, type ShadowWindowRow, shadowWindow } from './guard';

/** Rows as Postgres gives them; instants are epoch milliseconds of the database's own clock. */
export interface FactRow {
  plan_id: string;
  plan_name: string;
  strategy: Strategy;
  settings: PlanSettings;
  source_connection_id: string;
  target_connection_id: string;
  downtime_acknowledged: boolean;
  name: string;
  stage: Stage;
  version: number;
  now_ms: number;
  hold_kind: HoldKind | null;
  hold_reason: string | null;
  hold_by: string | null;
  hold_since_ms: number | null;
  read_share_milli: number;
  share_since_ms: number | null;
  stage_since_ms: number;
  approved_share_milli: number;
  assessment: CheckResult[] | null;
  assessed_at_ms: number | null;
  waivers: { check: string }[];
  target_proven_at_ms: number | null;
  forecast: { requestsPerMonth: number; requestsQuotaPerMonth: number | null } | null;
  target_probes: { consistentRead: boolean; sortOrder: boolean; atMs: number } | null;
  target_kind: StoreKind;
  mappings: Mappings;
  key_may_write: boolean | null;
  budget_per_second: number | null;
  barrier_verb: string | null;
  barrier_epoch: number | null;
  barrier_passed_at_ms: number | null;
  canary_arrived_at_ms: number | null;
  stream: {
    state: StreamState;
    positionAtMs: number | null;
    canarySeenAtMs: number | null;
    throughAtMs: number | null;
    besideGateway: number;
    besideLastAtMs: number | null;
    fault: string | null;
  } | null;
  live_channel: LiveChannel;
  export_source: {
    state: 'exporting' | 'ready' | 'failed';
    shownUntilMs: number | null;
    failure: string | null;
  } | null;
  verify_again_since_ms: number | null;
  backup_until_ms: number | null;
  last_change_by: string | null;
  last_change_at_ms: number | null;
  fence: { id: string; verb: string; step: string } | null;
  freeze_released_at_ms: number | null;
  routing_epoch: number | null;
  routing_age_ms: number | null;
  gateways: {
    registered: number;
    acknowledged: number;
    barrier: number;
    silent: number;
    oldestReportMs: number | null;
  };
  gone_gateways: { identity: string; isProven: boolean }[];
  share_reads: { target: number; source: number; fallback: number };
  /** Minutes by their age: `0` is the last one. One without a report is left out. */
  windows: Partial<Record<'0' | '1' | '2', GuardWindowRow>>;
  shadow_window: ShadowWindowRow;
  shadow_milli: number;
  guard_modes: GuardModes;
  unroutable_reads: number;
  source_traffic_since_backup: number;
  dirty: { count: number; oldestMs: number | null; waiting: number; dead: number; parked: number };
  intents_open: number;
  backfill: {
    state: string;
    segments: number;
    done: number;
    failed: number;
    setAside: number;
    accepted: number;
  } | null;
  verification: {
    state: string;
    /** It ended before it had compared everything. */
    stopped: boolean;
    sampled: boolean;
    startedAtMs: number | null;
    finishedAtMs: number | null;
    mismatches: number;
    compared: number;
  } | null;
  mismatches_open: number;
  signed_off: number;
  approval: { by: string; byId: string; planHash: string; atMs: number } | null;
}

export interface FactQuery {
  planTableId: string;
  /** Approvals of this verb count, except the asker's own. */
  verb: string;
  actorId: string;
  windowMs: number;
  /** Shortest span over which the observed share is counted. */
  observedMsMin: number;
  /** Age of a gateway's report from which it is shown as silent; it counts all the same (PROTOCOL E1). */
  silentMs: number;
}

const ms = (column: SQL): SQL => sql`(extract(epoch from ${column}) * 1000)::float8`;

/** Events that put a share in force; reads routed under an older epoch say nothing about it. */
const SHARE_EVENTS = sql.raw(`'move.begin_shift', 'move.set_read_share', 'move.reads_to_source', 'move.flip_back'`);

const base = (query: FactQuery): SQL => sql`
  select t.*, p.name as plan_name, p.strategy, p.settings, p.source_connection_id, p.target_connection_id,
    p.downtime_acknowledged_by is not null as downtime_acknowledged,
    (p.settings ->> 'unroutableWindowMs')::float8 as unroutable_ms,
    (case when t.read_share_milli < 10000 then p.settings #>> '{dwellMsByStop,1000}'
          when t.read_share_milli < 50000 then p.settings #>> '{dwellMsByStop,10000}'
          when t.read_share_milli < 100000 then p.settings #>> '{dwellMsByStop,50000}'
          else p.settings #>> '{dwellMsByStop,100000}' end)::float8 as dwell_ms,
    (select max(e.epoch) from event e where e.plan_table_id = t.id and e.kind in (${SHARE_EVENTS})) as share_epoch,
    (select max(f.released_at) from fence f where f.plan_table_id = t.id and f.verb = 'freeze' and f.step = 'released')
      as freeze_released_at,
    (select max(f.release_epoch) from fence f where f.plan_table_id = t.id and f.verb = 'close_source') as closed_epoch,
    clock_timestamp() as now_at
  from plan_table t join plan p on p.id = t.plan_id where t.id = ${query.planTableId}`;

/** A copy counts from the dual write or freeze that it rests on; abandon makes older runs count for nothing. */
const CYCLE_SINCE = sql`case when b.barrier_verb = 'begin_dual_write' then b.barrier_opened_at
  when b.strategy = 'big_bang' then b.freeze_released_at end`;

/**
 * A cancelled run counts for nothing, nor does a sample, which cannot stand for a full verification, unless it found
 * something: an older clean one must not hide that.
 */
const latestRun = (kind: 'backfill' | 'verification'): SQL => sql`
  (select r.* from run r where r.plan_table_id = b.id and r.kind = ${kind}
    and ((r.state <> 'cancelled' and r.sample_ppm is null) or exists (select 1 from mismatch m where m.run_id = r.id))
    and r.created_at >= ${CYCLE_SINCE} order by r.generation desc limit 1)`;

/**
 * Everything that is known of a table, in one statement and therefore one snapshot, whatever the isolation level of the
 * transaction around it. Null: there is no such table.
 */
export async function loadFactRow(tx: Db | DbTransaction, query: FactQuery): Promise<FactRow | null> {
  const rows = await tx.execute<FactRow & Record<string, unknown>>(sql`
    with b as materialized (${base(query)}),
    r as (select epoch, changed_at from routing where plan_table_id = ${query.planTableId})
    select b.plan_id, b.plan_name, b.strategy, b.settings, b.source_connection_id, b.target_connection_id,
      b.downtime_acknowledged, b.name, b.stage, b.version, ${ms(sql`b.now_at`)} as now_ms,
      b.hold_kind, b.hold_reason, b.hold_by, ${ms(sql`b.hold_since`)} as hold_since_ms,
      b.read_share_milli, ${ms(sql`b.share_since`)} as share_since_ms, ${ms(sql`b.stage_since`)} as stage_since_ms,
      b.approved_share_milli, b.assessment, ${ms(sql`b.assessed_at`)} as assessed_at_ms, b.waivers,
      ${ms(sql`b.target_proven_at`)} as target_proven_at_ms, b.forecast, b.target_probes, b.mappings,
      (select c.kind from connection c where c.id = b.target_connection_id) as target_kind,
      (select (c.probe ->> 'mayWrite')::boolean from connection c where c.id = b.target_connection_id) as key_may_write,
      (select min((c.limits ->> 'requestsPerSecond')::float8) from connection c
        where c.id in (b.source_connection_id, b.target_connection_id)) as budget_per_second,
      b.barrier_verb, b.barrier_epoch::float8 as barrier_epoch, ${ms(sql`b.barrier_passed_at`)} as barrier_passed_at_ms,
      ${ms(sql`b.canary_arrived_at`)} as canary_arrived_at_ms,
      (select json_build_object('state', x.state, 'shownUntilMs', ${ms(sql`x.shown_until_at`)}, 'failure', x.failure)
        from export_source x where x.plan_table_id = b.id) as export_source,
      b.live_channel, ${streamOf()} as stream,
      ${ms(sql`b.verify_again_since`)} as verify_again_since_ms, ${ms(sql`b.backup_until`)} as backup_until_ms,
      b.last_change_by, ${ms(sql`b.last_change_at`)} as last_change_at_ms,
      (select json_build_object('id', f.id, 'verb', f.verb, 'step', f.step) from fence f
        where f.plan_table_id = b.id and f.step not in ('released', 'aborted')) as fence,
      ${ms(sql`b.freeze_released_at`)} as freeze_released_at_ms,
      (select r.epoch::float8 from r) as routing_epoch,
      (select ${ms(sql`(b.now_at - r.changed_at)`)} from r) as routing_age_ms,
      ${gatewaysOf(query)} as gateways, ${GONE} as gone_gateways, ${readsOf(query)} as share_reads,
      ${guardWindows(query.windowMs)} as windows, ${shadowWindow()} as shadow_window, b.shadow_milli, b.guard_modes,
      (select coalesce(sum(s.reads_unroutable), 0)::int from traffic_sample s
        where s.plan_table_id = b.id and s.at > b.now_at - b.unroutable_ms * interval '1 millisecond') as unroutable_reads,
      (select coalesce(sum(s.reads_source), 0)::int from traffic_sample s where s.plan_table_id = b.id
        and b.backup_since is not null and s.at >= b.backup_since and s.epoch >= b.closed_epoch)
        as source_traffic_since_backup,
      (select json_build_object('count', count(*), 'oldestMs', ${ms(sql`(b.now_at - min(d.first_seen_at))`)},
        'waiting', count(*) filter (where d.hold_until > b.now_at or d.hold_open_for is not null),
        'dead', count(*) filter (where d.dead_generation = d.generation),
        'parked', count(*) filter (where d.dead_generation = d.generation and d.parked_at is not null))
        from dirty_key d where d.plan_table_id = b.id) as dirty,
      (select coalesce(sum(g.intents_open), 0)::int from gateway_table g join gateway w on w.id = g.gateway_id
        where g.plan_table_id = b.id and w.state = 'registered') as intents_open,
      ${backfillOf()} as backfill, ${verificationOf()} as verification,
      (select count(*)::int from mismatch m join ${latestRun('verification')} v on v.id = m.run_id
        where m.state <> 'gone') as mismatches_open,
      (select count(distinct s.item)::int from sign_off s where s.plan_id = b.plan_id and s.lapsed_at is null) as signed_off,
      (select json_build_object('by', a.approved_by_name, 'byId', a.approved_by, 'planHash', a.plan_hash,
        'atMs', ${ms(sql`a.at`)}) from approval a
        where a.plan_table_id = b.id and a.verb = ${query.verb} and a.used_at is null and a.expires_at > b.now_at
          and a.approved_by <> ${query.actorId} order by a.at desc limit 1) as approval
    from b`);
  return rows[0] ?? null;
}

const gatewaysOf = (query: FactQuery): SQL => sql`
  (select json_build_object('registered', count(*),
    'acknowledged', count(*) filter (where g.acknowledged_incarnation = h.incarnation
      and g.acknowledged_epoch >= coalesce((select r.epoch from r), 0)),
    'barrier', count(*) filter (where g.acknowledged_incarnation = h.incarnation
      and g.acknowledged_epoch >= coalesce(b.barrier_epoch, 0)),
    'silent', count(*) filter (where g.last_seen_at < b.now_at - ${query.silentMs} * interval '1 millisecond'),
    'oldestReportMs', ${ms(sql`(b.now_at - min(g.last_seen_at))`)})
   from gateway g join routing_head h on h.connection_id = g.connection_id
   where g.connection_id = b.source_connection_id and g.state = 'registered')`;

const GONE = sql`
  (select coalesce(json_agg(json_build_object('identity', g.identity,
      'isProven', ${isCleanSince({ gatewayId: sql`g.id`, planTableId: sql`b.id` })}) order by g.identity), '[]')
   from gateway g where g.connection_id = b.source_connection_id and g.state = 'declared_dead')`;

/** Counted from what gateways did under the share in force, over the dwell (at least `observedMsMin`). */
const readsOf = (query: FactQuery): SQL => sql`
  (select json_build_object('target', coalesce(sum(s.reads_target), 0), 'source', coalesce(sum(s.reads_source), 0),
    'fallback', coalesce(sum(s.reads_fallback_error + s.reads_fallback_missing), 0))
   from traffic_sample s where s.plan_table_id = b.id and s.at >= b.share_since and s.epoch >= b.share_epoch
     and s.at > b.now_at - greatest(b.dwell_ms, ${query.observedMsMin}) * interval '1 millisecond')`;

const backfillOf = (): SQL => sql`
  (select json_build_object('state', v.state, 'segments', (select count(*) from segment s where s.run_id = v.id),
    'done', (select count(*) from segment s where s.run_id = v.id and s.state = 'done'),
    'failed', (select count(*) from segment s where s.run_id = v.id and s.state = 'failed'),
    'setAside', (select count(*) from set_aside a where a.run_id = v.id),
    'accepted', (select count(*) from set_aside a where a.run_id = v.id and a.accepted_at is not null))
   from ${latestRun('backfill')} v)`;

/** A shard that is waiting for its parent counts too: what it holds is not settled either. */
const streamOf = (): SQL => sql`
  (select json_build_object('state', s.state, 'positionAtMs', ${ms(sql`s.position_at`)},
    'canarySeenAtMs', ${ms(sql`s.canary_seen_at`)},
    'throughAtMs', (select ${ms(sql`min(h.through_at)`)} from stream_shard h
      where h.plan_table_id = s.plan_table_id and h.state in ('waiting', 'reading')),
    'besideGateway', s.beside_gateway, 'besideLastAtMs', ${ms(sql`s.beside_last_at`)}, 'fault', s.fault)
   from table_stream s where s.plan_table_id = b.id)`;

const verificationOf = (): SQL => sql`
  (select json_build_object('state', v.state, 'stopped', v.stop_reason is not null, 'sampled', v.sample_ppm is not null,
    'startedAtMs', ${ms(sql`v.started_at`)}, 'finishedAtMs', ${ms(sql`v.finished_at`)},
    'mismatches', (select count(*) from mismatch m where m.run_id = v.id and m.state <> 'gone'),
    'compared', (select coalesce(sum(s.compared), 0) from segment s where s.run_id = v.id))
   from ${latestRun('verification')} v)`;
