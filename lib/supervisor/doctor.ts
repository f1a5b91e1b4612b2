/** `npm run doctor`: what is missing on this machine, and the fix of each. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import postgres from 'postgres';
import { pendingIn, SchemaRefusedError } from '@/db/migrate';
import { ConfigError, type SupervisorConfig, supervisorConfig } from '@/lib/config';
import { isBuildCurrent } from './build';
import { findChromium } from './chromium';
import { dataDirAt } from './data-dir';
import { isAlive, isPortFree } from './postgres';
import { findPostgres } from './postgres-binaries';

export interface Finding {
  what: string;
  state: 'ok' | 'note' | 'wrong';
  says: string;
  fix?: string;
}

const NODE_MIN = [20, 19] as const;
const ANSWER_S_MAX = 5;

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isNewEnough = major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
  const says = `Node ${process.versions.node}`;
  if (isNewEnough) return { what: 'node', state: 'ok', says };
  return { what: 'node', state: 'wrong', says, fix: `Install Node ${NODE_MIN.join('.')} or newer.` };
}

const runningSupervisor = (lock: string): number | null => {
  try {
    const { pid } = JSON.parse(readFileSync(lock, 'utf8')) as { pid: number };
    return isAlive(pid) ? pid : null;
  } catch {
    return null;
  }
};

async function ports(config: SupervisorConfig, supervisor: number | null): Promise<Finding[]> {
  const wanted: [string, number][] = [
    ['LANDFALL_WEB_PORT', config.webPort],
    ['LANDFALL_GATEWAY_PORT', config.gatewayPort],
    ['LANDFALL_SOURCE_PORT', config.sourcePort],
    ['LANDFALL_TARGET_PORT', config.targetPort],
    ['LANDFALL_POSTGRES_PORT', config.postgresPort],
  ];
  if (supervisor !== null) return [{ what: 'ports', state: 'ok', says: `Landfall runs (process ${supervisor})` }];
  const findings: Finding[] = [];
  for (const [variable, port] of wanted) {
    if (await isPortFree(port)) continue;
    const fix = `Free it, or set ${variable} to another port.`;
    findings.push({ what: 'ports', state: 'wrong', says: `Port ${port} is taken`, fix });
  }
  return findings.length > 0
    ? findings
    : [{ what: 'ports', state: 'ok', says: wanted.map(([, port]) => port).join(', ') + ' are free' }];
}

async function database(url: string): Promise<Finding[]> {
  const sql = postgres(url, { max: 1, connect_timeout: ANSWER_S_MAX, onnotice: () => {} });
  try {
    const [row] = await sql`select current_setting('server_version') as version`;
    const pending = await pendingIn(url);
    const reached: Finding = { what: 'database', state: 'ok', says: `Postgres ${row?.version} answers` };
    if (pending.length === 0) return [reached, { what: 'migrations', state: 'ok', says: 'current' }];
    const fix = '`npm start` and `npm run demo` apply them before anything else.';
    return [reached, { what: 'migrations', state: 'note', says: `${pending.length} to be applied`, fix }];
  } catch (error) {
    if (error instanceof SchemaRefusedError) return [{ what: 'migrations', state: 'wrong', says: error.message }];
    const fix = 'Check DATABASE_URL and that Postgres takes connections from here; or unset it for the embedded one.';
    const code = (error as { code?: string }).code ?? 'no answer';
    return [{ what: 'database', state: 'wrong', says: `not reachable (${code})`, fix }];
  } finally {
    await sql.end({ timeout: 1 });
  }
}

function embeddedPostgres(parentDir: string): Finding[] {
  try {
    findPostgres(parentDir);
    return [{ what: 'database', state: 'ok', says: 'embedded Postgres (DATABASE_URL is not set)' }];
  } catch (error) {
    return [{ what: 'database', state: 'wrong', says: (error as Error).message, fix: 'Run `npm ci`.' }];
  }
}

async function chromium(given: string | undefined): Promise<Finding> {
  const found = await findChromium(given);
  if (found) return { what: 'chromium', state: 'ok', says: `${found.path} (${found.from})` };
  const fix = 'Only the browser tests need it: set CHROMIUM to one, `apt install chromium`, or run `npm ci`.';
  return { what: 'chromium', state: given === undefined ? 'note' : 'wrong', says: 'none found', fix };
}

export async function examine(config: SupervisorConfig): Promise<Finding[]> {
  const dir = dataDirAt(config.dataDir);
  const build: Finding = isBuildCurrent()
    ? { what: 'build', state: 'ok', says: 'current' }
    : { what: 'build', state: 'note', says: 'stale or not made', fix: '`npm start` builds it (a minute or two).' };
  const parent = existsSync(dir.root) ? dir.root : join(dir.root, '..');
  return [
    node(),
    ...(await ports(config, runningSupervisor(dir.lock))),
    ...(config.databaseUrl ? await database(config.databaseUrl) : embeddedPostgres(parent)),
    build,
    await chromium(config.chromium),
  ];
}

const MARKS = { ok: 'ok   ', note: 'note ', wrong: 'WRONG' } as const;

/** Exit code: 0 unless something is wrong. */
export async function doctor(print: (line: string) => void): Promise<number> {
  let findings: Finding[];
  try {
    findings = await examine(supervisorConfig());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    findings = error.problems.map((says) => ({ what: 'config', state: 'wrong', says, fix: 'See .env.example.' }));
  }
  for (const { what, state, says, fix } of findings) {
    print(`${MARKS[state]}  ${what.padEnd(10)} ${says}`);
    if (fix) print(`       ${' '.repeat(10)} ${fix}`);
  }
  return findings.some(({ state }) => state === 'wrong') ? 1 : 0;
}
