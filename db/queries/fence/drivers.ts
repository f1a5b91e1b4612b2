/** Who drives a fence, and which of them may still have its canary in hand. */
import { sql } from 'drizzle-orm';
import type { Db } from '@/db/client';

export interface Driver {
  fenceId: string;
  driverId: string;
  /** The worker that it runs in; its end is the driver's. */
  workerId: string | null;
}

/** On record before it does anything. False: there is no such fence. */
export async function beginDriving(db: Db, driver: Driver): Promise<boolean> {
  const rows = await db.execute(sql`
    insert into fence_driver (fence_id, driver_id, worker_id)
    select f.id, ${driver.driverId}, ${driver.workerId} from fence f where f.id = ${driver.fenceId} returning 1`);
  return rows.length === 1;
}

export async function endDriving(db: Db, driver: Driver): Promise<void> {
  await db.execute(sql`update fence_driver set ended_at = clock_timestamp()
    where fence_id = ${driver.fenceId} and driver_id = ${driver.driverId}`);
}

/**
 * Ended fences that had flipped, of which every driver has ended, by itself or with its worker, longer than Δ ago. A
 * request that a driver abandoned lives no longer than that.
 */
export async function fencesToSweep(db: Db): Promise<string[]> {
  const rows = await db.execute<{ id: string }>(sql`
    select f.id from fence f join plan p on p.id = f.plan_id
    where f.step in ('released', 'aborted') and f.flip_epoch is not null and f.canary_swept_at is null
      and not exists (select 1 from fence_driver d left join worker w on w.id = d.worker_id
        where d.fence_id = f.id and d.ended_at is null and (w.id is null or w.state in ('registered', 'withdrawn')))
      and clock_timestamp() > (p.settings ->> 'deltaMs')::float8 * interval '1 millisecond'
        + greatest(f.updated_at, (select max(coalesce(d.ended_at, w.ended_at)) from fence_driver d
            left join worker w on w.id = d.worker_id where d.fence_id = f.id))
    order by f.updated_at limit 20`);
  return rows.map((row) => row.id);
}

export async function recordSwept(db: Db, fenceId: string): Promise<void> {
  await db.execute(sql`update fence set canary_swept_at = clock_timestamp() where id = ${fenceId}`);
}
