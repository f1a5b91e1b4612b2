import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import type { Db, DbTransaction, Sql } from '@/db/client';
import { alert, alertDestination } from '@/db/schema';

export const DESTINATIONS_MAX = 50;

export type DestinationRow = typeof alertDestination.$inferSelect;

export async function readDestinations(db: Db | DbTransaction): Promise<DestinationRow[]> {
  return await db
    .select()
    .from(alertDestination)
    .where(isNull(alertDestination.removedAt))
    .orderBy(asc(alertDestination.name))
    .limit(DESTINATIONS_MAX);
}

export async function readDestination(db: Db | DbTransaction, id: string): Promise<DestinationRow | null> {
  const rows = await db
    .select()
    .from(alertDestination)
    .where(and(eq(alertDestination.id, id), isNull(alertDestination.removedAt)))
    .limit(1);
  return rows[0] ?? null;
}

export async function insertDestination(tx: DbTransaction, row: typeof alertDestination.$inferInsert): Promise<void> {
  await tx.insert(alertDestination).values(row);
}

/** Removed ones stay as rows: alerts that were delivered to them name them. */
export async function removeDestination(tx: DbTransaction, id: string): Promise<string | null> {
  const rows = await tx
    .update(alertDestination)
    .set({ removedAt: sql`now()` })
    .where(and(eq(alertDestination.id, id), isNull(alertDestination.removedAt)))
    .returning({ name: alertDestination.name });
  return rows[0]?.name ?? null;
}

export async function storeTest(db: Db | DbTransaction, id: string, outcome: string): Promise<void> {
  await db
    .update(alertDestination)
    .set({ lastTestAt: sql`now()`, lastTestOk: outcome })
    .where(eq(alertDestination.id, id));
}

export async function insertAlerts(db: Db | DbTransaction, rows: (typeof alert.$inferInsert)[]): Promise<void> {
  if (rows.length > 0) await db.insert(alert).values(rows);
}

export async function storeDelivery(
  db: Db | DbTransaction,
  id: string,
  outcome: { isDelivered: boolean; error: string | null },
): Promise<void> {
  await db
    .update(alert)
    .set({
      attempts: sql`${alert.attempts} + 1`,
      deliveredAt: outcome.isDelivered ? sql`now()` : null,
      lastError: outcome.error,
    })
    .where(eq(alert.id, id));
}

/**
 * Stores the alerts of one occasion unless the same kind was raised for the same table within `quietMs`; false then. The
 * lock makes two workers that see one failure at once raise it once.
 */
export async function insertUnlessRaised(
  tx: DbTransaction,
  of: { kind: string; planTableId: string | null; quietMs: number },
  rows: (typeof alert.$inferInsert)[],
): Promise<boolean> {
  const name = `landfall-alert:${of.kind}:${of.planTableId ?? ''}`;
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`);
  const raised = await tx.execute(sql`
    select 1 from alert where kind = ${of.kind} and plan_table_id is not distinct from ${of.planTableId}
      and at > clock_timestamp() - ${of.quietMs}::float8 * interval '1 millisecond' limit 1`);
  if (raised.length > 0) return false;
  await insertAlerts(tx, rows);
  return true;
}

export interface PendingAlert {
  id: string;
  destinationId: string;
  kind: string;
  planTableId: string | null;
  sentence: string;
  attempts: number;
  at: Date;
}

/** Undelivered alerts whose next attempt is due: each waits twice as long as the one before. */
export async function readPending(client: Sql, of: { attemptsMax: number; retryMs: number }): Promise<PendingAlert[]> {
  return await client<PendingAlert[]>`
    select a.id, a.destination_id as "destinationId", a.kind, a.plan_table_id as "planTableId", a.sentence, a.attempts, a.at
    from alert a join alert_destination d on d.id = a.destination_id
    where a.delivered_at is null and a.attempts < ${of.attemptsMax} and d.removed_at is null and a.kind <> 'test'
      and a.at > now() - interval '1 day'
      and a.at + (power(2, a.attempts) - 1) * ${of.retryMs}::float8 * interval '1 millisecond' <= now()
    order by a.at limit 50`;
}
