/** Rows of one table on its way, written straight into a test database: two connections, a plan, routing, a run. */
import { randomBytes } from 'node:crypto';
import type { Sql } from '@/db/client';
import { queueSegment } from '@/db/queries/run';
import type { StoreTarget } from '@/lib/adapters/ports';
import { createSealer } from '@/lib/adapters/sealing';
import type { KeySchema } from '@/lib/domain/item/item';
import { type PlanSettings, PROFILES } from '@/lib/domain/plan/facts';
import { authorityOf, readsOf, type Stage, type Strategy, type Writes, writesOf } from '@/lib/domain/plan/stages';

export const TEST_SEALING_KEY = 'a'.repeat(64);

export interface PlanFixtureOptions {
  source: StoreTarget;
  target: StoreTarget;
  table: string;
  schema: KeySchema;
  stage?: Stage;
  strategy?: Strategy;
  /** Connections that exist already. */
  beside?: { sourceConnectionId: string; targetConnectionId: string };
  writes?: Writes;
  authority?: 'source' | 'target';
  ttlAttribute?: string | null;
  settings?: Partial<PlanSettings>;
  limits?: Partial<{ requestsPerSecond: number; itemsPerSecond: number; liveReserveMilli: number }>;
}

export interface PlanFixture {
  planId: string;
  planTableId: string;
  sourceConnectionId: string;
  targetConnectionId: string;
}

const id = (prefix: string) => `${prefix}_${randomBytes(8).toString('hex')}`;
const LIMITS = { requestsPerSecond: 50_000, itemsPerSecond: 500_000, liveReserveMilli: 0 };

async function insertConnection(sql: Sql, store: StoreTarget, limits: PlanFixtureOptions['limits']): Promise<string> {
  const connectionId = id('con');
  const sealed = createSealer(TEST_SEALING_KEY).seal(JSON.stringify(store.credentials), 'connection');
  const all = { ...LIMITS, ...limits, readUnitsPerSecond: null, requestsPerMonth: null };
  await sql`insert into connection (id, name, kind, endpoint, region, credential_sealed, credential_hint, limits)
    values (${connectionId}, ${connectionId}, ${store.kind}, ${store.endpoint}, ${store.region}, ${sealed}, 'test',
      ${sql.json(all)})`;
  return connectionId;
}

/** A table in `stage` (default backfill) with the routing of that stage. */
export async function insertPlan(sql: Sql, options: PlanFixtureOptions): Promise<PlanFixture> {
  const { stage = 'backfill', schema, strategy = 'dual_write', beside } = options;
  const sourceConnectionId =
    beside?.sourceConnectionId ?? (await insertConnection(sql, options.source, options.limits));
  const targetConnectionId =
    beside?.targetConnectionId ?? (await insertConnection(sql, options.target, options.limits));
  const planId = id('pln');
  const planTableId = id('tbl');
  const settings = { ...PROFILES.rehearsal, ...options.settings };
  const shape = { itemCount: 0, sizeBytes: 0, indexes: [], streamView: null, ttlAttribute: null, atMs: 0 };
  await sql`insert into plan (id, name, alias, strategy, source_connection_id, target_connection_id, settings, created_by)
    values (${planId}, ${planId}, ${planId}, ${strategy}, ${sourceConnectionId}, ${targetConnectionId},
      ${sql.json({ ...settings })}, 'test')`;
  await sql`insert into plan_table (id, plan_id, name, alias, target_name, stage, key_schema, ttl_attribute, shape, salt)
    values (${planTableId}, ${planId}, ${options.table}, 'orders', ${options.table}, ${stage},
      ${sql.json({ partition: { ...schema.partition }, sort: schema.sort ? { ...schema.sort } : null })},
      ${options.ttlAttribute ?? null}, ${sql.json(shape)}, 'orders:v1')`;
  // The live channel is proven: the cycle that a copy counts from has begun.
  await sql`update plan_table set barrier_verb = 'begin_dual_write', barrier_epoch = 2, barrier_half = 1,
      barrier_opened_at = now(), barrier_passed_at = now(), canary_arrived_at = now() where id = ${planTableId}`;
  await sql`insert into routing_head (connection_id, epoch) values (${sourceConnectionId}, 2)
    on conflict (connection_id) do update set epoch = routing_head.epoch + 1`;
  const authority = options.authority ?? authorityOf(stage);
  await sql`insert into routing (plan_table_id, connection_id, table_name, target_connection_id, target_table_name,
      incarnation, epoch, stage, writes, authority, reads, read_share_milli, shadow_milli, salt, fallback, key_schema,
      ttl_attribute, mirror_wait_ms_max, hold_ms_max, delta_ms, store_timeout_ms, feed_age_ms_max, plan_name)
    select t.id, p.source_connection_id, t.name, p.target_connection_id, t.target_name, 1,
      (select epoch from routing_head h where h.connection_id = p.source_connection_id), t.stage,
      ${options.writes ?? writesOf(strategy, stage)}, ${authority}, ${readsOf(stage)}, 0, 0, t.salt, true,
      t.key_schema, t.ttl_attribute, 250, 2000, ${settings.deltaMs}, ${settings.storeTimeoutMs}, 15000, p.name
    from plan_table t join plan p on p.id = t.plan_id where t.id = ${planTableId}`;
  return { planId, planTableId, sourceConnectionId, targetConnectionId };
}

export interface RunFixtureOptions {
  kind: 'backfill' | 'verification';
  segments: number;
  itemsPerSecondMax?: number;
  mismatchesMax?: number;
}

/** A run with its segments (a verification has both sides), queued as the services do it. */
export async function insertRun(
  sql: Sql,
  planTableId: string,
  options: RunFixtureOptions,
): Promise<{ runId: string; segmentIds: string[] }> {
  const runId = id('run');
  await sql`insert into run (id, plan_table_id, kind, generation, segments_total, items_per_second_max, mismatches_max,
      started_by)
    select ${runId}, ${planTableId}, ${options.kind}, coalesce(max(generation), 0) + 1, ${options.segments},
      ${options.itemsPerSecondMax ?? null}::int, ${options.mismatchesMax ?? 1000}::int, 'test'
    from run where plan_table_id = ${planTableId} and kind = ${options.kind}`;
  const sides = options.kind === 'backfill' ? ['source'] : ['source', 'target'];
  const segmentIds: string[] = [];
  for (const side of sides) {
    for (let number = 0; number < options.segments; number += 1) {
      const segmentId = id('seg');
      segmentIds.push(segmentId);
      await sql`insert into segment (id, run_id, number, side) values (${segmentId}, ${runId}, ${number}, ${side})`;
    }
  }
  for (const segmentId of segmentIds) await queueSegment(sql, { segmentId, kind: options.kind });
  return { runId, segmentIds };
}
