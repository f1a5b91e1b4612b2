/** What a gateway says of itself: acknowledgement, counters, quiet tables, canaries (PROTOCOL E2, F1). */
import type { Sql } from '@/db/client';
import type { RoutingSnapshot } from '@/lib/contracts/routing';

export interface GatewayReport {
  gatewayId: string;
  acknowledged: { incarnation: number; epoch: number } | null;
  inFlight: number;
  intentsOpen: number;
  dirtyKnown: number;
  feedAgeMs: number | null;
  unprovenSinceMs: number | null;
  tables: TableReport[];
}
export interface TableReport {
  planTableId: string;
  /** Null: not quiet; what was reported before stays. */
  quietEpoch: number | null;
  inFlight: number;
  intentsOpen: number;
}

export type GatewayState = 'registered' | 'goodbye' | 'declared_dead';

export interface Reported {
  /** Null: this Postgres does not know the gateway. */
  state: GatewayState | null;
  /** A recovery of Postgres is under way and has not heard yet what this gateway obeys (PROTOCOL F6). */
  askedRound: number | null;
}

/** One report in one transaction. */
export async function report(sql: Sql, it: GatewayReport): Promise<Reported> {
  return (await sql.begin(async (tx) => {
    const epoch = it.acknowledged?.epoch ?? 0;
    const incarnation = it.acknowledged?.incarnation ?? 0;
    const rows = await tx<{ state: GatewayState; snapshotRound: number }[]>`
      update gateway set last_seen_at = now(), in_flight = ${it.inFlight}, intents_open = ${it.intentsOpen},
        dirty_known = ${it.dirtyKnown}, feed_age_ms = ${it.feedAgeMs},
        unproven_since = ${it.unprovenSinceMs === null ? null : new Date(it.unprovenSinceMs).toISOString()}::timestamptz,
        acknowledged_at = case when (acknowledged_incarnation, acknowledged_epoch) <
          (${incarnation}::int, ${epoch}::bigint) then now() else acknowledged_at end,
        acknowledged_epoch = case when (acknowledged_incarnation, acknowledged_epoch) <
          (${incarnation}::int, ${epoch}::bigint) then ${epoch}::bigint else acknowledged_epoch end,
        acknowledged_incarnation = greatest(acknowledged_incarnation, ${incarnation}::int)
      where id = ${it.gatewayId} returning state, snapshot_round as "snapshotRound"`;
    if (it.tables.length > 0 && rows.length > 0) {
      await tx`
        insert into gateway_table as g (gateway_id, plan_table_id, quiet_epoch, in_flight, intents_open)
        select ${it.gatewayId}, t.id, coalesce(r."quietEpoch", 0), r."inFlight", r."intentsOpen"
        from jsonb_to_recordset(${tx.json(it.tables as never)})
          as r("planTableId" text, "quietEpoch" bigint, "inFlight" int, "intentsOpen" int)
        join plan_table t on t.id = r."planTableId"
        order by t.id
        on conflict (gateway_id, plan_table_id) do update set
          quiet_epoch = greatest(g.quiet_epoch, excluded.quiet_epoch), in_flight = excluded.in_flight,
          intents_open = excluded.intents_open, reported_at = now()`;
    }
    const asked = await tx<{ round: number }[]>`select round from postgres_identity where opened_at is not null`;
    const [row, round] = [rows[0], asked[0]?.round ?? 0];
    return { state: row?.state ?? null, askedRound: row && row.snapshotRound < round ? round : null };
  })) as Reported;
}

/** What this gateway obeys, whole, for a recovery of Postgres (PROTOCOL F6). */
export async function reportSnapshot(
  sql: Sql,
  it: { gatewayId: string; round: number; snapshot: RoutingSnapshot | null },
): Promise<void> {
  await sql`update gateway set snapshot = ${it.snapshot === null ? null : sql.json(it.snapshot as never)},
    snapshot_round = ${it.round}, snapshot_at = now() where id = ${it.gatewayId}`;
}

export interface CanaryRow {
  planTableId: string;
  canaryNonce: string | null;
  canaryKey: Record<string, unknown> | null;
}

/** Canaries that this gateway has written and not deleted yet. */
export async function canariesOf(sql: Sql, gatewayId: string): Promise<CanaryRow[]> {
  const rows = await sql<CanaryRow[]>`
    select plan_table_id as "planTableId", canary_nonce as "canaryNonce", canary_key as "canaryKey"
    from gateway_table where gateway_id = ${gatewayId} and canary_nonce is not null`;
  return [...rows];
}

/** Records the canary that was written; a null nonce says that it is gone again. */
export async function recordCanary(
  sql: Sql,
  row: { gatewayId: string; planTableId: string; nonce: string | null; key: unknown },
): Promise<void> {
  const key = row.nonce === null ? null : sql.json(row.key as never);
  await sql`
    insert into gateway_table (gateway_id, plan_table_id, canary_nonce, canary_key)
    select ${row.gatewayId}, id, ${row.nonce}, ${key} from plan_table where id = ${row.planTableId}
    on conflict (gateway_id, plan_table_id) do update set
      canary_nonce = excluded.canary_nonce, canary_key = excluded.canary_key, reported_at = now()`;
}

/** "Verify again since …" of tables whose intents could not be recorded (PROTOCOL W6); the earliest stays. */
export async function markUnproven(
  sql: Sql,
  tables: readonly { planTableId: string; sinceMs: number }[],
  reason: string,
): Promise<void> {
  await sql`
    update plan_table t set verify_again_since = greatest(t.verify_again_since, now()), verify_again_reason = ${reason}
    from jsonb_to_recordset(${sql.json(tables as never)}) as r("planTableId" text, "sinceMs" bigint)
    where t.id = r."planTableId"`;
}
