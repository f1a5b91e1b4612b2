/** Services on a real database and real stores, with gateways and workers that a test plays through their own queries. */
import { registerGateway, sayGoodbye } from '@/db/queries/gateway/registration';
import { recordCanary, report } from '@/db/queries/gateway/reports';
import { registerWorker } from '@/db/queries/worker';
import { createLog } from '@/lib/adapters/log';
import type { KeySchema } from '@/lib/domain/item/item';
import type { Actor, PlanSettings } from '@/lib/domain/plan/facts';
import type { Verb } from '@/lib/domain/plan/moves';
import type { Stage, Strategy } from '@/lib/domain/plan/stages';
import { ALL_SAFEGUARDS, type SafeguardSet } from '@/lib/domain/safeguards';
import { type ServiceContext, serviceContextOf } from '@/lib/services/context';
import { type AdvanceResult, advance } from '@/lib/services/table/advance';
import { dryRun } from '@/lib/services/table/dry-run';
import { createTestDatabase } from './database';
import { startTestSource, startTestTarget } from './emulator';
import { insertPlan, TEST_SEALING_KEY } from './plan-fixture';

export const ADA: Actor = { id: 'usr_ada', name: 'Ada', role: 'operator' };
export const GRACE: Actor = { id: 'usr_grace', name: 'Grace', role: 'approver' };
export const VIEWER: Actor = { id: 'usr_vic', name: 'Vic', role: 'viewer' };
/** Short, so that a test of Δ takes no time. */
export const QUICK: Partial<PlanSettings> = {
  deltaMs: 30,
  holdMsMax: 4_000,
  storeTimeoutMs: 900,
  routableReadsMin: 1,
  dwellMsByStop: { '1000': 0, '10000': 0, '50000': 0, '100000': 0 },
  backupMs: 0,
  unroutableWindowMs: 60_000,
};
const SCHEMA: KeySchema = { partition: { name: 'pk', type: 'S' as const }, sort: null };

export interface RigTableOptions {
  stage?: Stage;
  settings?: Partial<PlanSettings>;
  name?: string;
  schema?: KeySchema;
  strategy?: Strategy;
  /** A table beside another one, on the connections of that one; without it each table has connections of its own. */
  beside?: { sourceConnectionId: string; targetConnectionId: string };
}

export type ServiceRig = Awaited<ReturnType<typeof openServiceRig>>;

/** One database and both stores a file; `newTable` gives each test a table of its own. */
export async function openServiceRig(given?: { serverUrl: string }) {
  const database = await createTestDatabase(given);
  const [source, target] = await Promise.all([startTestSource(), startTestTarget()]);
  const contextWith = (safeguards: SafeguardSet): ServiceContext =>
    serviceContextOf({
      sql: database.sql,
      db: database.db,
      sealingKey: TEST_SEALING_KEY,
      log: createLog({ process: 'test', level: 'silent' }),
      safeguards,
    });
  const ctx = contextWith(ALL_SAFEGUARDS);
  let tables = 0;
  const newTable = async (options: RigTableOptions = {}) => {
    tables += 1;
    const { name = `orders${tables}`, schema = SCHEMA, stage = 'planned', strategy, beside } = options;
    await Promise.all([source, target].map((store) => store.createTable(name, schema)));
    const fixture = await insertPlan(database.sql, {
      source: source.target,
      target: target.target,
      table: name,
      settings: { ...QUICK, ...options.settings },
      ...{ schema, stage, strategy, beside },
    });
    return makeTable({ ctx, database, source, target, name, schema, ...fixture });
  };
  const close = async () => {
    await Promise.all([source.stop(), target.stop()]);
    await database.drop();
  };
  return { database, sql: database.sql, source, target, ctx, contextWith, newTable, close };
}

export type RigTable = ReturnType<typeof makeTable>;

type Parts = {
  ctx: ServiceContext;
  database: Awaited<ReturnType<typeof createTestDatabase>>;
  source: Awaited<ReturnType<typeof startTestSource>>;
  target: Awaited<ReturnType<typeof startTestTarget>>;
  name: string;
  schema: KeySchema;
  planId: string;
  planTableId: string;
  sourceConnectionId: string;
  targetConnectionId: string;
};

