/** Processes that are gone without a goodbye, and the keys of stores that they knew (PROTOCOL F1a, F4). */
import { type SQL, sql } from 'drizzle-orm';
import type { Db, DbTransaction } from '@/db/client';
import { CHANNELS } from '@/lib/contracts/routing';
import { isCleanSince, refusedSince } from '../routing/acknowledged';

export interface KnownCredential {
  id: string;
  processId: string;
  connectionId: string;
  connectionName: string;
  credentialSealed: string;
  sealedFor: string;
  accessKeyHint: string;
  replacedEpoch: number | null;
  revokedAt: Date | string | null;
  refusedAt: Date | string | null;
  probe: string | null;
  /** The connection, or a use of it, still works with this very key. */
  isInUse: boolean;
  hasIssuer: boolean;
}

const columns =
  sql.raw(`k.id, k.process_id as "processId", k.connection_id as "connectionId", c.name as "connectionName",
  k.credential_sealed as "credentialSealed", k.sealed_for as "sealedFor", k.access_key_hint as "accessKeyHint",
  k.replaced_epoch::float8 as "replacedEpoch", k.revoked_at as "revokedAt", k.refused_at as "refusedAt", k.probe,
  (c.credential_sealed = k.credential_sealed or exists (select 1 from store_credential s
    where s.credential_sealed = k.credential_sealed and s.state = 'active')) as "isInUse",
  c.issuer_sealed is not null as "hasIssuer"`);

/** What the processes knew, by connection; without ids of all that are not refused yet. */
export async function knownCredentials(tx: Db | DbTransaction, processId?: string): Promise<KnownCredential[]> {
  const which: SQL = processId === undefined ? sql`k.refused_at is null` : sql`k.process_id = ${processId}`;
  return await tx.execute<KnownCredential & Record<string, unknown>>(sql`
    select ${columns} from process_credential k join connection c on c.id = k.connection_id
    where ${which} order by k.created_at, k.id limit 200`);
}

/**
 * Writes down every key that a process may know: those of the connections themselves and those that were issued for a
 * use. `connections`: a condition on `c`.
 */
async function writeDown(tx: DbTransaction, ask: { processId: string; connections: SQL }): Promise<void> {
  await tx.execute(sql`
    insert into process_credential (id, process_id, connection_id, credential_sealed, sealed_for, access_key_hint)
    select 'pcr_' || encode(sha256(convert_to(${ask.processId} || k.sealed, 'UTF8')), 'hex'), ${ask.processId}, k.connection_id,
      k.sealed, k.sealed_for, k.hint
    from (select c.id as connection_id, c.credential_sealed as sealed, 'connection' as sealed_for, c.credential_hint as hint
        from connection c where ${ask.connections}
      union all
      select c.id, s.credential_sealed, 'store-credential', s.access_key_hint
        from store_credential s join connection c on c.id = s.connection_id
        where s.state <> 'retired' and ${ask.connections}) k
    on conflict (id) do nothing`);
}

export interface Passing {
  by: string;
  reason: string;
}

export interface GoneGateway {
  identity: string;
  connectionId: string;
}

/** From now on it is told that it is dead, gets no keys any more, and barriers pass it. Null: it is not registered. */
export async function markGone(
  tx: DbTransaction,
  ask: Passing & { gatewayId: string; silentMs: number },
): Promise<GoneGateway | null> {
  const rows = await tx.execute<{ identity: string; connection_id: string }>(sql`
    update gateway set state = 'declared_dead', gone_at = clock_timestamp(), gone_by = ${ask.by}, gone_reason = ${ask.reason}
    where id = ${ask.gatewayId} and state = 'registered'
      and last_seen_at < clock_timestamp() - ${ask.silentMs}::float8 * interval '1 millisecond'
    returning identity, connection_id`);
  const row = rows[0];
  if (!row) return null;
  const connections = sql`(c.id = ${row.connection_id} or c.id in
    (select target_connection_id from routing where connection_id = ${row.connection_id}))`;
  await writeDown(tx, { processId: ask.gatewayId, connections });
  return { identity: row.identity, connectionId: row.connection_id };
}

/** What a gateway that is gone had in flight may be missing on one side: every table on its way owes a verification. */
export async function verifyAgain(
  tx: DbTransaction,
  ask: { connectionId: string; reason: string },
): Promise<{ id: string; planId: string; name: string }[]> {
  return await tx.execute<{ id: string; planId: string; name: string }>(sql`
    update plan_table t set verify_again_since = clock_timestamp(), verify_again_reason = ${ask.reason}
    from plan p where p.id = t.plan_id and p.source_connection_id = ${ask.connectionId}
      and t.stage in ('dual_write', 'backfill', 'verify', 'shift', 'target_first')
    returning t.id, t.plan_id as "planId", t.name`);
}

