/** A Postgres for tests and long runs: nothing in it outlives the process, and its template database is migrated. */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { migrate } from '@/db/migrate';
import { isAlive, startPostgres } from '@/lib/supervisor/postgres';
import { TEMPLATE_DATABASE } from './database';

const PREFIX = 'landfall-test-';
/** Test data need not outlive a power cut. */
const THROW_AWAY = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '300',
  shared_buffers: '64MB',
};

/** A run that was killed leaves its server behind; its directory carries the pid of the run. */
function sweepLeftovers(): void {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const owner = Number(name.slice(PREFIX.length).split('-')[0]);
    if (!owner || isAlive(owner)) continue;
    const dir = join(tmpdir(), name);
    try {
      const pid = Number(readFileSync(join(dir, 'pg', 'postmaster.pid'), 'utf8').split('\n')[0]);
      if (pid && isAlive(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dir))
        process.kill(pid, 'SIGQUIT');
    } catch {
      // No server in it.
    }
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Starts it, with a migrated template database that `createTestDatabase` clones. */
export async function startThrowAwayPostgres(): Promise<{ url: string; stop(): Promise<void> }> {
  sweepLeftovers();
  const dir = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  // Postgres steps down from root and must be able to walk in; its data directory itself is 0700.
  chmodSync(dir, 0o755);
  const server = await startPostgres({ dataDir: join(dir, 'pg'), port: 0, settings: THROW_AWAY });
  const admin = postgres(server.url, { max: 1, onnotice: () => {} });
  await admin.unsafe(`create database ${TEMPLATE_DATABASE}`);
  const templateUrl = new URL(server.url);
  templateUrl.pathname = `/${TEMPLATE_DATABASE}`;
  await migrate(templateUrl.toString());
  await admin.unsafe(`alter database ${TEMPLATE_DATABASE} with is_template true allow_connections false`);
  await admin.end();
  const stop = async () => {
    await server.stop();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  };
  return { url: server.url, stop };
}
