/**
 * One process a folder (PROTOCOL F5). The lock names a process by its id and its start, so that a process that has
 * ended, or another one under a reused id, does not keep the folder closed.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export class FolderLockedError extends Error {
  override readonly name = 'FolderLockedError';
  constructor(path: string, holder: number) {
    super(
      `Process ${holder} serves with the state in ${path}; one process a folder. Give this gateway a name of its own`,
    );
  }
}

const ATTEMPTS_MAX = 5;

/** Takes the folder or throws FolderLockedError. The returned function gives it back. */
export function lockFolder(folder: string): () => void {
  const path = join(folder, 'lock');
  const mine = JSON.stringify({ pid: process.pid, start: startOf(process.pid), nonce: randomBytes(8).toString('hex') });
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    try {
      writeFileSync(path, mine, { flag: 'wx', mode: 0o600 });
      return () => {
        if (readText(path) === mine) rmSync(path, { force: true });
      };
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'EEXIST') throw error;
    }
    const theirs = readText(path);
    if (theirs === null) continue;
    const holder = holderOf(theirs);
    if (holder !== null && startOf(holder.pid) === holder.start) throw new FolderLockedError(folder, holder.pid);
    setAside(path, theirs);
  }
  throw new Error(`the lock in ${folder} keeps changing hands`);
}

/** Moves a dead holder's lock away; a live one that came in between is put back. */
function setAside(path: string, dead: string): void {
  const aside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (readText(aside) !== dead) renameSync(aside, path);
  else rmSync(aside, { force: true });
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function holderOf(text: string): { pid: number; start: string } | null {
  try {
    const { pid, start } = JSON.parse(text) as { pid?: unknown; start?: unknown };
    return typeof pid === 'number' && typeof start === 'string' ? { pid, start } : null;
  } catch {
    return null;
  }
}

/** What tells a process from a later one under the same id; `gone` where there is none. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Field 22, counted behind the name, which may hold blanks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? 'gone' : `start ${fields[19]}`;
  } catch {
    // No /proc on this system, or no such process.
  }
  try {
    process.kill(pid, 0);
    return 'alive';
  } catch (error) {
    return (error as { code?: unknown }).code === 'EPERM' ? 'alive' : 'gone';
  }
}
