import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testPostgresUrl } from '@/lib/testing/database';
import { knownMigrations, migrate, pendingIn, SchemaRefusedError } from './migrate';

const ours = fileURLToPath(new URL('./migrations', import.meta.url));
let name: string;
let url: string;
let dir: string;

const admin = async (statement: string) => {
  const sql = postgres(await testPostgresUrl(), { max: 1, onnotice: () => {} });
  await sql.unsafe(statement);
  await sql.end();
};
const ask = async (statement: string) => {
  const sql = postgres(url, { max: 1 });
  try {
    return await sql.unsafe(statement);
  } finally {
    await sql.end();
  }
};
/** A copy of our migrations with one more at its end. */
const withOneMore = (statements: string) => {
  cpSync(ours, dir, { recursive: true });
  const journalFile = join(dir, 'meta', '_journal.json');
  const journal = JSON.parse(readFileSync(journalFile, 'utf8')) as { entries: { tag: string }[] };
  journal.entries.push({ tag: '9999_next' });
  writeFileSync(journalFile, JSON.stringify(journal));
  writeFileSync(join(dir, '9999_next.sql'), statements);
};

beforeEach(async () => {
  name = `migrate_${randomBytes(6).toString('hex')}`;
  dir = mkdtempSync(join(tmpdir(), 'landfall-migrations-'));
  await admin(`create database ${name}`);
  const address = new URL(await testPostgresUrl());
  address.pathname = `/${name}`;
  url = address.toString();
});
afterEach(async () => {
  await admin(`drop database ${name} with (force)`);
  rmSync(dir, { recursive: true });
});

describe('migrations', () => {
  test('four starts at once on an empty database apply each of them once', async () => {
    const applied = await Promise.all([migrate(url), migrate(url), migrate(url), migrate(url)]);
    const tags = knownMigrations().map(({ tag }) => tag);
    expect(applied.filter((each) => each.length > 0)).toEqual([tags]);
    expect(await pendingIn(url)).toEqual([]);
    expect(await ask(`select to_regclass('graphile_worker.jobs')::text as queue`)).toMatchObject([
      { queue: 'graphile_worker.jobs' },
    ]);
  });

  test('one that fails half-way leaves nothing behind', async () => {
    await migrate(url);
    withOneMore('create table half (id int);--> statement-breakpoint\nselect 1 / 0;');
    await expect(migrate(url, dir)).rejects.toMatchObject({ code: '22012' });
    expect(await ask(`select to_regclass('half')::text as half`)).toMatchObject([{ half: null }]);
    expect(await pendingIn(url, dir)).toEqual(['9999_next']);
  });

  test('a database of a newer version is refused, unchanged', async () => {
    withOneMore('create table next (id int);');
    await migrate(url, dir);
    await expect(migrate(url)).rejects.toThrow(SchemaRefusedError);
    await expect(pendingIn(url)).rejects.toThrow(/newer version/);
  });

  test('a migration that was changed after it was applied is refused', async () => {
    await migrate(url);
    await ask(`update landfall_migration set hash = 'other'`);
    await expect(migrate(url)).rejects.toThrow(/differs/);
  });
});
