import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { waitFor } from '@/lib/testing/wait-for';
import { type RunningPostgres, startPostgres } from './postgres';

let root: string;
const running: RunningPostgres[] = [];
const start = async (options: { dataDir?: string; port?: number } = {}) => {
  const server = await startPostgres({ dataDir: join(root, 'pg'), port: 0, stopAdopted: true, ...options });
  running.push(server);
  return server;
};
const ask = async <T>(url: string, run: (sql: postgres.Sql) => Promise<T>): Promise<T> => {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await run(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'landfall-pg-'));
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

describe('the embedded Postgres', () => {
  test('is adopted by a second start and stopped by neither until somebody owns it', async () => {
    const first = await start();
    const second = await startPostgres({ dataDir: join(root, 'pg'), port: 0 });
    expect(second).toMatchObject({ adopted: true, pid: first.pid, port: first.port });
    await second.stop();
    expect(await ask(first.url, (sql) => sql`select 1 as one`)).toEqual([{ one: 1 }]);
  });

  test('loses no acknowledged row when it is killed in the middle of writing', { timeout: 60_000 }, async () => {
    const first = await start();
    await ask(first.url, (sql) => sql`create table row (id int primary key)`);
    const sql = postgres(first.url, { max: 4, onnotice: () => {} });
    let acknowledged = 0;
    let next = 0;
    const writer = async () => {
      for (;;) {
        next += 1;
        await sql`insert into row values (${next})`;
        acknowledged += 1;
      }
    };
    const writers = Promise.allSettled([writer(), writer(), writer(), writer()]);
    await waitFor(() => acknowledged > 50, { everyMs: 1 });
    process.kill(first.pid, 'SIGKILL');
    await sql.end({ timeout: 0 });
    await writers;
    const second = await start({ port: first.port });
    const [row] = await ask(second.url, (again) => again<{ n: number }[]>`select count(*)::int as n from row`);
    expect(row?.n).toBeGreaterThanOrEqual(acknowledged);
  });

  test('refuses a stranger without the password', async () => {
    const { url } = await start();
    const wrong = new URL(url);
    wrong.password = 'guess';
    await expect(ask(wrong.toString(), (sql) => sql`select 1`)).rejects.toMatchObject({ code: '28P01' });
  });

  test('names the variable when its port is taken', async () => {
    const stranger = createServer();
    await new Promise<void>((done) => stranger.listen(0, '127.0.0.1', done));
    const { port } = stranger.address() as { port: number };
    await expect(start({ port })).rejects.toThrow(`Port ${port} is taken`);
    await expect(start({ port })).rejects.toThrow('LANDFALL_POSTGRES_PORT');
    stranger.close();
  });

  test('starts under a directory that only its owner may enter', async () => {
    mkdirSync(join(root, 'private'), { mode: 0o700 });
    const { url } = await start({ dataDir: join(root, 'private', 'pg') });
    expect(await ask(url, (sql) => sql`select 1 as one`)).toEqual([{ one: 1 }]);
  });
});
