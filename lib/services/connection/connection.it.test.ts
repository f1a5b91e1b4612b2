import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLog } from '@/lib/adapters/log';
import type { ConnectionInput } from '@/lib/contracts/connection';
import { AppError } from '@/lib/domain/errors';
import type { RunningSource } from '@/lib/sandbox/source';
import type { RunningTarget } from '@/lib/sandbox/target';
import { createTestDatabase, type TestDatabase } from '@/lib/testing/database';
import { startTestSource, startTestTarget, type TestStore } from '@/lib/testing/emulator';
import { type Actor, type ServiceContext, serviceContextOf } from '../context';
import { createGatewayKey, revokeGatewayKey, rotateGatewayKey } from '../key/gateway-keys';
import { connectionView, connectionViews } from '../view/connection-view';
import { gatewayKeysView, processesView } from '../view/processes-view';
import { createConnection } from './create-connection';
import { discoverTables } from './discover-tables';
import { probeConnection, testConnection } from './test-connection';
import { updateConnection } from './update-connection';

const ADMIN: Actor = { id: 'usr_ada', name: 'Ada', role: 'admin' };
const OPERATOR: Actor = { id: 'usr_op', name: 'Op', role: 'operator' };

let database: TestDatabase;
let source: TestStore<RunningSource>;
let other: TestStore<RunningSource>;
let target: TestStore<RunningTarget>;
let ctx: ServiceContext;

