/**
 * Rows of dirty keys as workers use them (PROTOCOL section 2). Marking is an upsert and takes a new generation every
 * time; claiming takes a token from the same sequence; a row goes only if neither has changed since.
 */
import type postgres from 'postgres';
import { type Sql, sqlStateOf } from '@/db/client';
import { CHANNELS } from '@/lib/contracts/routing';
import type { KeySchema } from '@/lib/domain/item/item';
import { keyFromId, keyHash } from '@/lib/domain/item/key';
import type { DirtyCause } from '@/lib/domain/routing/dirty';

export type Executor = Sql | postgres.TransactionSql;
export type JsonParameter = postgres.JSONValue;

/** Rows of one statement; more are marked in several. */
const MARKS_A_STATEMENT = 500;

/** Tries of a statement that Postgres rolled back for the sake of another (deadlock, serialization). */
const TRIES_MAX = 5;
const ROLLED_BACK = new Set(['40P01', '40001']);

/**
 * Rows of dirty keys are written by many processes at once. Statements lock them in the order of their ids, so that two
 * seldom wait for each other in a circle; where they do, Postgres rolls one back whole and it runs again.
 */
export async function againIfRolledBack<T>(run: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await run();
    } catch (error) {
      if (tries >= TRIES_MAX || !ROLLED_BACK.has(sqlStateOf(error) ?? '')) throw error;
      await new Promise<void>((done) => setTimeout(done, Math.random() * 20 * 2 ** tries));
    }
  }
}

const isTransaction = (sql: Executor): boolean => 'savepoint' in sql;

export interface Marks {
  planTableId: string;
  schema: KeySchema;
  keyIds: readonly string[];
  cause: DirtyCause;
  /** Set for an unknown outcome: `hold_until` becomes database time + this, raised by each further one (D2). */
  unknownForMs?: number;
  /** A former holder that may still have requests on their way: the hold stays open until it has ended (D4). */
  openFor?: string | null;
}

/** A key as jsonb can hold it. NUL and lone surrogates cannot stand in jsonb; such a key is shown by its id alone. */
function storableKey(keyId: string, schema: KeySchema): JsonParameter {
  const text = JSON.stringify(keyFromId(keyId, schema));
  return /\\u(0000|d[89a-f])/i.test(text) ? {} : (JSON.parse(text) as JsonParameter);
}

/** Marks keys, one row a key, and tells every gateway and worker. Safe to repeat; every mark takes a new generation. */
export async function markKeys(sql: Executor, marks: Marks): Promise<void> {
  for (let at = 0; at < marks.keyIds.length; at += MARKS_A_STATEMENT) {
    const some = { ...marks, keyIds: marks.keyIds.slice(at, at + MARKS_A_STATEMENT) };
    // Inside a transaction the whole of it is rolled back, and whoever opened it runs it again.
    await (isTransaction(sql) ? markSome(sql, some) : againIfRolledBack(() => markSome(sql, some)));
  }
}

async function markSome(sql: Executor, marks: Marks): Promise<void> {
  const { planTableId, schema, cause, unknownForMs, openFor = null } = marks;
  const given = [...new Set(marks.keyIds)].sort().map((keyId) => ({
    key_id: keyId,
    key: storableKey(keyId, schema),
    payload: JSON.stringify({ planTableId, keyHash: keyHash(keyId), event: 'marked' }),
  }));
  await sql`
    with given as (
      select * from jsonb_to_recordset(${sql.json(given)}) as g(key_id text, key jsonb, payload text) order by key_id
    ), marked as (
      insert into dirty_key as d (plan_table_id, key_id, key, cause, generation, hold_until, hold_open_for,
                                  first_seen_at, last_seen_at)
      select ${planTableId}, key_id, key, ${cause}, nextval('dirty_generation'),
             clock_timestamp() + ${unknownForMs ?? null}::float8 * interval '1 millisecond', ${openFor},
             clock_timestamp(), clock_timestamp()
      from given
      on conflict (plan_table_id, key_digest) do update set
        cause = excluded.cause, generation = excluded.generation, last_seen_at = excluded.last_seen_at,
        hold_until = greatest(d.hold_until, excluded.hold_until),
        hold_open_for = case
          when excluded.hold_open_for is null then d.hold_open_for
          when d.hold_open_for is null then excluded.hold_open_for
          when excluded.hold_open_for = any (string_to_array(d.hold_open_for, ',')) then d.hold_open_for
          else d.hold_open_for || ',' || excluded.hold_open_for end,
        claim_until = case when d.claim_token is null then null else d.claim_until end
    )
    select pg_notify(${CHANNELS.dirty}, payload) from given`;
}

