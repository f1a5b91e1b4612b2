import { sql } from 'drizzle-orm';
import type { Db, DbTransaction } from '@/db/client';
import { CHANNELS } from '@/lib/contracts/routing';
import type { FenceStep } from '@/lib/domain/plan/fence';
import type { Verb } from '@/lib/domain/plan/moves';

export interface FenceRow {
  id: string;
  planTableId: string;
  planId: string;
  verb: Verb;
  step: FenceStep;
  long: boolean;
  holdEpoch: number;
  flipEpoch: number | null;
  releaseEpoch: number | null;
  openedBy: string;
  reason: string;
  openedAtMs: number;
  /** Since the hold was published, by the database's clock. */
  ageMs: number;
  isPastBound: boolean;
}

const COLUMNS = sql.raw(`f.id, f.plan_table_id as "planTableId", f.plan_id as "planId", f.verb, f.step, f.long,
  f.hold_epoch::float8 as "holdEpoch", f.flip_epoch::float8 as "flipEpoch", f.release_epoch::float8 as "releaseEpoch",
  f.opened_by as "openedBy", f.reason, (extract(epoch from f.opened_at) * 1000)::float8 as "openedAtMs",
  (extract(epoch from clock_timestamp() - f.opened_at) * 1000)::float8 as "ageMs",
  f.bound_at <= clock_timestamp() as "isPastBound"`);

export async function readFence(tx: Db | DbTransaction, fenceId: string): Promise<FenceRow | null> {
  const rows = await tx.execute<FenceRow & Record<string, unknown>>(
    sql`select ${COLUMNS} from fence f where f.id = ${fenceId}`,
  );
  return rows[0] ?? null;
}

/** The row, locked; take the table's lock first. */
export async function lockFence(tx: DbTransaction, fenceId: string): Promise<FenceRow | null> {
  const rows = await tx.execute<FenceRow & Record<string, unknown>>(
    sql`select ${COLUMNS} from fence f where f.id = ${fenceId} for update`,
  );
  return rows[0] ?? null;
}

export interface StepChange {
  fenceId: string;
  from: FenceStep;
  to: FenceStep;
  flipEpoch?: number;
  releaseEpoch?: number;
  abortedReason?: string;
}

/** The conditional update that every step is. False: another process moved the fence first. */
export async function moveStep(tx: Db | DbTransaction, change: StepChange): Promise<boolean> {
  const rows = await tx.execute<{ plan_table_id: string; plan_id: string }>(sql`
    update fence set step = ${change.to}, updated_at = clock_timestamp(),
      flip_epoch = coalesce(${change.flipEpoch ?? null}::bigint, flip_epoch),
      release_epoch = coalesce(${change.releaseEpoch ?? null}::bigint, release_epoch),
      released_at = case when ${change.to} = 'released' then clock_timestamp() else released_at end,
      aborted_reason = coalesce(${change.abortedReason ?? null}, aborted_reason)
    where id = ${change.fenceId} and step = ${change.from} returning plan_table_id, plan_id`);
  const row = rows[0];
  if (!row) return false;
  const payload = { topic: 'fence', planId: row.plan_id, planTableId: row.plan_table_id };
  await tx.execute(sql`select pg_notify(${CHANNELS.changes}, ${JSON.stringify(payload)}),
    pg_notify(${CHANNELS.work}, ${JSON.stringify({ fenceId: change.fenceId, step: change.to })})`);
  return true;
}

/** Dirty rows of a table; `waiting` ones have an outcome that is unknown and younger than Δ. */
export async function dirtyOf(
  tx: Db | DbTransaction,
  planTableId: string,
): Promise<{ count: number; waiting: number }> {
  const rows = await tx.execute<{ count: number; waiting: number }>(sql`
    select count(*)::int as count,
      count(*) filter (where hold_until > clock_timestamp() or hold_open_for is not null)::int as waiting
    from dirty_key where plan_table_id = ${planTableId}`);
  return rows[0] ?? { count: 0, waiting: 0 };
}

/** Registered workers that have not said that they stopped on this table for this fence (PROTOCOL F1a). */
export async function workersAtWork(tx: Db | DbTransaction, fenceId: string): Promise<string[]> {
  const rows = await tx.execute<{ id: string }>(sql`
    select w.id from worker w where w.state in ('registered', 'withdrawn')
      and not exists (select 1 from fence_worker f where f.fence_id = ${fenceId} and f.worker_id = w.id) order by w.id`);
  return rows.map((row) => row.id);
}

/** Open fences past their bound, and ended ones are none of them. */
export async function overdueFences(db: Db): Promise<string[]> {
  const rows = await db.execute<{ id: string }>(sql`
    select id from fence where step not in ('released', 'aborted') and bound_at <= clock_timestamp() order by id`);
  return rows.map((row) => row.id);
}

/** Until the next open fence reaches its bound, ms; null: none has its bound before it. */
export async function nextBoundMs(db: Db): Promise<number | null> {
  const rows = await db.execute<{ ms: number | null }>(sql`
    select (extract(epoch from min(bound_at) - clock_timestamp()) * 1000)::float8 as ms from fence
    where step not in ('released', 'aborted') and bound_at > clock_timestamp()`);
  return rows[0]?.ms ?? null;
}

/** The epoch of a table's routing row, the one that gateways obey; null: nothing was published. */
export async function routingEpoch(tx: DbTransaction, planTableId: string): Promise<number | null> {
  const rows = await tx.execute<{ epoch: number }>(
    sql`select epoch::float8 as epoch from routing where plan_table_id = ${planTableId}`,
  );
  return rows[0]?.epoch ?? null;
}
