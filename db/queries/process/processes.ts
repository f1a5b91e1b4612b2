import type { Sql } from '@/db/client';

export const PROCESSES_MAX = 200;

export interface GatewayRecord {
  id: string;
  identity: string;
  version: string;
  host: string;
  listen: string;
  connection: string;
  state: 'registered' | 'goodbye' | 'declared_dead';
  isSilent: boolean;
  lastSeenAt: Date;
  startedAt: Date;
  goodbyeAt: Date | null;
  acknowledgedEpoch: number;
  currentEpoch: number;
  inFlight: number;
  intentsOpen: number;
  dirtyKnown: number;
  feedAgeMs: number | null;
  unprovenSince: Date | null;
  /** False: a development gateway on loopback, which serves whoever asks. */
  verifiesSignatures: boolean;
  tables: { name: string; inFlight: number; intentsOpen: number }[];
}

/** Every gateway that ever started, the registered ones first; silent is for the eye and removes none. */
export async function readGateways(sql: Sql, silentMs: number): Promise<GatewayRecord[]> {
  return await sql<GatewayRecord[]>`
    select g.id, g.identity, g.version, g.host, g.listen, c.name as connection, g.state,
      (g.state = 'registered' and g.last_seen_at < now() - ${silentMs}::float8 * interval '1 millisecond') as "isSilent",
      g.last_seen_at as "lastSeenAt", g.started_at as "startedAt", g.goodbye_at as "goodbyeAt",
      g.acknowledged_epoch::float8 as "acknowledgedEpoch", coalesce(h.epoch, 0)::float8 as "currentEpoch",
      g.in_flight as "inFlight", g.intents_open as "intentsOpen", g.dirty_known as "dirtyKnown",
      g.feed_age_ms as "feedAgeMs", g.unproven_since as "unprovenSince",
      g.verifies_signatures as "verifiesSignatures",
      coalesce((select jsonb_agg(jsonb_build_object('name', t.name, 'inFlight', x.in_flight, 'intentsOpen', x.intents_open)
        order by t.name) from gateway_table x join plan_table t on t.id = x.plan_table_id where x.gateway_id = g.id), '[]')
        as tables
    from gateway g
    join connection c on c.id = g.connection_id
    left join routing_head h on h.connection_id = g.connection_id
    order by (g.state = 'registered') desc, (g.state = 'declared_dead' and g.dead_at is null) desc, g.last_seen_at desc, g.id limit ${PROCESSES_MAX}`;
}

export interface WorkerRecord {
  id: string;
  host: string;
  pid: number;
  version: string;
  state: 'registered' | 'withdrawn' | 'goodbye' | 'exited';
  isSilent: boolean;
  lastSeenAt: Date;
  activity: { what: string; planTableId: string }[];
}

export async function readWorkers(sql: Sql, silentMs: number): Promise<WorkerRecord[]> {
  return await sql<WorkerRecord[]>`
    select id, host, pid, version, state,
      (state = 'registered' and last_seen_at < now() - ${silentMs}::float8 * interval '1 millisecond') as "isSilent",
      last_seen_at as "lastSeenAt", activity
    from worker order by (state in ('registered', 'withdrawn')) desc, last_seen_at desc, id limit ${PROCESSES_MAX}`;
}

export interface GatewayKeyRecord {
  id: string;
  application: string;
  accessKeyId: string;
  tables: string[] | null;
  operations: string[] | null;
  createdAt: Date;
  revokedAt: Date | null;
}

export async function readGatewayKeys(sql: Sql): Promise<GatewayKeyRecord[]> {
  return await sql<GatewayKeyRecord[]>`
    select id, application, access_key_id as "accessKeyId", tables, operations, created_at as "createdAt",
      revoked_at as "revokedAt"
    from gateway_key order by (revoked_at is not null), created_at desc, id limit ${PROCESSES_MAX}`;
}
