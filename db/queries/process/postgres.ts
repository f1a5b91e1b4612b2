/** Which Postgres this is, and what gateways say they obey when another has taken its place (PROTOCOL F6). */
import { sql } from 'drizzle-orm';
import { type Db, type DbTransaction, sqlStateOf } from '@/db/client';
import { CHANNELS, type RoutingSnapshot } from '@/lib/contracts/routing';

export interface PostgresMark {
  systemIdentifier: string;
  timeline: number;
}
export interface KnownPostgres extends PostgresMark {
  round: number;
  openedAtMs: number | null;
  ageMs: number | null;
  reason: string | null;
}

/** Where the function may not be called (some hosted servers), the timeline alone is looked at. */
const UNKNOWN_SYSTEM = 'unknown';
const INSUFFICIENT_PRIVILEGE = '42501';
const mayAsk = new WeakMap<object, boolean>();

/** Call it once a process before `seePostgres` in a transaction: a refused call would abort that. */
async function maySeeSystem(db: Db): Promise<boolean> {
  const known = mayAsk.get(db);
  if (known !== undefined) return known;
  let may = true;
  try {
    await db.execute(sql`select system_identifier from pg_control_system()`);
  } catch (error) {
    if (sqlStateOf(error) !== INSUFFICIENT_PRIVILEGE) throw error;
    may = false;
  }
  mayAsk.set(db, may);
  return may;
}

export async function seePostgres(db: Db, tx: Db | DbTransaction): Promise<PostgresMark> {
  const system = (await maySeeSystem(db))
    ? sql`(select system_identifier::text from pg_control_system())`
    : sql`${UNKNOWN_SYSTEM}::text`;
  // Of the segment that is written now: the control file names the new timeline only after its first checkpoint.
  const rows = await tx.execute<{ systemIdentifier: string; timeline: number }>(sql`
    select ${system} as "systemIdentifier",
      ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int as timeline`);
  return rows[0] as PostgresMark;
}

/** What was stored of it; with `lock` the row is locked. Null: this database was never looked at. */
export async function knownPostgres(tx: Db | DbTransaction, lock = false): Promise<KnownPostgres | null> {
  const rows = await tx.execute<KnownPostgres & Record<string, unknown>>(sql`
    select system_identifier as "systemIdentifier", timeline, round, reason,
      (extract(epoch from opened_at) * 1000)::float8 as "openedAtMs",
      (extract(epoch from clock_timestamp() - opened_at) * 1000)::float8 as "ageMs"
    from postgres_identity where id = 1 ${lock ? sql`for update` : sql``}`);
  return rows[0] ?? null;
}

export async function storePostgres(tx: Db | DbTransaction, mark: PostgresMark): Promise<void> {
  await tx.execute(sql`insert into postgres_identity (id, system_identifier, timeline)
    values (1, ${mark.systemIdentifier}, ${mark.timeline}) on conflict (id) do nothing`);
}

/** Opens a recovery, one round higher than the one before. False: somebody opened it already. */
export async function openRecovery(
  tx: DbTransaction,
  ask: { mark: PostgresMark; round: number; reason: string },
): Promise<boolean> {
  const rows = await tx.execute(sql`
    update postgres_identity set system_identifier = ${ask.mark.systemIdentifier}, timeline = ${ask.mark.timeline},
      round = round + 1, reason = ${ask.reason}, closed_at = null, opened_at = clock_timestamp()
    where id = 1 and round = ${ask.round} and opened_at is null returning 1`);
  if (rows.length > 0) await tx.execute(sql`select pg_notify(${CHANNELS.routing}, '{"epoch":0}')`);
  return rows.length > 0;
}

export async function closeRecovery(tx: DbTransaction): Promise<void> {
  await tx.execute(sql`update postgres_identity set opened_at = null, closed_at = clock_timestamp() where id = 1`);
}

/** Gateways that obey an epoch which this Postgres never published: it has lost commits. */
export async function gatewaysAhead(db: Db): Promise<{ identity: string; epoch: number; head: number }[]> {
  return await db.execute<{ identity: string; epoch: number; head: number }>(sql`
    select g.identity, g.acknowledged_epoch::float8 as epoch, h.epoch::float8 as head
    from gateway g join routing_head h on h.connection_id = g.connection_id
    where g.state = 'registered'
      and (g.acknowledged_incarnation, g.acknowledged_epoch) > (h.incarnation, h.epoch) order by g.identity`);
}

/** Gateways that count and have not said in this round what they obey; one declared dead on proof is passed (F4). */
export async function unreported(tx: Db | DbTransaction, round: number): Promise<string[]> {
  const rows = await tx.execute<{ identity: string }>(sql`
    select identity from gateway where state <> 'goodbye' and dead_at is null and snapshot_round < ${round}
    order by identity`);
  return rows.map((row) => row.identity);
}

export interface ReportedSnapshot {
  connectionId: string;
  snapshot: RoutingSnapshot;
}

export async function reportedSnapshots(tx: DbTransaction, round: number): Promise<ReportedSnapshot[]> {
  return await tx.execute<ReportedSnapshot & Record<string, unknown>>(sql`
    select connection_id as "connectionId", snapshot from gateway
    where state <> 'goodbye' and snapshot_round >= ${round} and snapshot is not null order by id`);
}

export interface Head {
  connectionId: string;
  incarnation: number;
  epoch: number;
}

