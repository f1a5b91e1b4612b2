/**
 * What tells a process from every other one that was ever there: boot of the machine, process space, id and start. Who
 * sees the same boot and the same process space can tell for certain that such a process has ended, as its supervisor
 * could (PROTOCOL F1a); anybody else cannot tell anything.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import type { Sql } from '@/db/client';
import { recordWorkerExit, silentWorkersHere } from '@/db/queries/worker';
import type { Log } from '@/lib/adapters/ports';

/** Null where the system does not say: then nobody concludes anything. */
export function processSpace(): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')} `;
  } catch {
    return null;
  }
}

/** Ticks since boot at which the process started; null where there is none, or only what is left of one. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Counted behind the name, which may hold blanks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

export function markOf(pid: number): string | null {
  const space = processSpace();
  const start = startOf(pid);
  return space === null || start === null ? null : `${space}${pid} ${start}`;
}

/** Whether a mark of this process space stands for a process that is not there any more. */
export function hasEnded(mark: string, space: string): boolean {
  if (!mark.startsWith(space)) return false;
  const [pid, start] = mark.slice(space.length).split(' ');
  return startOf(Number(pid)) !== start;
}

/** Records the exit of silent workers of this machine whose process is gone: one started alone and killed. */
export async function recordEndedHere(sql: Sql, log: Log): Promise<void> {
  const space = processSpace();
  if (space === null) return;
  for (const { id, mark } of await silentWorkersHere(sql, space)) {
    if (!hasEnded(mark, space)) continue;
    log.info({ endedWorkerId: id }, 'A worker of this machine has ended without a goodbye');
    await recordWorkerExit(sql, id);
  }
}
