import { sql } from 'drizzle-orm';
import type { Db, DbTransaction } from '@/db/client';

export interface StoredAnswer {
  action: string;
  actorId: string;
  result: unknown;
}

/** True: the key is this transaction's now. Waits for another transaction that holds the same key. */
export async function claimIdempotencyKey(
  tx: DbTransaction,
  claim: { key: string; action: string; actorId: string; keptMs: number },
): Promise<boolean> {
  const rows = await tx.execute(sql`
    insert into idempotency as i (key, action, actor_id) values (${claim.key}, ${claim.action}, ${claim.actorId})
    on conflict (key) do update set action = excluded.action, actor_id = excluded.actor_id, result = null, at = now()
      where i.at < now() - ${claim.keptMs}::float8 * interval '1 millisecond'
    returning key`);
  return rows.length === 1;
}

export async function storeAnswer(tx: DbTransaction, key: string, result: unknown): Promise<void> {
  await tx.execute(sql`update idempotency set result = ${JSON.stringify(result ?? null)}::jsonb where key = ${key}`);
}

export async function readAnswer(tx: DbTransaction, key: string): Promise<StoredAnswer | null> {
  const rows = await tx.execute<{ action: string; actor_id: string; result: unknown }>(
    sql`select action, actor_id, result from idempotency where key = ${key}`,
  );
  const row = rows[0];
  return row ? { action: row.action, actorId: row.actor_id, result: row.result } : null;
}

/** Forgets answers that are older than they are kept; returns how many. */
export async function forgetAnswers(db: Db, keptMs: number): Promise<number> {
  const rows = await db.execute(
    sql`delete from idempotency where at < now() - ${keptMs}::float8 * interval '1 millisecond' returning 1`,
  );
  return rows.length;
}
