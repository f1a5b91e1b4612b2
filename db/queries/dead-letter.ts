/**
 * Dead letters: dirty keys whose image the follower refuses for good. The row stays, so the key is read from the
 * authority and counts at every gate; it is settled again as soon as anything marks it, because a refusal is remembered
 * of one generation only.
 */
import type { Executor } from './dirty';
import { againIfRolledBack, type ClaimedKey } from './dirty';

export interface BuriedKey {
  claim: ClaimedKey;
  errorType: string;
  /** The store's words, short. */
  reason: string;
}

/** Gives claims back as dead letters of the generation that was refused; whoever lost its claim changes nothing. */
export async function buryKeys(
  sql: Executor,
  ask: { planTableId: string; buried: readonly BuriedKey[] },
): Promise<void> {
  if (ask.buried.length === 0) return;
  const mine = ask.buried.map(({ claim, errorType, reason }) => ({
    key_id: claim.keyId,
    claim_token: claim.claimToken,
    generation: claim.generation,
    error_type: errorType,
    reason,
  }));
  await againIfRolledBack(
    () => sql`
    with mine as (
      select m.* from jsonb_to_recordset(${sql.json(mine)})
        as m(key_id text, claim_token bigint, generation bigint, error_type text, reason text)
      join dirty_key k on k.plan_table_id = ${ask.planTableId} and k.key_digest = key_digest(m.key_id)
      order by m.key_id for update of k
    )
    update dirty_key d set claim_token = null, claim_owner = null, claim_until = null, hot = false,
      dead_generation = mine.generation, dead_type = mine.error_type, last_error = mine.reason,
      dead_at = case when d.dead_type is null then clock_timestamp() else d.dead_at end
    from mine
    where d.plan_table_id = ${ask.planTableId} and d.key_digest = key_digest(mine.key_id)
      and d.claim_token = mine.claim_token`,
  );
}

/** Dead letters shown and acted on together, at most. */
export const DEAD_LETTERS_MAX = 200;

export interface DeadLetterRow {
  /** Digest of the key in hex: what stands for it in addresses and actions. */
  id: string;
  keyId: string;
  cause: string;
  errorType: string;
  reason: string;
  attempts: number;
  firstSeenAt: Date;
  deadAt: Date;
  parkedBy: string | null;
  parkedReason: string | null;
  parkedAt: Date | null;
}

/** Those nobody parked first, oldest first. */
export async function readDeadLetters(
  sql: Executor,
  of: { planTableId: string; ids?: readonly string[] },
): Promise<DeadLetterRow[]> {
  const ids = of.ids
    ? sql`and encode(key_digest, 'hex') in (select jsonb_array_elements_text(${sql.json([...of.ids])}))`
    : sql``;
  return await sql<DeadLetterRow[]>`
    select encode(key_digest, 'hex') as id, key_id as "keyId", cause, dead_type as "errorType",
      coalesce(last_error, '') as reason, attempts, first_seen_at as "firstSeenAt", dead_at as "deadAt",
      parked_by as "parkedBy", parked_reason as "parkedReason", parked_at as "parkedAt"
    from dirty_key where plan_table_id = ${of.planTableId} and dead_generation = generation ${ids}
    order by (parked_at is not null), first_seen_at, key_id limit ${DEAD_LETTERS_MAX}`;
}

/** Says of dead letters that they may wait, and why. Returns how many were still dead. */
export async function parkKeys(
  sql: Executor,
  ask: { planTableId: string; ids: readonly string[]; by: string; reason: string },
): Promise<number> {
  const rows = await sql`
    update dirty_key set parked_by = ${ask.by}, parked_reason = ${ask.reason}, parked_at = clock_timestamp()
    where plan_table_id = ${ask.planTableId} and dead_generation = generation
      and encode(key_digest, 'hex') in (select jsonb_array_elements_text(${sql.json([...ask.ids])})) returning 1`;
  return rows.length;
}

/** What was parked is not any more; before its key is marked anew. */
export async function unparkKeys(sql: Executor, ask: { planTableId: string; ids: readonly string[] }): Promise<void> {
  await sql`update dirty_key set parked_by = null, parked_reason = null, parked_at = null
    where plan_table_id = ${ask.planTableId}
      and encode(key_digest, 'hex') in (select jsonb_array_elements_text(${sql.json([...ask.ids])}))`;
}

/** Tables with dead letters that nobody parked. */
export async function tablesWithDeadLetters(
  sql: Executor,
): Promise<{ planTableId: string; name: string; count: number }[]> {
  return [
    ...(await sql<{ planTableId: string; name: string; count: number }[]>`
      select t.id as "planTableId", t.name, count(*)::int as count from dirty_key d join plan_table t on t.id = d.plan_table_id
      where d.dead_generation = d.generation and d.parked_at is null group by t.id, t.name order by t.id limit 500`),
  ];
}
