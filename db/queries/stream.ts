/**
 * Streams as workers read them. A shard is owned by a lease with a fencing number; its checkpoint is one UPDATE that
 * names owner and token, so a reader that froze and woke up moves nothing of its successor's (PROTOCOL D4).
 */
import type { Sql } from '@/db/client';
import type { StreamState } from '@/lib/domain/run/states';
import type { Executor } from './dirty';

/** Listings that may show a child without its parent before the parent counts as trimmed. */
const LISTINGS_WITHOUT_PARENT_MAX = 10;
/** While a table is in these stages its stream is read. */
const READ_STAGES = ['dual_write', 'backfill', 'verify', 'shift', 'target_first'];

export interface StreamToRead {
  planTableId: string;
  tableName: string;
  sourceConnectionId: string;
  state: StreamState;
  arn: string | null;
}

/** Tables whose stream is read beside the gateways; each gets its row. */
export async function streamsToRead(sql: Sql): Promise<StreamToRead[]> {
  await forgetStreams(sql);
  await sql`insert into table_stream (plan_table_id)
    select id from plan_table where live_channel = 'gateway_stream' and stage in ${sql(READ_STAGES)}
    on conflict (plan_table_id) do nothing`;
  return await sql<StreamToRead[]>`
    select t.id as "planTableId", t.name as "tableName", p.source_connection_id as "sourceConnectionId", s.state, s.arn
    from plan_table t join plan p on p.id = t.plan_id join table_stream s on s.plan_table_id = t.id
    where t.live_channel = 'gateway_stream' and t.stage in ${sql(READ_STAGES)} order by t.id limit 1000`;
}

/** Positions of a copy that counts no more: the table is planned again, or dual write began anew after a loss. */
async function forgetStreams(sql: Sql): Promise<void> {
  await sql`delete from table_stream s using plan_table t
    where t.id = s.plan_table_id and (t.stage in ('planned', 'retired')
      or (s.state = 'lost' and t.barrier_verb = 'begin_dual_write' and t.barrier_opened_at > s.lost_at))`;
}

export interface ListedShard {
  id: string;
  parentId: string | null;
  isClosed: boolean;
}

/**
 * Stores the position: every shard that is open now is read from its trim horizon, and what was closed before is older
 * than the position. False: another worker was quicker.
 */
export async function storePosition(
  sql: Sql,
  of: { planTableId: string; arn: string; view: string; shards: readonly ListedShard[] },
): Promise<boolean> {
  return await sql.begin(async (tx) => {
    const rows = await tx`update table_stream set arn = ${of.arn}, view = ${of.view}, state = 'open', fault = null,
        position_at = clock_timestamp(), listed_at = clock_timestamp()
      where plan_table_id = ${of.planTableId} and state = 'opening' returning 1`;
    if (rows.length === 0) return false;
    await insertShards(tx, of);
    await tx`update stream_shard set state = 'skipped', finished_at = now() where plan_table_id = ${of.planTableId}
      and shard_id in (select jsonb_array_elements_text(${tx.json(of.shards.filter((one) => one.isClosed).map((one) => one.id))}))`;
    return true;
  });
}

async function insertShards(sql: Executor, of: { planTableId: string; shards: readonly ListedShard[] }): Promise<void> {
  const given = of.shards.map((shard) => ({ shard_id: shard.id, parent_id: shard.parentId }));
  await sql`insert into stream_shard (plan_table_id, shard_id, parent_id, through_at)
    select ${of.planTableId}, g.shard_id, g.parent_id,
      coalesce((select p.through_at from stream_shard p where p.plan_table_id = ${of.planTableId} and p.shard_id = g.parent_id),
        (select s.position_at from table_stream s where s.plan_table_id = ${of.planTableId}), clock_timestamp())
    from jsonb_to_recordset(${sql.json(given)}) as g(shard_id text, parent_id text)
    on conflict (plan_table_id, shard_id) do nothing`;
}

/** Takes the turn to list a stream's shards: one worker, not more often than `everyMs`. */
export async function takeListing(sql: Sql, of: { planTableId: string; everyMs: number }): Promise<boolean> {
  const rows = await sql`update table_stream set listed_at = clock_timestamp()
    where plan_table_id = ${of.planTableId} and state = 'open'
      and listed_at <= clock_timestamp() - ${of.everyMs}::float8 * interval '1 millisecond' returning 1`;
  return rows.length === 1;
}

/** At the end of a shard its children are looked for at once. */
export async function askForListing(sql: Sql, planTableId: string): Promise<void> {
  await sql`update table_stream set listed_at = 'epoch' where plan_table_id = ${planTableId}`;
}

