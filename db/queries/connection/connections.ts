import { and, eq, sql } from 'drizzle-orm';
import type { Db, DbTransaction, Sql } from '@/db/client';
import { connection } from '@/db/schema';
import type { ConnectionLimits, ProbeResult } from '@/db/schema/connection';
import type { KeySchema } from '@/lib/domain/item/item';

export const CONNECTIONS_MAX = 200;

export type ConnectionRow = typeof connection.$inferSelect;
export type NewConnection = typeof connection.$inferInsert;

export async function readConnection(db: Db | DbTransaction, id: string): Promise<ConnectionRow | null> {
  const rows = await db.select().from(connection).where(eq(connection.id, id)).limit(1);
  return rows[0] ?? null;
}

export async function readConnections(db: Db): Promise<ConnectionRow[]> {
  return await db.select().from(connection).orderBy(connection.name).limit(CONNECTIONS_MAX);
}

export async function insertConnection(tx: DbTransaction, row: NewConnection): Promise<void> {
  await tx.insert(connection).values(row);
}

/** Changes a row if its version is still the one that was seen; false: somebody was first. */
export async function updateConnectionRow(
  tx: DbTransaction,
  seen: { id: string; version: number },
  change: Partial<NewConnection>,
): Promise<boolean> {
  const rows = await tx
    .update(connection)
    .set({ ...change, version: seen.version + 1, updatedAt: sql`now()` })
    .where(and(eq(connection.id, seen.id), eq(connection.version, seen.version)))
    .returning({ id: connection.id });
  return rows.length === 1;
}

/** A probe is an observation and no change: it raises no version, so nobody's form goes stale by it. */
export async function storeProbe(db: Db | DbTransaction, id: string, probe: ProbeResult): Promise<void> {
  await db.update(connection).set({ probe }).where(eq(connection.id, id));
}

/** What a proof at a table found out about the key. */
export async function storeRights(
  db: Db | DbTransaction,
  id: string,
  rights: { mayRead: boolean | null; mayWrite: boolean | null },
): Promise<void> {
  await db.execute(sql`
    update connection set probe = probe
      || (case when ${rights.mayRead}::boolean is null then '{}'::jsonb else jsonb_build_object('mayRead', ${rights.mayRead}::boolean) end)
      || (case when ${rights.mayWrite}::boolean is null then '{}'::jsonb else jsonb_build_object('mayWrite', ${rights.mayWrite}::boolean) end)
    where id = ${id} and probe is not null`);
}

export interface ConnectionUse {
  connectionId: string;
  planId: string;
  planName: string;
  isTarget: boolean;
  /** Whether a table of the plan is under way: its routing names this connection. */
  isMoving: boolean;
}

/** Which plans use which connections. */
export async function readConnectionUses(client: Sql, connectionId: string | null): Promise<ConnectionUse[]> {
  return await client<ConnectionUse[]>`
    select c.id as "connectionId", p.id as "planId", p.name as "planName", p.target_connection_id = c.id as "isTarget",
      exists (select 1 from plan_table t where t.plan_id = p.id and t.stage not in ('planned', 'retired')) as "isMoving"
    from connection c join plan p on p.source_connection_id = c.id or p.target_connection_id = c.id
    where (${connectionId}::text is null or c.id = ${connectionId})
    order by p.created_at, p.id limit 1000`;
}

export interface KnownTable {
  name: string;
  key: KeySchema;
}

/** A table of a plan on this connection, to probe with: on a target one that exists there if any is proven. */
export async function readKnownTable(client: Sql, connectionId: string): Promise<KnownTable | null> {
  const rows = await client<KnownTable[]>`
    select case when p.target_connection_id = ${connectionId} then t.target_name else t.name end as name,
      t.key_schema as key
    from plan_table t join plan p on p.id = t.plan_id
    where (p.target_connection_id = ${connectionId} or p.source_connection_id = ${connectionId}) and t.stage <> 'retired'
    order by (t.target_proven_at is not null) desc, t.created_at limit 1`;
  return rows[0] ?? null;
}

/** Tables of a source that a plan moves and has not finished. */
export async function readTablesInUse(
  client: Sql,
  connectionId: string,
): Promise<{ name: string; planName: string }[]> {
  return await client<{ name: string; planName: string }[]>`
    select t.name, p.name as "planName" from plan_table t join plan p on p.id = t.plan_id
    where p.source_connection_id = ${connectionId} and t.stage <> 'retired' order by t.name limit 10000`;
}

export type { ConnectionLimits, ProbeResult };