export interface ClaimedKey {
  keyId: string;
  generation: number;
  claimToken: number;
  attempts: number;
}

interface ClaimRow {
  key_id: string;
  generation: string;
  claim_token: string;
  attempts: number;
}

const claimedOf = (row: ClaimRow): ClaimedKey => ({
  keyId: row.key_id,
  generation: Number(row.generation),
  claimToken: Number(row.claim_token),
  attempts: row.attempts,
});

/**
 * Claims up to `keysMax` keys that are due: nobody holds them, the follower did not refuse this very image, and either something was marked since the last
 * confirmed settle or their hold has passed by the database's clock. Oldest first.
 */
export async function claimKeys(
  sql: Executor,
  ask: { planTableId: string; owner: string; leaseMs: number; keysMax: number; ignoreHold?: boolean },
): Promise<ClaimedKey[]> {
  const rows = await sql<ClaimRow[]>`
    update dirty_key d set claim_token = nextval('dirty_generation'), claim_owner = ${ask.owner},
      claim_until = clock_timestamp() + ${ask.leaseMs}::float8 * interval '1 millisecond', attempts = attempts + 1
    from (
      select plan_table_id, key_digest from dirty_key
      where plan_table_id = ${ask.planTableId} and claim_token is null
        and (claim_until is null or claim_until <= clock_timestamp()) and dead_generation is distinct from generation
        and (settled_generation is distinct from generation
          or (hold_open_for is null and (hold_until is null or hold_until <= clock_timestamp())))
      order by last_seen_at limit ${ask.keysMax} for update skip locked
    ) due
    where d.plan_table_id = due.plan_table_id and d.key_digest = due.key_digest
    returning d.key_id, d.generation, d.claim_token, d.attempts`;
  return rows.map(claimedOf);
}

/** What a settle asks of the rows it claims: tokens by key id. */
export type ClaimTokens = { key_id: string; claim_token: number }[];

/**
 * Renews claims and reads their generations anew, in one statement, so that a round's generation is never older than
 * its lease. Keys that are no longer ours are missing from the answer.
 */
export async function renewClaims(
  sql: Executor,
  ask: { planTableId: string; tokens: ClaimTokens; leaseMs: number },
): Promise<{ claims: ClaimedKey[]; startedAt: string }> {
  const rows = await againIfRolledBack(
    () => sql<(ClaimRow & { started_at: string })[]>`
    with mine as (
      select m.* from jsonb_to_recordset(${sql.json(ask.tokens)}) as m(key_id text, claim_token bigint)
      join dirty_key k on k.plan_table_id = ${ask.planTableId} and k.key_digest = key_digest(m.key_id) order by m.key_id for update of k
    )
    update dirty_key d set claim_until = clock_timestamp() + ${ask.leaseMs}::float8 * interval '1 millisecond'
    from mine
    where d.plan_table_id = ${ask.planTableId} and d.key_digest = key_digest(mine.key_id) and d.claim_token = mine.claim_token
    returning d.key_id, d.generation, d.claim_token, d.attempts, now()::text as started_at`,
  );
  // now() is when the statement began: the start of the settle is never taken for later than it was.
  return { claims: rows.map(claimedOf), startedAt: rows[0]?.started_at ?? '-infinity' };
}

export type FinishVerdict = 'gone' | 'held' | 'changed' | 'lost';

/**
 * Ends a confirmed settle of some keys. A row goes only if its generation and its claim are the ones of the round and
 * its hold had passed when the settle began; with the hold still ahead the row stays, remembers the generation, and the
 * claim is given back; a changed generation keeps the claim for another round.
 */
