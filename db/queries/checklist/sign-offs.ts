import { and, eq, isNull, ne, sql } from 'drizzle-orm';
import type { DbTransaction, Sql } from '@/db/client';
import { signOff } from '@/db/schema';
import type { ChecklistItem } from '@/lib/domain/plan/checklist';

export interface SignOffRecord {
  id: string;
  planId: string;
  item: ChecklistItem;
  evidenceHash: string;
  evidence: unknown;
  note: string | null;
  signedBy: string;
  signedByName: string;
  signedAt: Date;
  lapsedAt: Date | null;
  lapsedReason: string | null;
}

/** Items that carry a signature which has not lapsed. */
export async function signedItems(sql: Sql, planId: string | null): Promise<{ planId: string; item: ChecklistItem }[]> {
  return await sql<{ planId: string; item: ChecklistItem }[]>`
    select distinct plan_id as "planId", item from sign_off
    where lapsed_at is null and (${planId}::text is null or plan_id = ${planId})`;
}

/** The newest signature of each item, lapsed or not. */
export async function latestSignOffs(sql: Sql, planId: string): Promise<SignOffRecord[]> {
  return await sql<SignOffRecord[]>`
    select distinct on (item) id, plan_id as "planId", item, evidence_hash as "evidenceHash", evidence, note,
      signed_by as "signedBy", signed_by_name as "signedByName", signed_at as "signedAt", lapsed_at as "lapsedAt",
      lapsed_reason as "lapsedReason"
    from sign_off where plan_id = ${planId} order by item, (lapsed_at is null) desc, signed_at desc`;
}

/** Plans that carry a signature which may lapse. */
export async function plansWithSignOffs(sql: Sql): Promise<string[]> {
  const rows = await sql<{ planId: string }[]>`
    select distinct plan_id as "planId" from sign_off where lapsed_at is null limit 500`;
  return rows.map((row) => row.planId);
}

export async function insertSignOff(tx: DbTransaction, row: typeof signOff.$inferInsert): Promise<void> {
  await tx.insert(signOff).values(row);
}

/** Lets the live signatures of one item lapse; returns who had signed. */
export async function lapseItem(
  tx: DbTransaction,
  at: { planId: string; item: ChecklistItem; exceptHash: string },
  reason: string,
): Promise<string[]> {
  const rows = await tx
    .update(signOff)
    .set({ lapsedAt: sql`now()`, lapsedReason: reason })
    .where(
      and(
        eq(signOff.planId, at.planId),
        eq(signOff.item, at.item),
        isNull(signOff.lapsedAt),
        ne(signOff.evidenceHash, at.exceptHash),
      ),
    )
    .returning({ by: signOff.signedByName });
  return rows.map((row) => row.by);
}

/** Facts of a plan that no single table has. */
export interface PlanFacts {
  rehearsal: { kind: string; at: Date; actor: string; tableName: string | null } | null;
  tested: { id: string; name: string; at: Date }[];
}

/** The latest rehearsed roll-back, and the alert destinations whose last test arrived. */
export async function readPlanFacts(client: Sql, planId: string): Promise<PlanFacts> {
  const [events, tested] = await Promise.all([
    client<NonNullable<PlanFacts['rehearsal']>[]>`
      select e.kind, e.at, e.actor, t.name as "tableName" from event e left join plan_table t on t.id = e.plan_table_id
      where e.plan_id = ${planId} and (
        e.kind in ('move.reads_to_source', 'move.flip_back', 'move.abandon')
        or (e.kind = 'move.set_read_share'
          and (e.after ->> 'readShareMilli')::int < (e.before ->> 'readShareMilli')::int))
      order by e.at desc limit 1`,
    client<PlanFacts['tested'][number][]>`
      select id, name, last_test_at as at from alert_destination
      where removed_at is null and last_test_ok = 'ok' order by name limit 20`,
  ]);
  return { rehearsal: events[0] ?? null, tested: [...tested] };
}