/** Books a listing: new shards wait for their parents; finished ones that vanished and have children are forgotten. */
export async function bookListing(
  sql: Sql,
  of: { planTableId: string; shards: readonly ListedShard[] },
): Promise<void> {
  const listed = of.shards.map((shard) => shard.id);
  await sql.begin(async (tx) => {
    await insertShards(tx, of);
    await tx`update stream_shard c set listings_without_parent = listings_without_parent + 1
      where c.plan_table_id = ${of.planTableId} and c.parent_id is not null and c.state = 'waiting'
        and not exists (select 1 from stream_shard p where p.plan_table_id = c.plan_table_id and p.shard_id = c.parent_id)`;
    await tx`delete from stream_shard d where d.plan_table_id = ${of.planTableId} and d.state in ('done', 'skipped')
      and d.shard_id not in (select jsonb_array_elements_text(${tx.json(listed)}))
      and exists (select 1 from stream_shard c where c.plan_table_id = d.plan_table_id and c.parent_id = d.shard_id
        and c.checkpoint is not null)`;
  });
}

export interface ShardLease {
  planTableId: string;
  shardId: string;
  owner: string;
  token: number;
}
export interface TakenShard extends ShardLease {
  arn: string;
  checkpoint: string | null;
  sourceConnectionId: string;
  /** Whether everything since the checkpoint is still within the stream's horizon. */
  ageMs: number;
}

/**
 * Takes shards that nobody reads, with a higher token: those whose parent was read to its end, or was trimmed before
 * the position. A child whose parent has not been listed yet waits for it for a bounded number of listings.
 */
export async function takeShards(
  sql: Sql,
  ask: { owner: string; leaseMs: number; shardsMax: number },
): Promise<TakenShard[]> {
  if (ask.shardsMax <= 0) return [];
  const rows = await sql<(Omit<TakenShard, 'token' | 'owner'> & { token: string })[]>`
    with due as (
      select c.plan_table_id, c.shard_id, s.arn, p.source_connection_id from stream_shard c
        join table_stream s on s.plan_table_id = c.plan_table_id and s.state = 'open' and s.arn is not null
        join plan_table t on t.id = c.plan_table_id and t.stage in ${sql(READ_STAGES)}
        join plan p on p.id = t.plan_id
      where c.state in ('waiting', 'reading') and (c.lease_owner is null or c.lease_until <= clock_timestamp())
        and not exists (select 1 from stream_shard m where m.plan_table_id = c.plan_table_id
          and m.shard_id = c.parent_id and m.state in ('waiting', 'reading'))
        and (c.parent_id is null or c.listings_without_parent >= ${LISTINGS_WITHOUT_PARENT_MAX} or exists (
          select 1 from stream_shard m where m.plan_table_id = c.plan_table_id and m.shard_id = c.parent_id))
      order by c.through_at limit ${ask.shardsMax} for update of c skip locked
    )
    update stream_shard c set state = 'reading', lease_owner = ${ask.owner}, lease_token = c.lease_token + 1,
      lease_until = clock_timestamp() + ${ask.leaseMs}::float8 * interval '1 millisecond'
    from due where c.plan_table_id = due.plan_table_id and c.shard_id = due.shard_id
    returning c.plan_table_id as "planTableId", c.shard_id as "shardId", c.lease_token as token, c.checkpoint, due.arn,
      due.source_connection_id as "sourceConnectionId",
      (extract(epoch from clock_timestamp() - c.through_at) * 1000)::float8 as "ageMs"`;
  return rows.map((row) => ({ ...row, owner: ask.owner, token: Number(row.token) }));
}

/**
 * Renews the lease and, where it moved, stores the checkpoint and the time through which the shard is settled. False:
 * the lease is lost, and nothing of this reader counts any more.
 */
export async function checkpointShard(
  sql: Sql,
  lease: ShardLease,
  to: { leaseMs: number; checkpoint: string | null; throughMs: number | null; records: number; isFinished?: boolean },
): Promise<boolean> {
  const { isFinished = false } = to;
  const rows = await sql`
    update stream_shard set checkpoint = coalesce(${to.checkpoint}, checkpoint), records = records + ${to.records},
      through_at = greatest(through_at, to_timestamp(${to.throughMs}::float8 / 1000)),
      state = case when ${isFinished}::boolean then 'done' else state end,
      finished_at = case when ${isFinished}::boolean then now() end,
      lease_owner = case when ${isFinished}::boolean then null else lease_owner end,
      lease_until = case when ${isFinished}::boolean then null
        else clock_timestamp() + ${to.leaseMs}::float8 * interval '1 millisecond' end
    where plan_table_id = ${lease.planTableId} and shard_id = ${lease.shardId} and lease_owner = ${lease.owner}
      and lease_token = ${lease.token} and state = 'reading' returning 1`;
  return rows.length === 1;
}