export async function finishClaims(
  sql: Sql,
  ask: {
    planTableId: string;
    claims: readonly ClaimedKey[];
    /** Database time as text, from `renewClaims`. */
    startedAt: string;
    /** Switches of the protocol that only tests turn off. */
    checkGeneration: boolean;
    checkHold: boolean;
  },
): Promise<Map<string, FinishVerdict>> {
  const mine = ask.claims.map((claim) => ({
    key_id: claim.keyId,
    claim_token: claim.claimToken,
    generation: claim.generation,
    payload: JSON.stringify({ planTableId: ask.planTableId, keyHash: keyHash(claim.keyId), event: 'gone' }),
  }));
  const rows = await againIfRolledBack(
    () => sql<{ key_id: string; verdict: FinishVerdict }[]>`
    with mine as (
      select m.* from jsonb_to_recordset(${sql.json(mine)})
        as m(key_id text, claim_token bigint, generation bigint, payload text)
      join dirty_key k on k.plan_table_id = ${ask.planTableId} and k.key_digest = key_digest(m.key_id) order by m.key_id for update of k
    ), gone as (
      delete from dirty_key d using mine
      where d.plan_table_id = ${ask.planTableId} and d.key_digest = key_digest(mine.key_id) and d.claim_token = mine.claim_token
        and (d.generation = mine.generation or not ${ask.checkGeneration}::boolean)
        and ((d.hold_open_for is null
              and (d.hold_until is null or d.hold_until <= ${ask.startedAt}::timestamptz))
          or not ${ask.checkHold}::boolean)
      returning d.key_id, mine.payload
    ), held as (
      update dirty_key d set settled_generation = d.generation, claim_token = null, claim_until = null,
        claim_owner = null, last_error = null, hot = false
      from mine
      where d.plan_table_id = ${ask.planTableId} and d.key_digest = key_digest(mine.key_id) and d.claim_token = mine.claim_token
        and d.generation = mine.generation and ${ask.checkHold}::boolean
        and (d.hold_open_for is not null or d.hold_until > ${ask.startedAt}::timestamptz)
      returning d.key_id
    ), counted as (
      insert into settle_count (plan_table_id, keys)
      select ${ask.planTableId}, count(*) from gone having count(*) > 0
      on conflict (plan_table_id) do update set keys = settle_count.keys + excluded.keys
    )
    select key_id, 'gone' as verdict, pg_notify(${CHANNELS.dirty}, payload) from gone
    union all select key_id, 'held', null from held`,
  );
  const verdicts = new Map<string, FinishVerdict>(rows.map((row) => [row.key_id, row.verdict]));
  for (const claim of ask.claims) if (!verdicts.has(claim.keyId)) verdicts.set(claim.keyId, 'changed');
  return verdicts;
}

/** Gives claims back, to be taken again after `afterMs`; says why, and names a key that keeps changing. */
export async function releaseClaims(
  sql: Executor,
  ask: { planTableId: string; tokens: ClaimTokens; afterMs: number; error: string | null; hot: boolean },
): Promise<void> {
  await againIfRolledBack(
    () => sql`
    with mine as (
      select m.* from jsonb_to_recordset(${sql.json(ask.tokens)}) as m(key_id text, claim_token bigint)
      join dirty_key k on k.plan_table_id = ${ask.planTableId} and k.key_digest = key_digest(m.key_id) order by m.key_id for update of k
    )
    update dirty_key d set claim_token = null, claim_owner = null,
      claim_until = clock_timestamp() + ${ask.afterMs}::float8 * interval '1 millisecond',
      last_error = ${ask.error}, hot = ${ask.hot}::boolean
    from mine
    where d.plan_table_id = ${ask.planTableId} and d.key_digest = key_digest(mine.key_id) and d.claim_token = mine.claim_token`,
  );
}

/**
 * Whoever finds an expired claim marks its key with an unknown outcome first, then the key may be claimed again
 * (PROTOCOL D4). The hold is open for the former holder while its worker is registered; else database time + delta.
 */
export async function expireClaims(
  sql: Sql,
  ask: { planTableId: string; schema: KeySchema; deltaMs: number; mark: boolean },
): Promise<number> {
  return await againIfRolledBack(() => expireSome(sql, ask));
}

async function expireSome(sql: Sql, ask: Parameters<typeof expireClaims>[1]): Promise<number> {
  return await sql.begin(async (tx) => {
    const rows = await tx<{ key_id: string; claim_owner: string | null; state: string | null }[]>`
      select d.key_id, d.claim_owner, w.state from dirty_key d left join worker w on w.id = d.claim_owner
      where d.plan_table_id = ${ask.planTableId} and d.claim_token is not null and d.claim_until <= clock_timestamp()
      order by d.key_id limit ${MARKS_A_STATEMENT} for update of d skip locked`;
    if (rows.length === 0) return 0;
    const ids = rows.map((row) => row.key_id);
    await tx`update dirty_key set claim_token = null, claim_owner = null, claim_until = null
      where plan_table_id = ${ask.planTableId}
        and key_digest in (select key_digest(id) from jsonb_array_elements_text(${tx.json(ids)}) id)`;
    if (!ask.mark) return rows.length;
    const byHolder = new Map<string, string[]>();
    for (const row of rows) {
      const openFor = row.state === 'registered' || row.state === 'withdrawn' ? (row.claim_owner as string) : '';
      byHolder.set(openFor, [...(byHolder.get(openFor) ?? []), row.key_id]);
    }
    for (const [openFor, keyIds] of byHolder) {
      const unknownForMs = openFor === '' ? ask.deltaMs : undefined;
      const { planTableId, schema } = ask;
      await markKeys(tx, { planTableId, schema, keyIds, cause: 'take_over', openFor: openFor || null, unknownForMs });
    }
    return rows.length;
  });
}

