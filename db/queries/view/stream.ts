/** Streams as screens show them. */
import type { Sql } from '@/db/client';
import type { ShardState } from '@/lib/domain/run/states';

/** More shards than this are counted by their lag alone; the oldest come first. */
const SHARDS_MAX = 200;

export interface StreamRecord {
  arn: string | null;
  view: string | null;
  enabledByLandfall: boolean;
  positionAt: Date | null;
  canarySeenAt: Date | null;
  besideLastAt: Date | null;
  records: number;
  keysMarked: number;
  expiries: number;
}

export async function readStream(sql: Sql, tableId: string): Promise<StreamRecord | null> {
  const rows = await sql<StreamRecord[]>`
    select arn, view, enabled_by_landfall as "enabledByLandfall", position_at as "positionAt",
      canary_seen_at as "canarySeenAt", beside_last_at as "besideLastAt", records::float8 as records,
      keys_marked::float8 as "keysMarked", expiries::float8 as expiries
    from table_stream where plan_table_id = ${tableId}`;
  return rows[0] ?? null;
}

export interface ShardRecord {
  id: string;
  state: ShardState;
  parentId: string | null;
  records: number;
  lagMs: number;
  worker: string | null;
}

export async function readShards(sql: Sql, tableId: string): Promise<ShardRecord[]> {
  return await sql<ShardRecord[]>`
    select shard_id as id, state, parent_id as "parentId", records::float8 as records, lease_owner as worker,
      greatest(0, (extract(epoch from clock_timestamp() - through_at) * 1000)::float8) as "lagMs"
    from stream_shard where plan_table_id = ${tableId} and state in ('waiting', 'reading')
    order by through_at, shard_id limit ${SHARDS_MAX}`;
}

/** Keys shown that were written beside the gateways. */
const BESIDE_SHOWN_MAX = 50;

export interface BesideRecord {
  keyId: string;
  times: number;
  firstSeenAt: Date;
  lastSeenAt: Date;
}

/** Keys that were written beside the gateways, the latest first. */
export async function readBeside(sql: Sql, tableId: string): Promise<BesideRecord[]> {
  return await sql<BesideRecord[]>`
    select key_id as "keyId", times, first_seen_at as "firstSeenAt", last_seen_at as "lastSeenAt" from beside_write
    where plan_table_id = ${tableId} order by last_seen_at desc, key_id limit ${BESIDE_SHOWN_MAX}`;
}
