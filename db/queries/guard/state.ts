/** Where the guardrails of a table stand, kept so that a change is said once, whichever of several workers sees it. */
import { sql } from 'drizzle-orm';
import type { Db, DbTransaction } from '@/db/client';
import type { GuardAction, GuardRule } from '@/lib/domain/plan/guard-rules';

export interface GuardStateRow {
  rule: GuardRule;
  action: GuardAction;
  since: Date;
  /** How long ago it was last seen as far up as it stands. */
  calmMs: number;
}

export async function readGuardStates(db: Db | DbTransaction, planTableId: string): Promise<GuardStateRow[]> {
  return (await db.execute<GuardStateRow & Record<string, unknown>>(sql`
    select rule, action, since, (extract(epoch from clock_timestamp() - last_at) * 1000)::float8 as "calmMs"
    from guard_state where plan_table_id = ${planTableId}`)) as GuardStateRow[];
}

/** Moves a rule from where it was seen; false: another worker was first, and says it. */
export async function moveGuard(
  tx: DbTransaction,
  to: { planTableId: string; rule: GuardRule; from: GuardAction | null; action: GuardAction; sentence: string },
): Promise<boolean> {
  const rows = await tx.execute(sql`
    insert into guard_state as g (plan_table_id, rule, action, sentence)
    values (${to.planTableId}, ${to.rule}, ${to.action}, ${to.sentence})
    on conflict (plan_table_id, rule) do update set action = excluded.action, sentence = excluded.sentence,
      since = clock_timestamp(), last_at = clock_timestamp()
    where g.action = ${to.from} and g.action <> excluded.action returning rule`);
  return rows.length > 0;
}

/** Still as far up as it stands. */
export async function keepGuard(
  db: Db,
  at: { planTableId: string; rule: GuardRule; action: GuardAction; sentence: string },
): Promise<void> {
  await db.execute(sql`update guard_state set last_at = clock_timestamp(), sentence = ${at.sentence}
    where plan_table_id = ${at.planTableId} and rule = ${at.rule} and action = ${at.action}`);
}
