/** What lies where in the data directory, and the secrets that Landfall makes for itself. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root; children run from here, so that `@/` resolves. */
export const projectDir = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

export interface DataDir {
  root: string;
  postgres: string;
  source: string;
  target: string;
  application: string;
  logs: string;
  secrets: string;
  lock: string;
}

export function dataDirAt(path: string): DataDir {
  const root = resolve(projectDir, path);
  const at = (name: string) => join(root, name);
  return {
    root,
    postgres: join(at('postgres'), 'data'),
    source: at('source'),
    target: at('target'),
    application: at('application'),
    logs: at('logs'),
    secrets: at('secrets.json'),
    lock: at('supervisor.lock'),
  };
}

export interface Secrets {
  sealingKey: string;
  authSecret: string;
  adaPassword: string;
  gracePassword: string;
  sourceAdminToken: string;
  targetAdminToken: string;
  alertSecret: string;
  /** What the demo's application signs with at the gateway. */
  applicationKey: { accessKeyId: string; secretAccessKey: string };
}

const random = (bytes: number) => randomBytes(bytes).toString('base64url');

const newSecrets = (): Secrets => ({
  sealingKey: randomBytes(32).toString('hex'),
  authSecret: random(32),
  adaPassword: random(15),
  gracePassword: random(15),
  sourceAdminToken: random(24),
  targetAdminToken: random(24),
  alertSecret: random(24),
  applicationKey: { accessKeyId: `LFAPP${randomBytes(8).toString('hex').toUpperCase()}`, secretAccessKey: random(30) },
});

/** The secrets of this data directory, made on the first start. Only their owner can read the file. */
export function secretsIn(dir: DataDir): Secrets {
  mkdirSync(dir.root, { recursive: true });
  const known = existsSync(dir.secrets) ? (JSON.parse(readFileSync(dir.secrets, 'utf8')) as Partial<Secrets>) : {};
  // A newer version may want one more secret; those that are there stay.
  const secrets = { ...newSecrets(), ...known };
  if (JSON.stringify(secrets) !== JSON.stringify(known)) {
    writeFileSync(`${dir.secrets}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${dir.secrets}.new`, dir.secrets);
  }
  return secrets;
}

/** Starts over: everything but the lock goes. The caller holds the lock and nothing runs. */
export function resetDataDir(dir: DataDir): void {
  const parts = [join(dir.postgres, '..'), dir.source, dir.target, dir.application, dir.logs, dir.secrets];
  for (const path of [...parts, join(dir.root, 'gateways')])
    rmSync(path, { recursive: true, force: true, maxRetries: 5 });
}
