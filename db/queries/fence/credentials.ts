import { sql } from 'drizzle-orm';
import type { Db, DbTransaction } from '@/db/client';

/** Stages in which some gateway uses a credential of this purpose on its store. */
const STAGES_OF = {
  origin: "'planned','frozen','dual_write','backfill','verify','shift'",
  mirror: "'dual_write','backfill','verify','shift'",
  primary: "'target_first','backup','retired'",
  reverse: "'target_first'",
} as const;
export type DirectionPurpose = keyof typeof STAGES_OF;

const sideOf = (purpose: DirectionPurpose): string =>
  purpose === 'origin' || purpose === 'reverse' ? 'source_connection_id' : 'target_connection_id';

/** Another table that uses this connection in this way, by name; null: none does. */
export async function otherUser(
  tx: Db | DbTransaction,
  ask: { connectionId: string; purpose: DirectionPurpose; planTableId: string },
): Promise<string | null> {
  const rows = await tx.execute<{ name: string }>(sql`
    select t.name from plan_table t join plan p on p.id = t.plan_id
    where ${sql.raw(`p.${sideOf(ask.purpose)}`)} = ${ask.connectionId} and t.id <> ${ask.planTableId}
      and t.stage in (${sql.raw(STAGES_OF[ask.purpose])}) order by t.name limit 1`);
  return rows[0]?.name ?? null;
}

/** Marks the active credentials of a use as to be retired; returns how many. `exceptFenceId` keeps the new ones. */
export async function markRetiring(
  tx: Db | DbTransaction,
  ask: { connectionId: string; purpose: DirectionPurpose; sinceMs?: number },
): Promise<number> {
  const rows = await tx.execute(sql`
    update store_credential set state = 'retiring', retired_at = clock_timestamp()
    where connection_id = ${ask.connectionId} and purpose = ${ask.purpose} and state = 'active'
      and (${ask.sinceMs ?? null}::float8 is null
        or extract(epoch from created_at) * 1000 >= ${ask.sinceMs ?? null}::float8)
    returning 1`);
  return rows.length;
}

export interface Retiring {
  id: string;
  connectionId: string;
  credentialSealed: string;
}

export async function retiringCredentials(db: Db): Promise<Retiring[]> {
  return await db.execute<Retiring & Record<string, unknown>>(sql`
    select id, connection_id as "connectionId", credential_sealed as "credentialSealed" from store_credential
    where state = 'retiring' order by created_at limit 20`);
}

/** Retired for good: a probe was refused with it. */
export async function markRetired(db: Db, id: string): Promise<void> {
  await db.execute(sql`
    update store_credential set state = 'retired', probed_refused_at = clock_timestamp()
    where id = ${id} and state = 'retiring'`);
}