export async function lockHeads(tx: DbTransaction): Promise<Head[]> {
  return await tx.execute<Head & Record<string, unknown>>(sql`
    select connection_id as "connectionId", incarnation, epoch::float8 as epoch from routing_head
    order by connection_id for update`);
}

export interface TableNow {
  id: string;
  planId: string;
  name: string;
  strategy: 'big_bang' | 'dual_write' | 'incremental';
  stage: string;
  readShareMilli: number;
  routingEpoch: number | null;
  /** Somebody took reads back to the source since the recovery began: that stands. */
  wasTakenBack: boolean;
  openFence: { id: string; holdEpoch: number; flipEpoch: number | null } | null;
}

export async function tablesOf(
  tx: DbTransaction,
  ask: { connectionId: string; openedAtMs: number },
): Promise<TableNow[]> {
  return await tx.execute<TableNow & Record<string, unknown>>(sql`
    select t.id, t.plan_id as "planId", t.name, p.strategy, t.stage, t.read_share_milli as "readShareMilli",
      r.epoch::float8 as "routingEpoch",
      exists (select 1 from event e where e.plan_table_id = t.id and e.kind = 'move.reads_to_source'
        and extract(epoch from e.at) * 1000 >= ${ask.openedAtMs}::float8) as "wasTakenBack",
      (select json_build_object('id', f.id, 'holdEpoch', f.hold_epoch, 'flipEpoch', f.flip_epoch) from fence f
        where f.plan_table_id = t.id and f.step not in ('released', 'aborted')) as "openFence"
    from plan_table t join plan p on p.id = t.plan_id left join routing r on r.plan_table_id = t.id
    where p.source_connection_id = ${ask.connectionId} order by t.id for update of t`);
}

/** What a gateway obeys for a table becomes what this Postgres says, stage and share with it. */
export async function takeRouting(
  tx: DbTransaction,
  it: {
    planTableId: string;
    epoch: number;
    incarnation: number;
    stage: string;
    writes: string;
    authority: string;
    reads: string;
    readShareMilli: number;
    shadowMilli: number;
    fallback: boolean;
    movesStage: boolean;
  },
): Promise<void> {
  await tx.execute(sql`
    update routing set stage = ${it.stage}, writes = ${it.writes}, authority = ${it.authority}, reads = ${it.reads},
      read_share_milli = ${it.readShareMilli}::int, shadow_milli = ${it.shadowMilli}::int,
      fallback = ${it.fallback}::boolean, epoch = ${it.epoch}::bigint, incarnation = ${it.incarnation}::int
    where plan_table_id = ${it.planTableId}`);
  if (!it.movesStage) return;
  await tx.execute(sql`
    update plan_table set stage_since = case when stage = ${it.stage} then stage_since else clock_timestamp() end,
      stage = ${it.stage}, read_share_milli = ${it.readShareMilli}::int, version = version + 1,
      last_change_by = 'Landfall', last_change_at = clock_timestamp()
    where id = ${it.planTableId} and (stage <> ${it.stage} or read_share_milli <> ${it.readShareMilli}::int)`);
}

/** The head and every row of a connection in a new incarnation, above everything that anybody ever saw. */
export async function raiseIncarnation(tx: DbTransaction, head: Head): Promise<void> {
  await tx.execute(sql`update routing_head set incarnation = ${head.incarnation}::int, epoch = ${head.epoch}::bigint,
    changed_at = now() where connection_id = ${head.connectionId}`);
  await tx.execute(sql`update routing set incarnation = ${head.incarnation}::int, epoch = ${head.epoch}::bigint,
    changed_at = now() where connection_id = ${head.connectionId}`);
  const payload = JSON.stringify({ connectionId: head.connectionId, epoch: head.epoch });
  await tx.execute(sql`select pg_notify(${CHANNELS.routing}, ${payload})`);
}

/** Marks, proofs and checkpoints may be among what was lost: every table on its way owes a verification. */
export async function oweVerifications(tx: DbTransaction, reason: string): Promise<void> {
  await tx.execute(sql`update plan_table set verify_again_since = clock_timestamp(), verify_again_reason = ${reason}
    where stage in ('dual_write', 'backfill', 'verify', 'shift', 'target_first')`);
}

export interface OpenPage {
  planTableId: string;
  keySchema: unknown;
  deltaMs: number;
  keyIds: string[];
  /** The worker whose page it was, while that has not ended. */
  owner: string | null;
}

/** Pages that were being written when the other Postgres was there. */
export async function openPages(tx: Db): Promise<OpenPage[]> {
  return await tx.execute<OpenPage & Record<string, unknown>>(sql`
    select t.id as "planTableId", t.key_schema as "keySchema", (p.settings ->> 'deltaMs')::float8 as "deltaMs",
      (select json_agg(k ->> 'id') from jsonb_array_elements(s.page_keys) k) as "keyIds",
      (select w.id from worker w where w.id = s.lease_owner and w.state in ('registered', 'withdrawn')) as owner
    from segment s join run r on r.id = s.run_id join plan_table t on t.id = r.plan_table_id
      join plan p on p.id = t.plan_id
    where s.page_keys is not null and jsonb_array_length(s.page_keys) > 0 and r.state = 'running'`);
}

/** The end of a fence of which this Postgres lost the end; gateways obey something newer. */
export async function forgetFence(tx: DbTransaction, ask: { fenceId: string; reason: string }): Promise<void> {
  await tx.execute(sql`update fence set step = 'aborted', aborted_reason = ${ask.reason}, updated_at = clock_timestamp()
    where id = ${ask.fenceId} and step not in ('released', 'aborted')`);
}