/** Holds left open for holders that have all ended close: database time + delta from now (PROTOCOL D4, F1a). */
export async function closeHoldsOfEnded(sql: Sql): Promise<number> {
  const rows = await againIfRolledBack(
    () => sql`
    update dirty_key d set hold_open_for = null,
      hold_until = greatest(d.hold_until,
        clock_timestamp() + (p.settings ->> 'deltaMs')::float8 * interval '1 millisecond')
    from plan_table t join plan p on p.id = t.plan_id
    where t.id = d.plan_table_id and d.hold_open_for is not null
      and not exists (select 1 from worker w
        where w.state in ('registered', 'withdrawn') and w.id = any (string_to_array(d.hold_open_for, ',')))
    returning 1`,
  );
  return rows.length;
}

/** Tables where marks wait for this worker, and the database's time of the look. */
export async function tablesHeldOpenFor(
  sql: Sql,
  workerId: string,
): Promise<{ planTableId: string; seenAt: string }[]> {
  return await sql<{ planTableId: string; seenAt: string }[]>`
    select distinct plan_table_id as "planTableId", now()::text as "seenAt" from dirty_key
    where hold_open_for is not null and ${workerId} = any (string_to_array(hold_open_for, ','))`;
}

/**
 * The worker has ended everything that it had in hand when it looked: marks from before then wait for it no longer,
 * but for database time + delta from now, because what it abandoned may still arrive.
 */
export async function acknowledgeHolds(
  sql: Sql,
  by: { workerId: string; planTableId: string; seenAt: string },
): Promise<void> {
  await againIfRolledBack(
    () => sql`
    update dirty_key d set
      hold_open_for = nullif(array_to_string(array_remove(string_to_array(d.hold_open_for, ','), ${by.workerId}), ','), ''),
      hold_until = greatest(d.hold_until,
        clock_timestamp() + (p.settings ->> 'deltaMs')::float8 * interval '1 millisecond')
    from plan_table t join plan p on p.id = t.plan_id
    where t.id = d.plan_table_id and d.plan_table_id = ${by.planTableId} and d.last_seen_at <= ${by.seenAt}::timestamptz
      and d.hold_open_for is not null and ${by.workerId} = any (string_to_array(d.hold_open_for, ','))`,
  );
}

/** Tables with a key that is due for a settle, or a claim that has expired. */
export async function tablesWithDueKeys(sql: Sql): Promise<string[]> {
  const rows = await sql<{ plan_table_id: string }[]>`
    select distinct d.plan_table_id from dirty_key d join routing r on r.plan_table_id = d.plan_table_id
    where r.writes not in ('source', 'target')
      and (d.claim_until is null or d.claim_until <= clock_timestamp())
      and (d.claim_token is not null or (d.dead_generation is distinct from d.generation
        and (d.settled_generation is distinct from d.generation
          or (d.hold_open_for is null and (d.hold_until is null or d.hold_until <= clock_timestamp())))))
      and not exists (select 1 from fence f where f.plan_table_id = d.plan_table_id
        and f.step in ('settled', 'workers_stopped', 'flipped', 'canary_proven'))`;
  return rows.map((row) => row.plan_table_id);
}

/** Of the given keys, those that are dirty now or were marked since `sinceMs` by the database's clock ago. */
export async function dirtyAmong(sql: Executor, planTableId: string, keyIds: readonly string[]): Promise<Set<string>> {
  if (keyIds.length === 0) return new Set();
  const rows = await sql<{ key_id: string }[]>`
    select d.key_id from dirty_key d
    where d.plan_table_id = ${planTableId} and d.key_digest in
      (select key_digest(id) from jsonb_array_elements_text(${sql.json([...keyIds])}) id)`;
  return new Set(rows.map((row) => row.key_id));
}
