import { and, eq, inArray, ne, notInArray, sql } from 'drizzle-orm';
import type { Db, DbTransaction } from '@/db/client';
import { connection, fence, plan, planDraft, planTable } from '@/db/schema';

export type PlanRow = typeof plan.$inferSelect;
export type NewPlan = typeof plan.$inferInsert;
export type PlanTableRow = typeof planTable.$inferSelect;
export type NewPlanTable = typeof planTable.$inferInsert;

export async function readPlan(db: Db | DbTransaction, id: string): Promise<PlanRow | null> {
  const rows = await db.select().from(plan).where(eq(plan.id, id)).limit(1);
  return rows[0] ?? null;
}

export async function readPlanTables(db: Db | DbTransaction, planId: string): Promise<PlanTableRow[]> {
  return await db
    .select()
    .from(planTable)
    .where(eq(planTable.planId, planId))
    .orderBy(planTable.wave, planTable.position, planTable.name)
    .limit(1_000);
}

export async function readPlanTable(db: Db | DbTransaction, tableId: string): Promise<PlanTableRow | null> {
  const rows = await db.select().from(planTable).where(eq(planTable.id, tableId)).limit(1);
  return rows[0] ?? null;
}

/** Holds the source connection's row, so that two plans made at once cannot take the same table; gateways still register. */
export async function lockSource(tx: DbTransaction, connectionId: string): Promise<void> {
  await tx.select({ id: connection.id }).from(connection).where(eq(connection.id, connectionId)).for('no key update');
}

/** Tables of these names, on this source, that a plan moves and has not finished. */
export async function tablesTaken(
  tx: DbTransaction,
  source: { connectionId: string; names: string[] },
): Promise<{ name: string; planName: string }[]> {
  return await tx
    .select({ name: planTable.name, planName: plan.name })
    .from(planTable)
    .innerJoin(plan, eq(plan.id, planTable.planId))
    .where(
      and(
        eq(plan.sourceConnectionId, source.connectionId),
        inArray(planTable.name, source.names),
        ne(planTable.stage, 'retired'),
      ),
    )
    .limit(100);
}

/** Aliases that begin with this one, to find a free one. */
export async function aliasesLike(tx: DbTransaction, alias: string): Promise<string[]> {
  const rows = await tx
    .select({ alias: plan.alias })
    .from(plan)
    .where(sql`starts_with(${plan.alias}, ${alias})`)
    .limit(10_000);
  return rows.map((row) => row.alias);
}

export async function insertPlan(tx: DbTransaction, row: NewPlan, tables: NewPlanTable[]): Promise<void> {
  await tx.insert(plan).values(row);
  await tx.insert(planTable).values(tables);
}

/** Changes a plan if its version is still the one that was seen; false: somebody was first. */
export async function updatePlanRow(
  tx: DbTransaction,
  seen: { id: string; version: number },
  change: Partial<NewPlan>,
): Promise<boolean> {
  const rows = await tx
    .update(plan)
    .set({ ...change, version: seen.version + 1, updatedAt: sql`now()` })
    .where(and(eq(plan.id, seen.id), eq(plan.version, seen.version)))
    .returning({ id: plan.id });
  return rows.length === 1;
}

/** Changes columns of a plan that no form version guards. */
export async function setPlanColumns(tx: DbTransaction, id: string, change: Partial<NewPlan>): Promise<void> {
  await tx
    .update(plan)
    .set({ ...change, updatedAt: sql`now()` })
    .where(eq(plan.id, id));
}

export async function setTableColumns(
  tx: Db | DbTransaction,
  tableId: string,
  change: Partial<NewPlanTable>,
): Promise<void> {
  await tx.update(planTable).set(change).where(eq(planTable.id, tableId));
}

export async function hasOpenFence(tx: DbTransaction, tableId: string): Promise<boolean> {
  const rows = await tx
    .select({ id: fence.id })
    .from(fence)
    .where(and(eq(fence.planTableId, tableId), notInArray(fence.step, ['released', 'aborted'])))
    .limit(1);
  return rows.length > 0;
}

export async function readDraft(db: Db, userId: string): Promise<Record<string, unknown> | null> {
  const rows = await db.select({ draft: planDraft.draft }).from(planDraft).where(eq(planDraft.userId, userId)).limit(1);
  return rows[0]?.draft ?? null;
}

export async function writeDraft(db: Db, userId: string, draft: Record<string, unknown>): Promise<void> {
  await db
    .insert(planDraft)
    .values({ userId, draft })
    .onConflictDoUpdate({ target: planDraft.userId, set: { draft, updatedAt: sql`now()` } });
}

export async function deleteDraft(db: Db | DbTransaction, userId: string): Promise<void> {
  await db.delete(planDraft).where(eq(planDraft.userId, userId));
}