/** Gives a shard back, to be read on by anybody from its checkpoint. */
export async function releaseShard(sql: Sql, lease: ShardLease): Promise<void> {
  await sql`update stream_shard set lease_owner = null, lease_until = null
    where plan_table_id = ${lease.planTableId} and shard_id = ${lease.shardId} and lease_owner = ${lease.owner}
      and lease_token = ${lease.token}`;
}

/** Generation below which every mark of ours lies; ask right after marking. */
export async function highestGeneration(sql: Sql): Promise<number> {
  const rows = await sql<{ last: string }[]>`select last_value as last from dirty_generation`;
  return Number(rows[0]?.last ?? 0);
}

/** Whether one of these keys still waits for its settle: a mark not younger than `generation` that nothing confirmed. */
export async function isUnsettled(
  sql: Sql,
  of: { planTableId: string; keyIds: readonly string[]; generation: number },
): Promise<boolean> {
  const rows = await sql`select 1 from dirty_key d
    where d.plan_table_id = ${of.planTableId} and d.generation <= ${of.generation}
      and d.settled_generation is distinct from d.generation
      and d.key_digest in (select key_digest(id) from jsonb_array_elements_text(${sql.json([...of.keyIds])}) id) limit 1`;
  return rows.length > 0;
}

export interface StreamCounts {
  records: number;
  keysMarked: number;
  expiries: number;
  /** Keys that were written beside the gateways. */
  beside: readonly string[];
}

export async function countStream(sql: Sql, planTableId: string, counts: StreamCounts): Promise<void> {
  const { beside } = counts;
  await sql`update table_stream set records = records + ${counts.records}, keys_marked = keys_marked + ${counts.keysMarked},
      expiries = expiries + ${counts.expiries}, beside_gateway = beside_gateway + ${beside.length},
      beside_last_at = case when ${beside.length} > 0 then clock_timestamp() else beside_last_at end
    where plan_table_id = ${planTableId}`;
  if (beside.length > 0) await nameBeside(sql, planTableId, beside);
}

/** Keys named by a table at most; the oldest go first. */
const BESIDE_KEYS_MAX = 1_000;

/** Names keys that somebody wrote beside the gateways, so that whoever it was can be found by what it wrote and when. */
async function nameBeside(sql: Sql, planTableId: string, keyIds: readonly string[]): Promise<void> {
  await sql`
    insert into beside_write as b (plan_table_id, key_id)
    select ${planTableId}, id from jsonb_array_elements_text(${sql.json([...new Set(keyIds)])}) id
    where exists (select 1 from table_stream s where s.plan_table_id = ${planTableId})
    on conflict (plan_table_id, key_digest) do update set times = b.times + 1, last_seen_at = clock_timestamp()`;
  await sql`
    delete from beside_write where plan_table_id = ${planTableId} and last_seen_at < (
      select last_seen_at from beside_write where plan_table_id = ${planTableId}
      order by last_seen_at desc offset ${BESIDE_KEYS_MAX} limit 1)`;
}

/** When the stream became the table's channel in this cycle, and whether a canary has come through it. */
export async function streamCycle(
  sql: Sql,
  planTableId: string,
): Promise<{ dualWriteSinceMs: number | null; positionMs: number; isCanarySeen: boolean } | null> {
  const rows = await sql<{ dualWriteSinceMs: number | null; positionMs: number; isCanarySeen: boolean }[]>`
    select (extract(epoch from t.barrier_passed_at) * 1000)::float8 as "dualWriteSinceMs",
      (extract(epoch from s.position_at) * 1000)::float8 as "positionMs", s.canary_seen_at is not null as "isCanarySeen"
    from table_stream s join plan_table t on t.id = s.plan_table_id
    where s.plan_table_id = ${planTableId} and s.state = 'open' and s.position_at is not null`;
  return rows[0] ?? null;
}

export async function recordCanarySeen(sql: Sql, planTableId: string): Promise<void> {
  await sql`update table_stream set canary_seen_at = clock_timestamp()
    where plan_table_id = ${planTableId} and canary_seen_at is null`;
}

export async function setStreamFault(sql: Sql, planTableId: string, fault: string | null): Promise<void> {
  await sql`update table_stream set fault = ${fault}
    where plan_table_id = ${planTableId} and state <> 'lost' and fault is distinct from ${fault}`;
}

export async function noteEnabled(sql: Sql, planTableId: string): Promise<void> {
  await sql`update table_stream set enabled_by_landfall = true where plan_table_id = ${planTableId}`;
}

/** Records were trimmed before they were read. False: that is known already. */
export async function loseStream(sql: Sql, planTableId: string, fault: string): Promise<boolean> {
  const rows = await sql`update table_stream set state = 'lost', lost_at = clock_timestamp(), fault = ${fault}
    where plan_table_id = ${planTableId} and state <> 'lost' returning 1`;
  return rows.length === 1;
}
