/**
 * Applies the SQL files of `db/migrations` once each, in the order of the journal, in one transaction that holds a
 * transaction-level advisory lock: four starts at once apply them once, and a runner that dies leaves nothing behind.
 * The job queue's own tables (graphile-worker) are brought up under the same lock.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runMigrations as migrateQueue } from 'graphile-worker';
import postgres from 'postgres';

const LOCK = 7_001;
const LOCK_WAIT_MS_MAX = 60_000;
const STATEMENT_MS_MAX = 60_000;
const BREAKPOINT = '--> statement-breakpoint';

export interface Migration {
  tag: string;
  sql: string;
  hash: string;
}

/** The schema of this database cannot be used by this version of Landfall; the message says what to do. */
export class SchemaRefusedError extends Error {
  override readonly name = 'SchemaRefusedError';
}

const migrationsDir = join(dirname(fileURLToPath(import.meta.url)), 'migrations');

/** All migrations that this version knows, in order. */
export function knownMigrations(dir = migrationsDir): Migration[] {
  const journal = JSON.parse(readFileSync(join(dir, 'meta', '_journal.json'), 'utf8')) as {
    entries: { tag: string }[];
  };
  return journal.entries.map(({ tag }) => {
    const sql = readFileSync(join(dir, `${tag}.sql`), 'utf8');
    return { tag, sql, hash: createHash('sha256').update(sql).digest('hex') };
  });
}

/** What is still to be applied; throws when the database was made by a newer or a different version. */
export function pendingMigrations(known: Migration[], applied: { tag: string; hash: string }[]): Migration[] {
  const byTag = new Map(known.map((migration) => [migration.tag, migration]));
  for (const { tag, hash } of applied) {
    const mine = byTag.get(tag);
    if (!mine) {
      throw new SchemaRefusedError(
        `The database has the migration ${tag}, which this version of Landfall does not know: it was made by a newer ` +
          'version. Start that version, or restore the database from before its start.',
      );
    }
    if (mine.hash !== hash) {
      throw new SchemaRefusedError(
        `The migration ${tag} differs from the one that was applied to this database. For a demo, start it with ` +
          '`npm run demo -- --reset`; anything else needs the version that made the database.',
      );
    }
  }
  const done = new Set(applied.map(({ tag }) => tag));
  return known.filter(({ tag }) => !done.has(tag));
}

const open = (url: string) =>
  postgres(url, {
    max: 1,
    fetch_types: false,
    connect_timeout: 10,
    onnotice: () => {},
    connection: {
      application_name: 'landfall-migrate',
      lock_timeout: LOCK_WAIT_MS_MAX,
      statement_timeout: LOCK_WAIT_MS_MAX,
    },
  });

/** Tags applied now; empty when the schema was current. */
export async function migrate(url: string, dir = migrationsDir): Promise<string[]> {
  const known = knownMigrations(dir);
  const sql = open(url);
  try {
    return await sql.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(${LOCK})`;
      await tx.unsafe(`set local lock_timeout = '5s'; set local statement_timeout = '${STATEMENT_MS_MAX}ms'`);
      await tx`create table if not exists landfall_migration (
        tag text primary key, hash text not null, applied_at timestamptz not null default now())`;
      const applied = await tx<{ tag: string; hash: string }[]>`select tag, hash from landfall_migration`;
      const pending = pendingMigrations(known, [...applied]);
      for (const migration of pending) {
        for (const statement of migration.sql.split(BREAKPOINT)) {
          if (statement.trim()) await tx.unsafe(statement);
        }
        await tx`insert into landfall_migration (tag, hash) values (${migration.tag}, ${migration.hash})`;
      }
      await migrateQueue({ connectionString: url });
      return pending.map(({ tag }) => tag);
    });
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Tags still to be applied, without applying them; throws SchemaRefusedError like `migrate`. */
export async function pendingIn(url: string, dir = migrationsDir): Promise<string[]> {
  const sql = open(url);
  try {
    const [found] = await sql<{ at: string | null }[]>`select to_regclass('landfall_migration')::text as at`;
    const applied = found?.at
      ? await sql<{ tag: string; hash: string }[]>`select tag, hash from landfall_migration`
      : [];
    return pendingMigrations(knownMigrations(dir), [...applied]).map(({ tag }) => tag);
  } finally {
    await sql.end({ timeout: 1 });
  }
}