/** It counts at fences until every key that it knew is refused; its heart-beat ends it should it live after all. */
export async function markWithdrawn(tx: DbTransaction, ask: { workerId: string; silentMs: number }): Promise<boolean> {
  const rows = await tx.execute(sql`
    update worker set state = 'withdrawn' where id = ${ask.workerId} and state = 'registered'
      and last_seen_at < clock_timestamp() - ${ask.silentMs}::float8 * interval '1 millisecond' returning 1`);
  if (rows.length === 0) return false;
  await writeDown(tx, { processId: ask.workerId, connections: sql`true` });
  return true;
}

/** Every connection that acts on the keys of this one takes a new epoch, and with it the new key. */
export async function raiseEpochs(tx: DbTransaction, connectionId: string): Promise<void> {
  const rows = await tx.execute<{ connection_id: string; epoch: number }>(sql`
    update routing_head set epoch = epoch + 1, changed_at = now()
    where connection_id = ${connectionId}
      or connection_id in (select connection_id from routing where target_connection_id = ${connectionId})
    returning connection_id, epoch::float8 as epoch`);
  for (const { connection_id, epoch } of rows)
    await tx.execute(
      sql`select pg_notify(${CHANNELS.routing}, ${JSON.stringify({ connectionId: connection_id, epoch })})`,
    );
}

/** Gateways, by name, that have not acknowledged the newest epoch of a connection that uses these keys. */
export async function notYetOnNewKeys(db: Db, connectionId: string): Promise<string[]> {
  const rows = await db.execute<{ identity: string }>(sql`
    select g.identity from gateway g join routing_head h on h.connection_id = g.connection_id
    where g.state = 'registered' and (g.acknowledged_incarnation < h.incarnation or g.acknowledged_epoch < h.epoch)
      and (h.connection_id = ${connectionId}
        or h.connection_id in (select connection_id from routing where target_connection_id = ${connectionId}))
    order by g.identity`);
  return rows.map((row) => row.identity);
}

export async function recordProbe(
  db: Db,
  probe: { id: string; sentence: string; isRefused: boolean; isRevoked: boolean },
): Promise<void> {
  await db.execute(sql`
    update process_credential set probed_at = clock_timestamp(), probe = ${probe.sentence},
      revoked_at = case when ${probe.isRevoked}::boolean then coalesce(revoked_at, clock_timestamp()) else revoked_at end,
      refused_at = case when ${probe.isRefused}::boolean then coalesce(refused_at, clock_timestamp()) end
    where id = ${probe.id}`);
}

/** Withdrawn workers of which no key works any more. */
export async function refusedWorkers(db: Db): Promise<string[]> {
  const rows = await db.execute<{ id: string }>(sql`
    select w.id from worker w where w.state = 'withdrawn' and ${refusedSince(sql`w.id`)} is not null`);
  return rows.map((row) => row.id);
}

export interface DeadFacts {
  identity: string;
  state: string;
  connectionId: string;
  goneAtMs: number | null;
  goneBy: string | null;
  goneReason: string | null;
  deadAtMs: number | null;
  deadBy: string | null;
  refusedAtMs: number | null;
  nowMs: number;
  /** The longest Δ of the tables on its connection. */
  deltaMs: number;
  tables: { name: string; stage: string; isClean: boolean }[];
}

const ms = (column: SQL): SQL => sql`(extract(epoch from ${column}) * 1000)::float8`;

/** Everything that its declaration rests on; null: there is no such gateway. */
export async function deadFacts(tx: Db | DbTransaction, gatewayId: string): Promise<DeadFacts | null> {
  const rows = await tx.execute<DeadFacts & Record<string, unknown>>(sql`
    select g.identity, g.state, g.connection_id as "connectionId", ${ms(sql`g.gone_at`)} as "goneAtMs",
      g.gone_by as "goneBy", g.gone_reason as "goneReason", ${ms(sql`g.dead_at`)} as "deadAtMs", g.dead_by as "deadBy",
      ${ms(refusedSince(sql`g.id`))} as "refusedAtMs", ${ms(sql`clock_timestamp()`)} as "nowMs",
      coalesce((select max((p.settings ->> 'deltaMs')::float8) from plan p
        where p.source_connection_id = g.connection_id), 0)::float8 as "deltaMs",
      coalesce((select json_agg(json_build_object('name', t.name, 'stage', t.stage,
          'isClean', ${isCleanSince({ gatewayId: sql`g.id`, planTableId: sql`t.id` })}) order by t.name)
        from plan_table t join plan p on p.id = t.plan_id where p.source_connection_id = g.connection_id
          and t.stage in ('verify', 'shift', 'target_first')), '[]') as tables
    from gateway g where g.id = ${gatewayId}`);
  return rows[0] ?? null;
}

/** Fences pass it from now on, table by table, where the proof of the table stands. */
export async function markDead(tx: DbTransaction, ask: Passing & { gatewayId: string }): Promise<boolean> {
  const rows = await tx.execute(sql`
    update gateway set dead_at = clock_timestamp(), dead_by = ${ask.by}, dead_reason = ${ask.reason}
    where id = ${ask.gatewayId} and state = 'declared_dead' and dead_at is null returning 1`);
  return rows.length === 1;
}
