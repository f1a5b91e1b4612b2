/** Fences as workers see them: when to stop on a table, and the record that one has (PROTOCOL F1a). */
import type { Sql } from '@/db/client';

export interface StoppingFence {
  fenceId: string;
  planTableId: string;
  isAcknowledged: boolean;
}

/**
 * Fences from step `settled` until their end: workers send nothing to either store of the table meanwhile. Nor do they
 * on any table while another Postgres is here and gateways are asked what they obey: the direction that it names may be
 * the wrong one, and a settle would then overwrite the truth (PROTOCOL F6).
 */
export async function fencesThatStopWorkers(sql: Sql, workerId: string): Promise<StoppingFence[]> {
  return await sql<StoppingFence[]>`
    select f.id as "fenceId", f.plan_table_id as "planTableId", (w.worker_id is not null) as "isAcknowledged"
    from fence f left join fence_worker w on w.fence_id = f.id and w.worker_id = ${workerId}
    where f.step in ('settled', 'workers_stopped', 'flipped', 'canary_proven')
    union all
    select 'recovery', t.id, true from plan_table t
    where exists (select 1 from postgres_identity where opened_at is not null)
      and not exists (select 1 from fence f where f.plan_table_id = t.id
        and f.step in ('settled', 'workers_stopped', 'flipped', 'canary_proven'))`;
}

/** This worker has nothing in flight on the table and sends nothing more until the fence has ended. */
export async function acknowledgeFence(sql: Sql, by: { fenceId: string; workerId: string }): Promise<void> {
  await sql`insert into fence_worker (fence_id, worker_id, stopped_at) values (${by.fenceId}, ${by.workerId}, now())
    on conflict do nothing`;
}

/** Open fences that nobody drives: queued again, because `run-fence` may be taken over by any worker. */
export async function queueOpenFences(sql: Sql): Promise<void> {
  await sql`
    select graphile_worker.add_job('run-fence', json_build_object('fenceId', f.id), job_key := 'fence:' || f.id,
      priority := -10)
    from fence f where f.step not in ('released', 'aborted')
      and not exists (select 1 from graphile_worker.jobs j
        where j.key = 'fence:' || f.id and (j.attempts < j.max_attempts or j.locked_at is not null))`;
}
