import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql as raw } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPostgres } from '@/lib/supervisor/postgres';
import { createTestDatabase, type TestDatabase } from '@/lib/testing/database';
import { waitFor } from '@/lib/testing/wait-for';
import { listen, makeDb, makeSql, openDatabase, sqlStateOf, withTransaction } from './client';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.sql`create table note (id int primary key, at timestamptz, big bigint, doc jsonb)`;
});
afterAll(() => database.drop());

/** A TCP relay that can be frozen: bytes stop, nothing closes, as with a half-open connection. */
async function relayTo(url: string): Promise<{ url: string; freeze(): void; close(): void }> {
  const { port } = new URL(url);
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const upstream = connectTo(Number(port), '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('data', (data) => upstream.write(data));
    upstream.on('data', (data) => client.write(data));
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = new URL(url);
  address.port = String((server.address() as { port: number }).port);
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: address.toString(),
    freeze: () => {
      // Those that are there freeze for good; later connections work again.
      for (const socket of sockets) socket.pause().removeAllListeners('data');
    },
    close,
  };
}

describe('statements', () => {
  test('raw and drizzle clients read dates and documents as their own kind', async () => {
    await database.sql`insert into note values (1, '2026-01-02T03:04:05Z', 9007199254740993, ${database.sql.json({ a: 1 })})`;
    const [row] = await database.sql`select * from note where id = 1`;
    expect(row).toMatchObject({ at: new Date('2026-01-02T03:04:05Z'), big: '9007199254740993', doc: { a: 1 } });
    const seen = await database.db.execute(raw`select at from note where id = 1`);
    expect(typeof seen[0]?.at).toBe('string');
    const [again] = await database.sql`select at from note where id = 1`;
    expect(again?.at).toBeInstanceOf(Date);
  });

  test('fragments nest inside a guarded statement', async () => {
    const only = database.sql`where id in ${database.sql([1, 2])}`;
    expect(await database.sql`select count(*)::int as n from note ${only}`).toEqual([{ n: 1 }]);
  });

  test('a frozen connection misses its deadline and after two misses the pool is replaced', async () => {
    const relay = await relayTo(database.url);
    let replaced = 0;
    const sql = makeSql('test', relay.url, {
      max: 1,
      queryMsMax: 300,
      onReplaced: () => {
        replaced += 1;
      },
    });
    expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
    relay.freeze();
    await expect(sql`select 2`).rejects.toMatchObject({ code: 'LF_DEADLINE' });
    await expect(sql`select 3`).rejects.toMatchObject({ code: 'LF_DEADLINE' });
    expect(replaced).toBe(1);
    expect(await sql`select 4 as four`).toEqual([{ four: 4 }]);
    await sql.end({ timeout: 0 });
    relay.close();
  });

  test('a replaced drizzle client still reads as drizzle does', async () => {
    const relay = await relayTo(database.url);
    const origin = makeSql('test', relay.url, { max: 1, queryMsMax: 300 });
    const db = makeDb(origin);
    await db.execute(raw`select 1`);
    relay.freeze();
    await expect(db.execute(raw`select 2`)).rejects.toThrow();
    await expect(db.execute(raw`select 3`)).rejects.toThrow();
    const [row] = await db.execute(raw`select now() as at`);
    expect(typeof row?.at).toBe('string');
    await Promise.all([db.$client.end({ timeout: 0 }), origin.end({ timeout: 0 })]);
    relay.close();
  });

  test('a statement beyond the queue is refused at once and never sent', async () => {
    const sql = makeSql('test', database.url, { max: 1, queuedMax: 1 });
    const slow = sql`select pg_sleep(0.2)`.execute();
    const waits = sql`select 1`.execute();
    await expect(sql`insert into note values (99)`).rejects.toMatchObject({ code: 'LF_BUSY' });
    await Promise.all([slow, waits]);
    expect(await database.sql`select 1 from note where id = 99`).toEqual([]);
    await sql.end();
  });
});

describe('transactions', () => {
  test('roll back when the function throws, and commit when it returns', async () => {
    await expect(
      withTransaction(database.db, async (tx) => {
        await tx.execute(raw`insert into note values (2)`);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    await withTransaction(database.db, (tx) => tx.execute(raw`insert into note values (3)`));
    expect(await database.sql`select id from note where id in (2, 3)`).toEqual([{ id: 3 }]);
  });

  test('a transaction past its deadline is rolled back, not committed behind the caller', async () => {
    const { sql, close } = openDatabase('test', database.url, { transactionMsMax: 150 });
    let release = () => {};
    const gate = new Promise<void>((done) => {
      release = done;
    });
    await expect(
      sql.begin(async (tx) => {
        await tx`insert into note values (4)`;
        await gate;
      }),
    ).rejects.toMatchObject({ code: 'LF_DEADLINE' });
    release();
    await sql`select 1`;
    await close();
    expect(await database.sql`select id from note where id = 4`).toEqual([]);
  });

  test('serialization failures run again until they pass', async () => {
    await database.sql`insert into note (id, big) values (5, 0)`;
    const add = () =>
      withTransaction(
        database.db,
        async (tx) => {
          const [row] = await tx.execute<{ big: string }>(raw`select big from note where id = 5`);
          await tx.execute(raw`update note set big = ${Number(row?.big) + 1} where id = 5`);
        },
        { isolationLevel: 'serializable' },
      );
    await Promise.all([add(), add(), add()]);
    expect(await database.sql`select big::int as big from note where id = 5`).toEqual([{ big: 3 }]);
  });

  test('an error tells its SQLSTATE through the wrapping of drizzle', async () => {
    const error = await database.db.execute(raw`insert into note values (3)`).catch((thrown: unknown) => thrown);
    expect(sqlStateOf(error)).toBe('23505');
  });
});

describe('listen', () => {
  test('survives a restart of Postgres, says so, and hears again', { timeout: 60_000 }, async () => {
    const dir = mkdtempSync(join(tmpdir(), 'landfall-listen-'));
    const first = await startPostgres({ dataDir: join(dir, 'pg'), port: 0, settings: { fsync: 'off' } });
    const sql = makeSql('test', first.url);
    const heard: string[] = [];
    let reconnects = 0;
    const listening = listen(sql, 'routing', {
      message: (text) => heard.push(text),
      reconnect: () => {
        reconnects += 1;
      },
    });
    await waitFor(() => reconnects === 1);
    await sql.notify('routing', 'one');
    await waitFor(() => heard.includes('one'));
    process.kill(first.pid, 'SIGKILL');
    await waitFor(() => !listening.isConnected());
    const second = await startPostgres({ dataDir: join(dir, 'pg'), port: first.port });
    await waitFor(() => reconnects === 2, { what: 'the second connection' });
    await waitFor(() => sql.notify('routing', 'two').then(() => heard.includes('two')));
    await listening.stop();
    await sql.end({ timeout: 1 });
    await second.stop();
    rmSync(dir, { recursive: true, force: true });
  });
});
