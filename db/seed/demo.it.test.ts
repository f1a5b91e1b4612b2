import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { alertDestination, connection, gatewayKey, user } from '@/db/schema';
import { createLog } from '@/lib/adapters/log';
import type { RunningSource } from '@/lib/sandbox/source';
import type { RunningTarget } from '@/lib/sandbox/target';
import { type ServiceContext, serviceContextOf } from '@/lib/services/context';
import { createTestDatabase, type TestDatabase } from '@/lib/testing/database';
import { startTestSource, startTestTarget, type TestStore } from '@/lib/testing/emulator';
import { DEMO_CONNECTIONS, type DemoSeed, seedDemo } from './demo';

let database: TestDatabase;
let source: TestStore<RunningSource>;
let target: TestStore<RunningTarget>;
let ctx: ServiceContext;
let seed: DemoSeed;

beforeAll(async () => {
  database = await createTestDatabase();
  [source, target] = [await startTestSource(), await startTestTarget({ allowCreateTable: true })];
  const log = createLog({ process: 'test', level: 'silent' });
  ctx = serviceContextOf({ ...database, sealingKey: randomBytes(32).toString('hex'), log });
  seed = {
    source,
    target,
    passwords: { ada: 'a password of ada', grace: 'a password of grace' },
    application: { accessKeyId: 'LFAPP1', secretAccessKey: 'secret', tables: ['orders'] },
    alerts: { url: 'http://127.0.0.1:1/alerts', secret: 'another secret' },
  };
});
afterAll(async () => {
  await Promise.all([source.stop(), target.stop()]);
  await database.drop();
});

test('a second start finds everything made and makes nothing twice', async () => {
  await seedDemo(ctx, seed);
  const keys = source.running.keys.list().length;
  await seedDemo(ctx, seed);
  expect(source.running.keys.list()).toHaveLength(keys);
  const people = await database.db.select({ email: user.email, role: user.role }).from(user).orderBy(user.email);
  expect(people).toEqual([
    { email: 'ada@demo.local', role: 'admin' },
    { email: 'grace@demo.local', role: 'approver' },
  ]);
  const names = await database.db.select({ name: connection.name }).from(connection).orderBy(connection.name);
  expect(names.map(({ name }) => name)).toEqual([DEMO_CONNECTIONS.source, DEMO_CONNECTIONS.target]);
  expect(await database.db.select().from(gatewayKey)).toHaveLength(1);
  expect(await database.db.select().from(alertDestination)).toHaveLength(1);
});

test('no secret of the demo stands in the clear in the database', async () => {
  const rows = JSON.stringify([
    await database.db.select().from(connection),
    await database.db.select().from(gatewayKey),
    await database.db.select().from(alertDestination),
  ]);
  for (const secret of [source.adminToken, target.adminToken, 'another secret', '"secret"']) {
    expect(rows).not.toContain(secret);
  }
});
