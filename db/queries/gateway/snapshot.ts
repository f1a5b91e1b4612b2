/** The routing of one source connection, read in one statement, so that head and tables are of one instant. */
import type { Sql } from '@/db/client';
import { type RoutingSnapshot, routingSnapshot } from '@/lib/contracts/routing';

/** Null: nothing was ever published for the connection. */
export async function readSnapshot(sql: Sql, connectionId: string): Promise<RoutingSnapshot | null> {
  const rows = await sql<{ document: unknown }[]>`
    select json_build_object(
      'connectionId', h.connection_id, 'incarnation', h.incarnation, 'epoch', h.epoch,
      'tables', coalesce((
        select json_agg(json_build_object(
          'planTableId', r.plan_table_id, 'planName', r.plan_name, 'tableName', r.table_name,
          'targetConnectionId', r.target_connection_id, 'targetTableName', r.target_table_name, 'epoch', r.epoch,
          'stage', r.stage, 'writes', r.writes, 'authority', r.authority, 'reads', r.reads,
          'readShareMilli', r.read_share_milli, 'shadowMilli', r.shadow_milli, 'salt', r.salt,
          'fallback', r.fallback, 'keySchema', r.key_schema, 'ttlAttribute', r.ttl_attribute,
          'sortOrderProven', r.sort_order_proven, 'mirrorWaitMsMax', r.mirror_wait_ms_max,
          'holdMsMax', r.hold_ms_max, 'deltaMs', r.delta_ms, 'storeTimeoutMs', r.store_timeout_ms,
          'feedAgeMsMax', r.feed_age_ms_max, 'mappings', r.mappings, 'canaryNonce', t.canary_nonce) order by r.plan_table_id)
        from routing r join plan_table t on t.id = r.plan_table_id where r.connection_id = h.connection_id), '[]')
    ) as document
    from routing_head h where h.connection_id = ${connectionId}`;
  const document = rows[0]?.document;
  if (document === undefined) return null;
  return routingSnapshot.parse(typeof document === 'string' ? JSON.parse(document) : document);
}
