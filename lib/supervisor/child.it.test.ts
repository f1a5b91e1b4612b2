import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { childEnvironment } from '@/lib/config';
import { waitFor } from '@/lib/testing/wait-for';
import { type ChildEvents, ManagedChild } from './child';
import { AlreadyRunningError, takeLock } from './lock';
import { isAlive } from './postgres';

let dir: string;
const children: ManagedChild[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'landfall-child-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) await child.stop();
  rmSync(dir, { recursive: true, force: true });
});

const quiet: ChildEvents = { started: () => {}, crashed: () => {}, gaveUp: () => {} };
const READY = `console.log('{"ready":true,"answer":42}');`;
const make = (script: string, events: Partial<ChildEvents> = {}, input?: object) => {
  const file = join(dir, 'script.mjs');
  writeFileSync(file, script);
  const spec = { name: 'script', args: [file], environment: childEnvironment({}), ready: 'line' as const, input };
  const child = new ManagedChild(spec, dir, { ...quiet, ...events });
  children.push(child);
  return child;
};

describe('a child process', () => {
  test('is ready when it says so, and takes its options from standard input', async () => {
    const child = make(
      `process.stdin.once('data', () => { ${READY} }); setInterval(() => {}, 1000);`,
      {},
      { secret: 1 },
    );
    await child.start();
    expect(child.readyFields.answer).toBe(42);
  });

  test('is started again when it dies, and its end is reported with its pid', async () => {
    const crashed: number[] = [];
    const child = make(`${READY} setInterval(() => {}, 1000);`, { crashed: (pid) => crashed.push(pid) });
    await child.start();
    const first = child.pid!;
    process.kill(first, 'SIGKILL');
    await waitFor(() => child.pid !== null && child.pid !== first);
    expect(crashed).toEqual([first]);
  });

  test('is given up after five ends within a minute, with the end of its log, and tried anew where somebody says so', async () => {
    const tails: string[] = [];
    const mend = join(dir, 'mended');
    const child = make(
      `import { existsSync } from 'node:fs';
       if (!existsSync(${JSON.stringify(mend)})) { console.error('no configuration'); process.exit(3); }
       ${READY} setInterval(() => {}, 1000);`,
      { gaveUp: (tail) => tails.push(tail) },
    );
    await expect(child.start()).rejects.toThrow(/script ended 5 times.*no configuration/s);
    expect(tails).toHaveLength(1);
    expect(child.pid).toBeNull();
    writeFileSync(mend, '');
    child.againIn(1);
    await waitFor(() => child.pid !== null && child.readyFields.answer === 42, { what: 'the child' });
  });

  test('gets SIGTERM and the time to say goodbye', async () => {
    const goodbye = join(dir, 'goodbye');
    const child = make(
      `import { writeFileSync } from 'node:fs';
       process.on('SIGTERM', () => { writeFileSync(${JSON.stringify(goodbye)}, 'bye'); process.exit(0); });
       ${READY} setInterval(() => {}, 1000);`,
    );
    await child.start();
    await child.stop();
    expect(readFileSync(goodbye, 'utf8')).toBe('bye');
  });
});

describe('the lock of a data directory', () => {
  const content = { pid: process.pid, command: 'npm run demo', url: 'http://127.0.0.1:3000', startedAt: 'now' };
  const idle = () => {
    // Its command line must look like one of ours, as that of a supervisor's child does.
    const file = join(dir, 'idle.mjs');
    writeFileSync(file, 'setInterval(() => {}, 1000);');
    return spawn(process.execPath, [file, 'lib/worker/main.ts'], { stdio: 'ignore' });
  };

  test('says who runs to a second start, and is free after the first ends', async () => {
    const path = join(dir, 'lock');
    const other = idle();
    const lock = await takeLock(path, { ...content, pid: other.pid! });
    await expect(takeLock(path, content)).rejects.toThrow(AlreadyRunningError);
    other.kill('SIGKILL');
    await waitFor(() => !isAlive(other.pid!));
    const mine = await takeLock(path, content);
    lock.release();
    expect(existsSync(path)).toBe(true);
    mine.release();
    expect(existsSync(path)).toBe(false);
  });

  test('after a kill ends the children that were left, and names them', async () => {
    const path = join(dir, 'lock');
    const [gone, left] = [idle(), idle()];
    gone.kill('SIGKILL');
    await waitFor(() => !isAlive(gone.pid!));
    const children = [{ name: 'worker', pid: left.pid! }];
    writeFileSync(path, JSON.stringify({ ...content, pid: gone.pid, children }));
    const lock = await takeLock(path, content);
    expect(lock.leftovers).toEqual(children);
    expect(isAlive(left.pid!)).toBe(false);
    lock.release();
  });
});
