/** Worker processes: registration before anything else, heartbeats, goodbye and the record of an exit (PROTOCOL F1a). */
import type { Sql } from '@/db/client';
import { CHANNELS } from '@/lib/contracts/routing';

/** After this long without a heartbeat a worker's queued jobs are given to others; its leases expire by themselves. */
export const WORKER_SILENT_MS = 6_000;

export interface WorkerActivity {
  what: string;
  planTableId: string;
}

export async function registerWorker(
  sql: Sql,
  worker: { id: string; host: string; pid: number; version: string; mark?: string | null },
): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`insert into worker (id, host, pid, version, process_mark)
      values (${worker.id}, ${worker.host}, ${worker.pid}, ${worker.version}, ${worker.mark ?? null})`;
    await tx`insert into event (id, kind, sentence, actor_kind, actor) values (${`evt_${worker.id}_started`},
      'worker.started', ${`Worker ${worker.id} started on ${worker.host}.`}, 'system', 'Landfall')`;
  });
}

/** The queue's names of the process, comma between: `locked_by` of its jobs, by which others unlock them when it falls silent. */
export async function setWorkerPool(sql: Sql, workerId: string, poolId: string): Promise<void> {
  await sql`update worker set pool_id = ${poolId} where id = ${workerId}`;
}

/** False: somebody recorded that this process has ended, so it must end now. */
export async function heartbeatWorker(
  sql: Sql,
  workerId: string,
  activity: readonly WorkerActivity[],
): Promise<boolean> {
  const rows = await sql`
    update worker set last_seen_at = clock_timestamp(),
      activity = ${sql.json(activity.map((one) => ({ what: one.what, planTableId: one.planTableId })))}
    where id = ${workerId} and state = 'registered' returning 1`;
  return rows.length === 1;
}

/** A clean end: nothing of this worker is in flight and it holds nothing. */
export async function sayGoodbye(sql: Sql, workerId: string): Promise<void> {
  await endWorker(sql, { workerId, state: 'goodbye', sentence: `Worker ${workerId} stopped.` });
}

/**
 * Its supervisor saw the process end. Only who waited for that very process may say so: the holds that its take-over
 * left open close by this.
 */
export async function recordWorkerExit(sql: Sql, workerId: string): Promise<void> {
  await endWorker(sql, { workerId, state: 'exited', sentence: `Worker ${workerId} ended without a goodbye.` });
}

async function endWorker(
  sql: Sql,
  end: { workerId: string; state: 'goodbye' | 'exited'; sentence: string },
): Promise<void> {
  await sql.begin(async (tx) => {
    const rows = await tx`update worker set state = ${end.state}, ended_at = now(), activity = '[]'::jsonb
      where id = ${end.workerId} and state in ('registered', 'withdrawn') returning 1`;
    if (rows.length === 0) return;
    await tx`insert into event (id, kind, sentence, actor_kind, actor)
      values (${`evt_${end.workerId}_${end.state}`}, ${`worker.${end.state}`}, ${end.sentence}, 'system', 'Landfall')`;
  });
}

/** The same by host and pid, for a process that ended before it said its id. */
export async function recordWorkerExitByPid(sql: Sql, process: { host: string; pid: number }): Promise<void> {
  const rows = await sql<{ id: string }[]>`select id from worker
    where host = ${process.host} and pid = ${process.pid} and state = 'registered'`;
  for (const row of rows) await recordWorkerExit(sql, row.id);
}

/** Workers without a word for long that were processes of this very machine and boot; see `lib/worker/process-mark.ts`. */
export async function silentWorkersHere(sql: Sql, markPrefix: string): Promise<{ id: string; mark: string }[]> {
  return await sql<{ id: string; mark: string }[]>`select id, process_mark as mark from worker
    where state in ('registered', 'withdrawn') and process_mark like ${`${markPrefix}%`}
      and last_seen_at <= clock_timestamp() - ${WORKER_SILENT_MS}::float8 * interval '1 millisecond'`;
}

/** Workers that beat lately, this one included: the connections' rates are shared among them. At least 1. */
export async function countLiveWorkers(sql: Sql): Promise<number> {
  const rows = await sql<{ live: number }[]>`select count(*)::int as live from worker
    where state = 'registered' and last_seen_at > clock_timestamp() - ${WORKER_SILENT_MS}::float8 * interval '1 millisecond'`;
  return Math.max(1, rows[0]?.live ?? 1);
}

/** Unlocks the queued jobs of workers that are silent or have ended, so that others take them. */
export async function unlockSilentWorkers(sql: Sql): Promise<number> {
  const rows = await sql<{ pool_id: string }[]>`
    select distinct unnest(string_to_array(w.pool_id, ',')) as pool_id from worker w join graphile_worker.jobs j on j.locked_by = any (string_to_array(w.pool_id, ','))
    where w.pool_id is not null and (w.state <> 'registered'
      or w.last_seen_at <= clock_timestamp() - ${WORKER_SILENT_MS}::float8 * interval '1 millisecond')`;
  if (rows.length === 0) return 0;
  await sql`select graphile_worker.force_unlock_workers(
    array(select jsonb_array_elements_text(${sql.json(rows.map((row) => row.pool_id))})))`;
  return rows.length;
}

/** Tells every worker of this database something; nobody answers, and a message may be lost. */
export async function tellWorkers(sql: Sql, payload: object): Promise<void> {
  await sql`select pg_notify(${CHANNELS.work}, ${JSON.stringify(payload)})`;
}