const refusal = async (act: Promise<unknown>): Promise<AppError> => {
  const error = await act.then(
    () => null,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(AppError);
  return error as AppError;
};
const live = (more: Partial<ConnectionInput> = {}): ConnectionInput => ({
  name: 'live',
  kind: 'dynamodb',
  endpoint: source.endpoint,
  region: 'eu-central-1',
  ...source.credentials,
  ...more,
});
const rows = async (): Promise<number> =>
  (await database.sql<{ n: number }[]>`select count(*)::int as n from connection`)[0]!.n;
/** An address at which nothing listens. */
const deadEndpoint = async (): Promise<string> => {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return `http://127.0.0.1:${port}`;
};

beforeAll(async () => {
  [database, source, other, target] = await Promise.all([
    createTestDatabase(),
    startTestSource(),
    startTestSource(),
    startTestTarget(),
  ]);
  await source.createTable('orders', { partition: { name: 'tenant', type: 'S' }, sort: { name: 'placed', type: 'N' } });
  const log = createLog({ process: 'test', level: 'silent' });
  ctx = serviceContextOf({ ...database, sealingKey: randomBytes(32).toString('hex'), log });
});
afterAll(async () => {
  await Promise.all([source?.stop(), other?.stop(), target?.stop()]);
  await database?.drop();
});

describe('a connection that cannot be used is not stored, and the field is named', () => {
  test('nothing answers', async () => {
    const error = await refusal(createConnection(ctx, ADMIN, live({ endpoint: await deadEndpoint() })));
    expect(error.code).toBe('connection.unreachable');
    expect(error.detail.fields).toHaveProperty('endpoint');
    expect(await rows()).toBe(0);
  });

  test('what answers is no store', async () => {
    const server = createServer((_, response) => response.end('<html>hello</html>'));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const error = await refusal(testConnection(ctx, ADMIN, live({ endpoint })));
    server.close();
    expect(error.code).toBe('connection.unreachable');
  });

  test.each([
    ['an unknown key', { accessKeyId: 'AKIANOBODYNOBODY' }],
    ['a wrong secret', { secretAccessKey: 'wrong' }],
  ])('%s', async (_, more) => {
    const error = await refusal(createConnection(ctx, ADMIN, live(more)));
    expect(error.code).toBe('connection.key_refused');
    expect(error.detail.fields).toHaveProperty('accessKeyId');
    expect(await rows()).toBe(0);
  });

  test.each([
    ['the metadata service', 'http://169.254.169.254/latest'],
    ['it in decimal', 'http://2852039166'],
    ['it in hexadecimal', 'http://0xa9fea9fe'],
    ['it mapped into IPv6', 'http://[::ffff:a9fe:a9fe]'],
    ['it compatible with IPv6', 'http://[::a9fe:a9fe]'],
    ['the metadata service of IPv6', 'http://[fd00:ec2::254]'],
    ['a link-local address', 'http://[fe80::1]'],
    ['a metadata name', 'http://metadata.google.internal'],
    ['another scheme', 'ftp://example.com'],
    ['a password in it', 'http://a:b@127.0.0.1'],
    ['no address', 'dynamodb'],
  ])('endpoint: %s', async (_, endpoint) => {
    const error = await refusal(testConnection(ctx, ADMIN, live({ endpoint })));
    expect(error.code).toBe('input.invalid');
    expect(Object.keys(error.detail.fields ?? {})).toEqual(['endpoint']);
  });

  test('an empty form names every field that is wrong', async () => {
    const error = await refusal(
      createConnection(ctx, ADMIN, live({ name: '', region: 'Frankfurt!', accessKeyId: 'with space' })),
    );
    expect(Object.keys(error.detail.fields ?? {}).sort()).toEqual(['accessKeyId', 'name', 'region']);
  });

  test('an operator may not store one', async () => {
    expect((await refusal(createConnection(ctx, OPERATOR, live()))).code).toBe('auth.role_too_low');
  });
});

describe('a stored connection', () => {
  let connectionId: string;

  test('says what the key may do, never the secret, and serves as pass-through', async () => {
    ({ connectionId } = await createConnection(ctx, ADMIN, live()));
    const view = await connectionView(ctx, OPERATOR, connectionId);
    expect(view.probe).toMatchObject({ ok: true, mayRead: true, mayWrite: null, tables: ['orders'] });
    expect(view.credentialHint).toBe(`…${source.credentials.accessKeyId.slice(-4)}`);
    expect(JSON.stringify(await connectionViews(ctx, ADMIN))).not.toContain(source.credentials.secretAccessKey);
    const stored = await database.sql`select credential_sealed from connection`;
    expect(JSON.stringify(stored)).not.toContain(source.credentials.secretAccessKey);
    const [head] = await database.sql<
      { epoch: string }[]
    >`select epoch from routing_head where connection_id = ${connectionId}`;
    expect(Number(head!.epoch)).toBe(1);
  });

  test('keeps its name to itself', async () => {
    const error = await refusal(createConnection(ctx, ADMIN, live()));
    expect(error.code).toBe('connection.name_taken');
    expect(error.detail.fields).toHaveProperty('name');
    expect(await rows()).toBe(1);
  });

  test('lists its tables with keys', async () => {
    const [orders] = await discoverTables(ctx, OPERATOR, { connectionId });
    expect(orders).toMatchObject({
      name: 'orders',
      usedBy: null,
      keySchema: { partition: { name: 'tenant', type: 'S' } },
    });
  });

  test('a new endpoint asks for the secret again and sends the stored one nowhere', async () => {
    const asked = other.running.stats;
    const before = JSON.stringify(asked);
    const error = await refusal(updateConnection(ctx, ADMIN, { connectionId, version: 1, endpoint: other.endpoint }));
    expect(error.code).toBe('connection.secret_needed');
    expect(error.detail.fields).toHaveProperty('secretAccessKey');
    expect(JSON.stringify(asked)).toBe(before);
    expect((await connectionView(ctx, ADMIN, connectionId)).endpoint).toBe(source.endpoint);
  });

  test('takes a new endpoint with a secret, and a stale form changes nothing', async () => {
    await updateConnection(ctx, ADMIN, { connectionId, version: 1, endpoint: other.endpoint, ...other.credentials });
    expect((await connectionView(ctx, ADMIN, connectionId)).endpoint).toBe(other.endpoint);
    const stale = await refusal(updateConnection(ctx, ADMIN, { connectionId, version: 1, name: 'renamed' }));
    expect(stale.code).toBe('input.stale_form');
    expect((await connectionView(ctx, ADMIN, connectionId)).name).toBe('live');
  });

  test('changes its limits without being asked for a secret', async () => {
    const limits = {
      requestsPerSecond: 5,
      itemsPerSecond: 50,
      readUnitsPerSecond: null,
      requestsPerMonth: null,
      liveReserveMilli: 0,
    };
    await database.sql`update connection set may_create_tables = true where id = ${connectionId}`;
    await updateConnection(ctx, ADMIN, { connectionId, version: 2, limits });
    const changed = await connectionView(ctx, ADMIN, connectionId);
    expect(changed.limits).toEqual(limits);
    // What a change leaves out stays as it is.
    expect(changed).toMatchObject({ mayCreateTables: true, name: 'live', endpoint: other.endpoint });
    const error = await refusal(
      updateConnection(ctx, ADMIN, { connectionId, version: 3, limits: { ...limits, requestsPerSecond: 0 } }),
    );
    expect(error.detail.fields).toHaveProperty(['limits.requestsPerSecond']);
  });

  test('a probe that fails is stored as one', async () => {
    other.running.keys.revoke(other.credentials.accessKeyId);
    expect((await refusal(probeConnection(ctx, OPERATOR, { connectionId }))).code).toBe('connection.key_refused');
    expect((await connectionView(ctx, ADMIN, connectionId)).probe).toMatchObject({ ok: false });
  });

  test('TerraScale needs no secret and is reached without listing', async () => {
    const made = await createConnection(ctx, ADMIN, {
      name: 'terra',
      kind: 'terrascale',
      endpoint: target.endpoint,
      region: 'terrascale',
      accessKeyId: target.credentials.accessKeyId,
    });
    const view = await connectionView(ctx, ADMIN, made.connectionId);
    expect(view.probe).toMatchObject({ ok: true, tables: null, mayWrite: null });
    expect(view.limits.requestsPerMonth).toBe(1_000_000);
    expect(await discoverTables(ctx, OPERATOR, made)).toEqual([]);
  });
});

describe('keys of applications', () => {
  test('show their secret once and end when they are revoked', async () => {
    const made = await createGatewayKey(ctx, ADMIN, { application: 'shop', tables: ['orders'] });
    const listed = await gatewayKeysView(ctx, OPERATOR);
    expect(listed).toMatchObject([{ application: 'shop', accessKeyId: made.accessKeyId, revokedAt: null }]);
    expect(JSON.stringify(listed)).not.toContain(made.secretAccessKey);
    await revokeGatewayKey(ctx, ADMIN, made);
    await revokeGatewayKey(ctx, ADMIN, made);
    expect((await gatewayKeysView(ctx, OPERATOR))[0]?.revokedAt).not.toBeNull();
    expect((await refusal(revokeGatewayKey(ctx, ADMIN, { keyId: 'key_nope' }))).code).toBe('input.invalid');
    expect((await refusal(createGatewayKey(ctx, OPERATOR, { application: 'x' }))).code).toBe('auth.role_too_low');
  });

  test('are two at most for an application, so that it changes over before the old one is revoked', async () => {
    const scopes = { tables: ['orders'], operations: ['GetItem'] };
    const old = await createGatewayKey(ctx, ADMIN, { application: 'rotated', ...scopes });
    const fresh = await rotateGatewayKey(ctx, ADMIN, old);
    expect(fresh.accessKeyId).not.toBe(old.accessKeyId);
    const third = await refusal(rotateGatewayKey(ctx, ADMIN, fresh));
    expect(third).toMatchObject({ code: 'input.invalid' });
    await revokeGatewayKey(ctx, ADMIN, old);
    expect((await refusal(rotateGatewayKey(ctx, ADMIN, old))).code).toBe('input.invalid');
    expect((await refusal(rotateGatewayKey(ctx, OPERATOR, fresh))).code).toBe('auth.role_too_low');
    // Two people at once make no third.
    const both = await Promise.allSettled([1, 2].map(() => createGatewayKey(ctx, ADMIN, { application: 'rotated' })));
    expect(both.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    const listed = (await gatewayKeysView(ctx, OPERATOR)).filter((key) => key.application === 'rotated');
    expect(listed.filter((key) => key.revokedAt === null)).toHaveLength(2);
    expect(listed.find((key) => key.accessKeyId === fresh.accessKeyId)).toMatchObject(scopes);
    const sealed = await database.sql`select secret_sealed from gateway_key`;
    expect(JSON.stringify(sealed)).not.toContain(fresh.secretAccessKey);
  });

  test('no process is shown where none ever started', async () => {
    expect(await processesView(ctx, OPERATOR)).toEqual({ gateways: [], workers: [], endpoint: '', recovery: null });
  });
});
