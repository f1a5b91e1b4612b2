import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { type Db, openDatabase, type Sql } from '@/db/client';

export const TEMPLATE_DATABASE = 'landfall_template';

export interface TestDatabase {
  url: string;
  sql: Sql;
  db: Db;
  /** Closes both pools, ends whoever is still connected and drops the database. */
  drop(): Promise<void>;
}

/** The server of this run; `lib/testing/global-setup.ts` provides it to the integration project. */
export async function testPostgresUrl(): Promise<string> {
  const { inject } = await import('vitest');
  const url = inject('postgresUrl');
  if (!url) throw new Error('No test Postgres: name the file *.it.test.ts so that it runs in the integration project');
  return url;
}

/**
 * A fresh, migrated database (a clone of the template, some 30 ms). Call it once a file; `drop` it in afterAll. Outside
 * a test the server is given.
 */
export async function createTestDatabase(given?: { serverUrl: string }): Promise<TestDatabase> {
  const serverUrl = given?.serverUrl ?? (await testPostgresUrl());
  const name = `test_${randomBytes(8).toString('hex')}`;
  const admin = postgres(serverUrl, { max: 1, onnotice: () => {} });
  await admin.unsafe(`create database ${name} template ${TEMPLATE_DATABASE}`);
  await admin.end();
  const address = new URL(serverUrl);
  address.pathname = `/${name}`;
  const url = address.toString();
  const { sql, db, close } = openDatabase('test', url);
  const drop = async () => {
    await close();
    const dropper = postgres(serverUrl, { max: 1, onnotice: () => {} });
    await dropper.unsafe(`drop database if exists ${name} with (force)`);
    await dropper.end();
  };
  return { url, sql, db, drop };
}
