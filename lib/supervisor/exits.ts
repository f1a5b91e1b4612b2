/** What the supervisor saw end, written where moves and people look for it (PROTOCOL F1a). */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Sql } from '@/db/client';
import { recordWorkerExit } from '@/db/queries/worker';

const TRIES_MAX = 60;
const PAUSE_MS = 1_000;

/** A fence waits for this row, so a database that is away for a moment must not lose it. */
async function persist(run: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await run();
    } catch (error) {
      if (tries >= TRIES_MAX) throw error;
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
  }
}

/** The process `pid` of this machine has ended; we were its parent, or made sure of its end. */
export const recordWorkerEnd = (sql: Sql, pid: number): Promise<void> =>
  persist(async () => {
    const rows = await sql<{ id: string }[]>`
      select id from worker where host = ${hostname()} and pid = ${pid} and state = 'registered'`;
    for (const { id } of rows) await recordWorkerExit(sql, id);
  });

/** A gateway stays registered (F5: it crashed); people should see that it did. */
export const recordGatewayCrash = (sql: Sql, how: string): Promise<void> =>
  persist(async () => {
    const id = `evt_${randomBytes(10).toString('hex')}`;
    await sql`insert into event (id, kind, sentence, actor_kind, actor)
      values (${id}, 'gateway.crashed', ${`The gateway's process ended (${how}) and is started again.`}, 'system', 'Landfall')`;
  });
