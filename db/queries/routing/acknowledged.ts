import { type SQL, sql } from 'drizzle-orm';
import type { Db, DbTransaction } from '@/db/client';

export interface RegisteredGateway {
  id: string;
  identity: string;
  acknowledged: boolean;
  /** Held at this epoch with nothing in flight and every intent cleared. */
  quiet: boolean;
  isSilent: boolean;
  /** Attested to be gone: a barrier passes it, a fence only where `isProvenDead` (PROTOCOL F4). */
  isGone: boolean;
  /**
   * For this table: declared dead by a person, every key that it knew is refused, Δ has passed since, and a full
   * verification begun after that was clean.
   */
  isProvenDead: boolean;
  canaryNonce: string | null;
  canaryKey: Record<string, unknown> | null;
}

/** Since when every key that a process knew is refused; null while one is not, or none is on record. */
export const refusedSince = (processId: SQL): SQL => sql`
  (select case when bool_and(c.refused_at is not null) then max(c.refused_at) end
   from process_credential c where c.process_id = ${processId})`;

/**
 * Whether nothing of a gateway that is gone can be missing or still arrive in a table: its keys were refused, then Δ
 * passed, then a full verification began that was clean. Before there is a copy there is nothing to compare.
 */
export const isCleanSince = (of: { gatewayId: SQL; planTableId: SQL }): SQL => sql`
  coalesce((select case
      when ${refusedSince(of.gatewayId)} + (q.settings ->> 'deltaMs')::float8 * interval '1 millisecond' > clock_timestamp()
        then false
      when x.stage in ('planned', 'frozen') then ${refusedSince(of.gatewayId)} is not null
      else exists (select 1 from run v where v.plan_table_id = x.id and v.kind = 'verification' and v.state = 'done'
        and v.stop_reason is null and v.sample_ppm is null
        and v.started_at > ${refusedSince(of.gatewayId)} + (q.settings ->> 'deltaMs')::float8 * interval '1 millisecond'
        and not exists (select 1 from mismatch m where m.run_id = v.id and m.state <> 'gone')) end
    from plan_table x join plan q on q.id = x.plan_id where x.id = ${of.planTableId}), false)`;

/**
 * Every gateway that ever started for the connection and has not said goodbye, silent ones and those that are gone
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
      g.state = 'declared_dead' as "isGone",
      (g.dead_at is not null and ${isCleanSince({ gatewayId: sql`g.id`, planTableId: sql`${ask.planTableId}` })}) as "isProvenDead",
      r.canary_nonce as "canaryNonce", r.canary_key as "canaryKey"
    from gateway g join routing_head h on h.connection_id = g.connection_id
      left join gateway_table r on r.gateway_id = g.id and r.plan_table_id = ${ask.planTableId}
    where g.connection_id = ${ask.connectionId} and g.state <> 'goodbye' order by g.id`);
}
