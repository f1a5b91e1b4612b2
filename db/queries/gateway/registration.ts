/** Gateways in the register (PROTOCOL E1, F5): a row stays `registered` until goodbye or until it is declared dead. */
import type { Sql } from '@/db/client';

export interface GatewayConnection {
  id: string;
  name: string;
  region: string;
}

/** The source connection that a gateway is bound to, by id or by name. */
export async function findConnection(sql: Sql, idOrName: string): Promise<GatewayConnection | null> {
  const rows = await sql<GatewayConnection[]>`
    select id, name, region from connection where id = ${idOrName} or name = ${idOrName}
    order by (id = ${idOrName}) desc limit 1`;
  return rows[0] ?? null;
}

export interface Registration {
  id: string;
  connectionId: string;
  identity: string;
  version: string;
  host: string;
  listen: string;
  /** True where it is left out. */
  verifiesSignatures?: boolean;
}

/**
 * Registers a gateway. It commits before the caller reads any epoch, so a barrier that commits its epoch afterwards
 * counts this gateway. What an earlier start acknowledged counts no more. False: declared dead; never again.
 */
export async function registerGateway(sql: Sql, row: Registration): Promise<boolean> {
  const rows = await sql`
    insert into gateway as g (id, connection_id, identity, version, host, listen, verifies_signatures)
    values (${row.id}, ${row.connectionId}, ${row.identity}, ${row.version}, ${row.host}, ${row.listen},
      ${row.verifiesSignatures ?? true})
    on conflict (id) do update set
      connection_id = excluded.connection_id, identity = excluded.identity, version = excluded.version,
      host = excluded.host, listen = excluded.listen, verifies_signatures = excluded.verifies_signatures, state = 'registered', started_at = now(), last_seen_at = now(),
      goodbye_at = null, acknowledged_epoch = 0, acknowledged_incarnation = 0, acknowledged_at = null,
      start_count = g.start_count + 1
    where g.state <> 'declared_dead'
    returning id`;
  if (rows.length === 0) return false;
  await sql`update gateway_table set quiet_epoch = 0 where gateway_id = ${row.id}`;
  return true;
}

/** The last word of a gateway with nothing in flight and no open intent. */
export async function sayGoodbye(sql: Sql, gatewayId: string): Promise<void> {
  await sql`update gateway set state = 'goodbye', goodbye_at = now(), last_seen_at = now(), in_flight = 0,
    intents_open = 0 where id = ${gatewayId} and state = 'registered'`;
}

/** Whether Postgres answers. */
export async function ping(sql: Sql): Promise<void> {
  await sql`select 1`;
}
