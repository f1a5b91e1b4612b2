import type { Sql } from '@/db/client';
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
