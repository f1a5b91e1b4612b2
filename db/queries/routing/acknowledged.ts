import { sql } from 'drizzle-orm';
import type { Db, DbTransaction } from '@/db/client';

export interface RegisteredGateway {
  id: string;
  identity: string;
  acknowledged: boolean;
  /** Held at this epoch with nothing in flight and every intent cleared. */
  quiet: boolean;
  isSilent: boolean;
  canaryNonce: string | null;
  canaryKey: Record<string, unknown> | null;
}

/**
 * Every gateway that ever started for the connection and neither said goodbye nor was declared dead, silent ones
 * included (PROTOCOL E1), with what it has acknowledged of this epoch. Read it after the epoch is committed, and again
 * in the transaction that completes the barrier or fence.
 */
export async function registeredGateways(
  tx: Db | DbTransaction,
  ask: { connectionId: string; planTableId: string; epoch: number; silentMs: number },
): Promise<RegisteredGateway[]> {
  return await tx.execute<RegisteredGateway & Record<string, unknown>>(sql`
    select g.id, g.identity,
      (g.acknowledged_incarnation = h.incarnation and g.acknowledged_epoch >= ${ask.epoch}::bigint) as acknowledged,
      coalesce(r.quiet_epoch >= ${ask.epoch}::bigint, false) as quiet,
      g.last_seen_at < clock_timestamp() - ${ask.silentMs}::float8 * interval '1 millisecond' as "isSilent",
      r.canary_nonce as "canaryNonce", r.canary_key as "canaryKey"
    from gateway g join routing_head h on h.connection_id = g.connection_id
      left join gateway_table r on r.gateway_id = g.id and r.plan_table_id = ${ask.planTableId}
    where g.connection_id = ${ask.connectionId} and g.state = 'registered' order by g.id`);
}
