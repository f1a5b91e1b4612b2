/**
 * One supervisor a data directory. The lock file names the supervisor and its children, so that a second start can say
 * what runs, and a start after a kill -9 can end what was left before it takes the ports again.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isAlive } from './postgres';

const END_MS_MAX = 15_000;

export interface LockContent {
  pid: number;
  command: string;
  url: string;
  startedAt: string;
  children: { name: string; pid: number }[];
}
export interface Lock {
  /** Children that a killed supervisor left: ended by now. Workers among them must be recorded as exited. */
  leftovers: { name: string; pid: number }[];
  update(changes: Partial<LockContent>): void;
  release(): void;
}

export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
  constructor(readonly running: LockContent) {
    super(`Landfall is running already: ${running.command}, process ${running.pid}, at ${running.url}. Stop it first.`);
  }
}

/** A pid may have been given to somebody else since: its command line must look like ours. */
const isOurs = (pid: number): boolean => {
  if (!isAlive(pid)) return false;
  try {
    const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return /lib\/(supervisor|sandbox|worker|gateway)\/|next/.test(line);
  } catch {
    return true;
  }
};

const read = (path: string): LockContent | null => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as LockContent;
  } catch {
    return null;
  }
};

async function endLeftover(pid: number): Promise<void> {
  if (!isOurs(pid)) return;
  process.kill(pid, 'SIGTERM');
  const killAt = performance.now() + END_MS_MAX;
  while (isAlive(pid)) {
    if (performance.now() > killAt) process.kill(pid, 'SIGKILL');
    await new Promise((done) => setTimeout(done, 50));
  }
}

/**
 * Takes the dead one's file away. Two starts may have read the same dead one: whoever finds that it moved the other's
 * new file puts it back, and meets it again in the next round.
 */
function setAside(path: string, dead: LockContent | null, fresh: string): void {
  const aside = `${fresh}.dead`;
  try {
    renameSync(path, aside);
    if (read(aside)?.pid !== dead?.pid) linkSync(aside, path);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/** @throws AlreadyRunningError when another supervisor of this directory lives. */
export async function takeLock(path: string, content: Omit<LockContent, 'children'>): Promise<Lock> {
  mkdirSync(dirname(path), { recursive: true });
  let mine: LockContent = { ...content, children: [] };
  const fresh = `${path}.${process.pid}`;
  let leftovers: LockContent['children'] = [];
  for (let attempts = 0; ; attempts += 1) {
    writeFileSync(fresh, JSON.stringify(mine), { mode: 0o600 });
    try {
      // A link is made whole or not at all, and not over another.
      linkSync(fresh, path);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempts > 5) throw error;
    }
    const other = read(path);
    if (other && other.pid !== content.pid && isOurs(other.pid)) {
      rmSync(fresh, { force: true });
      throw new AlreadyRunningError(other);
    }
    leftovers = other?.children ?? [];
    setAside(path, other, fresh);
  }
  rmSync(fresh, { force: true });
  for (const { pid } of leftovers) await endLeftover(pid);
  return {
    leftovers,
    update: (changes) => {
      mine = { ...mine, ...changes };
      writeFileSync(fresh, JSON.stringify(mine), { mode: 0o600 });
      renameSync(fresh, path);
    },
    release: () => {
      if (read(path)?.pid === content.pid) rmSync(path, { force: true });
    },
  };
}