function makeTable(parts: Parts) {
  const { ctx, database, planTableId: id, sourceConnectionId, targetConnectionId } = parts;
  const { sql } = database;
  const look = async () => {
    const [row] = await sql`select t.*, r.epoch::int as routing_epoch, r.writes, r.authority, r.reads,
      r.read_share_milli as routed_share from plan_table t left join routing r on r.plan_table_id = t.id where t.id = ${id}`;
    return row as Record<string, never> & {
      stage: Stage;
      version: number;
      read_share_milli: number;
      routing_epoch: number;
      writes: string;
      authority: string;
      reads: string;
      routed_share: number;
      barrier_passed_at: Date | null;
      canary_nonce: string | null;
      canary_arrived_at: Date | null;
      hold_kind: string | null;
      source_refusal_proven_at: Date | null;
    };
  };
  const headEpoch = async () => {
    const [row] = await sql`select epoch::int as epoch from routing_head where connection_id = ${sourceConnectionId}`;
    return (row as { epoch: number }).epoch;
  };
  /** Everything that begin_dual_write asks for. */
  const makeReady = async () => {
    await sql`update plan_table set assessment = '[{"check":"key_schema","state":"passed"}]', assessed_at = now(),
      target_proven_at = now(), forecast = '{"requestsPerMonth":10,"requestsQuotaPerMonth":null,"hours":1,"bindsFirst":"items"}',
      target_probes = '{"consistentRead":true,"sortOrder":true,"detail":"","atMs":1}' where id = ${id}`;
    await sql`update connection set probe = '{"mayWrite":true}' where id = ${targetConnectionId}`;
  };
  /** A done backfill and a clean, full verification of the dual write (or freeze) in force. */
  const makeVerified = async () => {
    await sql`update plan_table set barrier_verb = coalesce(barrier_verb, 'begin_dual_write'),
      barrier_epoch = coalesce(barrier_epoch, 1), barrier_opened_at = coalesce(barrier_opened_at, now() - interval '1 hour'),
      barrier_passed_at = coalesce(barrier_passed_at, now() - interval '1 hour'), canary_arrived_at = now() where id = ${id}`;
    await sql`insert into run (id, plan_table_id, kind, generation, state, segments_total, started_by, started_at, finished_at)
      select 'run_' || ${ctx.random()}, ${id}, 'verification', coalesce(max(generation), 0) + 1, 'done', 4, 'test', now(), now()
      from run where plan_table_id = ${id} and kind = 'verification'`;
  };
  const traffic = async (counts: Record<string, number>) => {
    await sql`insert into traffic_sample ${sql({ plan_table_id: id, gateway_id: 'gw_test', epoch: (await look()).routing_epoch, span_ms: 1000, ...counts } as never)}`;
  };
  const move = async (
    verb: Verb,
    extra: Partial<Parameters<typeof advance>[2]> & { actor?: Actor; as?: ServiceContext } = {},
  ): Promise<AdvanceResult> => {
    const { actor = ADA, as = ctx, ...rest } = extra;
    const seen = await dryRun(as, actor, { tableId: id, verb, ...rest });
    return await advance(as, actor, {
      tableId: id,
      verb,
      version: seen.version,
      planHash: seen.planHash ?? 'none',
      reason: 'because',
      idempotencyKey: null,
      ...rest,
    });
  };
  return {
    ...parts,
    id,
    look,
    headEpoch,
    makeReady,
    makeVerified,
    traffic,
    move,
    gateway: makeGateway(parts),
    worker: makeWorker(parts),
  };
}

/** A gateway that does exactly what the test says, through the queries that a real one uses. */
function makeGateway(parts: Parts) {
  const { database, sourceConnectionId, planTableId } = parts;
  const { sql } = database;
  return async (identity: string) => {
    const gatewayId = `gw_${identity}_${parts.name}`;
    const connectionId = sourceConnectionId;
    await registerGateway(sql, { id: gatewayId, connectionId, identity, version: '1', host: 'h', listen: 'l' });
    const say = async (epoch: number, quietEpoch: number | null) => {
      const acknowledged = { incarnation: 1, epoch };
      const tables = [{ planTableId, quietEpoch, inFlight: 0, intentsOpen: 0 }];
      const counts = { inFlight: 0, intentsOpen: 0, dirtyKnown: 0, feedAgeMs: 0, unprovenSinceMs: null };
      await report(sql, { gatewayId, acknowledged, ...counts, tables });
    };
    const epochNow = async () => {
      const [row] = await sql`select epoch::int as epoch from routing_head where connection_id = ${connectionId}`;
      return (row as { epoch: number }).epoch;
    };
    return {
      id: gatewayId,
      acknowledge: async () => say(await epochNow(), null),
      /** Acknowledges the epoch in force, held, with nothing in flight. */
      quiet: async () => {
        const epoch = await epochNow();
        await say(epoch, epoch);
      },
      canary: (nonce: string, key: Record<string, unknown>) =>
        recordCanary(sql, { gatewayId, planTableId, nonce, key }),
      silence: () => sql`update gateway set last_seen_at = now() - interval '1 hour' where id = ${gatewayId}`,
      goodbye: () => sayGoodbye(sql, gatewayId),
    };
  };
}

function makeWorker(parts: Parts) {
  const { sql } = parts.database;
  return async (name: string) => {
    const workerId = `wrk_${name}_${parts.name}`;
    await registerWorker(sql, { id: workerId, host: 'h', pid: 1, version: '1' });
    return {
      id: workerId,
      /** Says that it has stopped for the open fence of this table. */
      stop: () => sql`insert into fence_worker (fence_id, worker_id) select f.id, ${workerId} from fence f
        where f.plan_table_id = ${parts.planTableId} and f.step not in ('released', 'aborted') on conflict do nothing`,
      end: () => sql`update worker set state = 'exited', ended_at = now() where id = ${workerId}`,
    };
  };
}
