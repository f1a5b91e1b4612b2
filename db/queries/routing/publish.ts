import { sql } from 'drizzle-orm';
import type { Db, DbTransaction } from '@/db/client';
import { CHANNELS } from '@/lib/contracts/routing';
import type { RoutingChange } from '@/lib/domain/plan/steps';

export interface Published {
  connectionId: string;
  incarnation: number;
  epoch: number;
}

type Row = { connection_id: string; incarnation: number; epoch: string };

/**
 * Publishes what gateways obey for one table: the connection's next epoch, the table's row with it, and the
 * notification, all in the caller's transaction (PROTOCOL E1). Everything but the change itself is read from the plan
 * here, so a row never mixes two versions of the plan. Take the table's row lock first; the head is locked after it.
 */
export async function publishRouting(
  tx: DbTransaction,
  planTableId: string,
  change: RoutingChange,
): Promise<Published> {
  const rows = await tx.execute<Row>(sql`
    with it as (
      select t.id, t.name, t.target_name, t.shadow_milli, t.salt, t.key_schema, t.ttl_attribute, t.target_probes,
             t.mappings,
             p.source_connection_id, p.target_connection_id, p.settings, p.name as plan_name
      from plan_table t join plan p on p.id = t.plan_id where t.id = ${planTableId}
    ), head as (
      insert into routing_head (connection_id, epoch) select source_connection_id, 1 from it
      on conflict (connection_id) do update set epoch = routing_head.epoch + 1, changed_at = now()
      returning connection_id, incarnation, epoch
    )
    insert into routing (plan_table_id, connection_id, table_name, target_connection_id, target_table_name, incarnation,
      epoch, stage, writes, authority, reads, read_share_milli, shadow_milli, salt, fallback, key_schema, ttl_attribute,
      sort_order_proven, mirror_wait_ms_max, hold_ms_max, delta_ms, store_timeout_ms, feed_age_ms_max, mappings, plan_name,
      changed_at)
    select it.id, head.connection_id, it.name, it.target_connection_id, it.target_name, head.incarnation,
      head.epoch, ${change.stage}, ${change.writes}, ${change.authority}, ${change.reads}, ${change.readShareMilli}::int,
      it.shadow_milli, it.salt, ${change.fallback}::boolean, it.key_schema, it.ttl_attribute,
      coalesce((it.target_probes ->> 'sortOrder')::boolean, false), (it.settings ->> 'mirrorWaitMsMax')::int,
      (it.settings ->> 'holdMsMax')::int, (it.settings ->> 'deltaMs')::int, (it.settings ->> 'storeTimeoutMs')::int,
      (it.settings ->> 'feedAgeMsMax')::int, it.mappings, it.plan_name, now()
    from it, head
    on conflict (plan_table_id) do update set
      connection_id = excluded.connection_id, table_name = excluded.table_name,
      target_connection_id = excluded.target_connection_id, target_table_name = excluded.target_table_name,
      incarnation = excluded.incarnation, epoch = excluded.epoch, stage = excluded.stage, writes = excluded.writes,
      authority = excluded.authority, reads = excluded.reads, read_share_milli = excluded.read_share_milli,
      shadow_milli = excluded.shadow_milli, salt = excluded.salt, fallback = excluded.fallback,
      key_schema = excluded.key_schema, ttl_attribute = excluded.ttl_attribute,
      sort_order_proven = excluded.sort_order_proven, mirror_wait_ms_max = excluded.mirror_wait_ms_max,
      hold_ms_max = excluded.hold_ms_max, delta_ms = excluded.delta_ms, store_timeout_ms = excluded.store_timeout_ms,
      feed_age_ms_max = excluded.feed_age_ms_max, mappings = excluded.mappings, plan_name = excluded.plan_name, changed_at = excluded.changed_at
    returning connection_id, incarnation, epoch`);
  return await announce(tx, rows[0]);
}

/** Raises the epoch of a table whose routing stays as it is: a canary was asked for or is to be deleted. */
export async function republishRouting(tx: DbTransaction, planTableId: string): Promise<Published> {
  const rows = await tx.execute<Row>(sql`
    with head as (
      update routing_head set epoch = epoch + 1, changed_at = now()
      where connection_id = (select connection_id from routing where plan_table_id = ${planTableId})
      returning connection_id, incarnation, epoch
    )
    update routing r set epoch = head.epoch, incarnation = head.incarnation, changed_at = now()
    from head where r.plan_table_id = ${planTableId}
    returning r.connection_id, r.incarnation, r.epoch`);
  return await announce(tx, rows[0]);
}

/** Publishes another share of shadow reads, all else as it is. Null: the table has no routing yet. */
export async function publishShadowShare(
  tx: DbTransaction,
  planTableId: string,
  shadowMilli: number,
): Promise<Published | null> {
  const rows = await tx.execute<Row>(sql`
    with head as (
      update routing_head set epoch = epoch + 1, changed_at = now()
      where connection_id = (select connection_id from routing where plan_table_id = ${planTableId})
      returning connection_id, incarnation, epoch
    )
    update routing r set epoch = head.epoch, incarnation = head.incarnation, shadow_milli = ${shadowMilli}::int,
      changed_at = now()
    from head where r.plan_table_id = ${planTableId}
    returning r.connection_id, r.incarnation, r.epoch`);
  return rows[0] ? await announce(tx, rows[0]) : null;
}

/**
 * The pass-through of a new source connection: epoch 1 with no table in it, under which a gateway serves everything
 * from the source. Called when the connection is set up; calling it again changes nothing.
 */
export async function publishPassThrough(tx: Db | DbTransaction, connectionId: string): Promise<void> {
  await tx.execute(sql`insert into routing_head (connection_id, epoch) values (${connectionId}, 1)
    on conflict (connection_id) do nothing`);
  await tx.execute(sql`select pg_notify(${CHANNELS.routing}, ${JSON.stringify({ connectionId, epoch: 1 })})`);
}

async function announce(tx: DbTransaction, row: Row | undefined): Promise<Published> {
  if (!row) throw new Error('invariant: routing was published for a table that exists');
  const published = { connectionId: row.connection_id, incarnation: row.incarnation, epoch: Number(row.epoch) };
  const payload = JSON.stringify({ connectionId: published.connectionId, epoch: published.epoch });
  await tx.execute(sql`select pg_notify(${CHANNELS.routing}, ${payload})`);
  return published;
}
