import { sql } from 'drizzle-orm';
import type { Db, DbTransaction } from '@/db/client';

export interface ApprovalRow {
  by: string;
  byId: string;
  planHash: string;
  atMs: number;
  expiresAtMs: number;
}

/** The newest approval of a move that has not been used, whoever gave it; null: nobody approved it. */
export async function latestApproval(
  tx: Db | DbTransaction,
  ask: { planTableId: string; verb: string },
): Promise<ApprovalRow | null> {
  const rows = await tx.execute<ApprovalRow & Record<string, unknown>>(sql`
    select approved_by_name as "by", approved_by as "byId", plan_hash as "planHash",
      (extract(epoch from at) * 1000)::float8 as "atMs", (extract(epoch from expires_at) * 1000)::float8 as "expiresAtMs"
    from approval where plan_table_id = ${ask.planTableId} and verb = ${ask.verb} and used_at is null
    order by at desc limit 1`);
  return rows[0] ?? null;
}

/** Uses up the approvals of exactly these steps by somebody else than the actor; returns who gave them. */
export async function consumeApproval(
  tx: DbTransaction,
  ask: { planTableId: string; verb: string; planHash: string; actorId: string },
): Promise<string[]> {
  const rows = await tx.execute<{ by: string }>(sql`
    update approval set used_at = clock_timestamp()
    where plan_table_id = ${ask.planTableId} and verb = ${ask.verb} and plan_hash = ${ask.planHash}
      and used_at is null and expires_at > clock_timestamp() and approved_by <> ${ask.actorId}
    returning approved_by_name as "by"`);
  return rows.map((row) => row.by);
}
