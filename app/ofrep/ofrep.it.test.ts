/** Flags over OFREP 0.3: the real route handlers, asked by the stock providers and by hand. */
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
import { OpenFeature } from '@openfeature/server-sdk';
import { ProviderEvents, OpenFeature as WebFeature } from '@openfeature/web-sdk';
import { EventSource } from 'eventsource';
import { OFREPApi } from 'ofrep-core-2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flags } from '@/app/_server/flags';
import { makeSql, withTransaction } from '@/db/client';
import { markDirty } from '@/db/queries/gateway/dirty';
import { publishRouting } from '@/db/queries/routing/publish';
import { createLog } from '@/lib/adapters/log';
import type { StoreTarget } from '@/lib/adapters/ports';
import type { Actor } from '@/lib/domain/plan/facts';
import { type RoutingChange, routingOf } from '@/lib/domain/plan/steps';
import { bucketOf, isInShare } from '@/lib/domain/routing/bucket';
import { type ServiceContext, serviceContextOf } from '@/lib/services/context';
import { createFlagKey, flagKeysView, revokeFlagKey } from '@/lib/services/flags/flag-keys';
import { FLAG_LIMITS } from '@/lib/services/flags/limits';
import { Ofrep, type OfrepRequest } from '@/lib/services/flags/ofrep';
import { StreamTokens } from '@/lib/services/flags/stream-tokens';
import { createTestDatabase, type TestDatabase } from '@/lib/testing/database';
import { insertPlan, type PlanFixture, TEST_SEALING_KEY } from '@/lib/testing/plan-fixture';
import { startRouteServer } from '@/lib/testing/route-server';
import { waitFor } from '@/lib/testing/wait-for';
import * as one from './v1/evaluate/flags/[key]/route';
import * as bulk from './v1/evaluate/flags/route';
import * as events from './v1/events/route';

const ADMIN: Actor = { id: 'usr_ada', name: 'Ada', role: 'admin' };
const STORE: StoreTarget = {
  ...{ connectionId: 'con', kind: 'dynamodb', endpoint: 'http://127.0.0.1:1', region: 'eu-central-1', timeoutMs: 1 },
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
};
const held = globalThis as typeof globalThis & { landfallContainer?: unknown; EventSource?: unknown };

let database: TestDatabase;
let ctx: ServiceContext;
let server: Awaited<ReturnType<typeof startRouteServer>>;
let first: PlanFixture;
let second: PlanFixture;
let key: string;
let keyId: string;
const logged: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  const { sql, db } = database;
  const log = createLog({ process: 'test', level: 'debug', destination: { write: (line) => void logged.push(line) } });
  ctx = serviceContextOf({ sql, db, sealingKey: TEST_SEALING_KEY, log });
  held.landfallContainer = { ctx, config: {}, auth: {} };
  held.EventSource = EventSource;
  const schema = (type: 'S' | 'N') => ({ partition: { name: 'id', type }, sort: null });
  const plan = (type: 'S' | 'N') =>
    insertPlan(sql, { source: STORE, target: STORE, table: `orders-${type}`, schema: schema(type), stage: 'verify' });
  first = await plan('S');
  second = await plan('N');
  ({ key, keyId } = await createFlagKey(ctx, ADMIN, { application: 'shop', planIds: [first.planId, second.planId] }));
  server = await startRouteServer([
    { path: '/ofrep/v1/evaluate/flags', handlers: bulk },
    { path: '/ofrep/v1/evaluate/flags/:key', handlers: one },
    { path: '/ofrep/v1/events', handlers: events },
  ]);
});
afterAll(async () => {
  await Promise.all([OpenFeature.close(), WebFeature.close()]);
  await flags().stop();
  await server.stop();
  held.landfallContainer = undefined;
  await database.drop();
});

const commit = (plan: PlanFixture, change: RoutingChange) =>
  withTransaction(database.db, (tx) => publishRouting(tx, plan.planTableId, change));
/** Commits a routing and waits until this web process has heard of it. */
const publish = async (plan: PlanFixture, change: RoutingChange) => {
  const { epoch } = await commit(plan, change);
  const seen = async () => (await ask(`/${flag('stage', plan)}`)).body.metadata.epoch === epoch;
  await waitFor(seen, { what: `epoch ${epoch} in flags`, everyMs: 2 });
};
const shareOf = (milli: number) => routingOf('dual_write', 'shift', milli);
const share = (plan: PlanFixture, milli: number) => publish(plan, shareOf(milli));
const flag = (kind: string, plan = first) => `${plan.planId}.orders.${kind}`;
const auth = () => ({ authorization: `Bearer ${key}` });

async function ask(path: string, given: { body?: string; headers?: Record<string, string> } = {}) {
  const { body = '{"context":{"targetingKey":"tenant-42"}}', headers = auth() } = given;
  const answer = await fetch(`${server.url}/ofrep/v1/evaluate/flags${path}`, {
    ...{ method: 'POST', body },
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) };
}

/** Events of a stream as they come, by hand. */
async function stream(requestUri: string, lastEventId?: string) {
  const leave = new AbortController();
  const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  const answer = await fetch(`${server.url}${requestUri}`, { headers, signal: leave.signal });
  let text = '';
  let isEnded = false;
  const read = async () => {
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>)
      text += Buffer.from(chunk).toString();
  };
  const reading = read().catch(() => {});
  void reading.then(() => {
    isEnded = true;
  });
  return { status: answer.status, text: () => text, isEnded: () => isEnded, leave: () => leave.abort() };
}
const streamUri = async (): Promise<string> => (await ask('')).body.eventStreams[0].endpoint.requestUri;

describe('every answer', () => {
  it('that succeeds has all five fields with an explicit value, in every stage', async () => {
    for (const stage of ['planned', 'dual_write', 'verify', 'shift', 'target_first', 'backup'] as const) {
      await publish(first, routingOf('dual_write', stage, 50_000));
      for (const kind of ['read', 'routing', 'stage']) {
        const { status, headers, body } = await ask(`/${flag(kind)}`);
        expect([status, headers.get('content-type')]).toEqual([200, 'application/json']);
        expect(Object.keys(body)).toEqual(['key', 'value', 'reason', 'variant', 'metadata']);
        expect(['STATIC', 'SPLIT', 'TARGETING_MATCH', 'DISABLED']).toContain(body.reason);
        expect(Object.values(body).every((value) => value !== null && value !== undefined)).toBe(true);
        for (const value of Object.values(body.metadata))
          expect(['string', 'number', 'boolean']).toContain(typeof value);
        expect(body.metadata).toMatchObject({ table: 'orders-S', stage, salt: 'orders:v1' });
      }
    }
  });

  it.each([
    ['without a key', `/x.y.read`, { headers: {} }, 401, 'GENERAL'],
    ['with a key that never was', '', { headers: { 'x-api-key': 'lff_no' } }, 401, 'GENERAL'],
    ['to a flag that is none', '/a.b.read', {}, 404, 'FLAG_NOT_FOUND'],
    ['to a name that is none', '/a%2Fb', {}, 404, 'FLAG_NOT_FOUND'],
    ['to bad JSON', '', { body: '{' }, 400, 'PARSE_ERROR'],
    ['without a context', '', { body: '{}' }, 400, 'INVALID_CONTEXT'],
    ['with a context that is none', '', { body: '{"context":[]}' }, 400, 'INVALID_CONTEXT'],
    ['with a key that is no text', '', { body: '{"context":{"targetingKey":7}}' }, 400, 'INVALID_CONTEXT'],
    ['to a body above the cap', '', { body: `{"context":{"a":"${'x'.repeat(70_000)}"}}` }, 413, 'GENERAL'],
  ])('%s has all four fields of an error', async (_, path, given, status, errorCode) => {
    const answer = await ask(path, given as never);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/json']);
    expect(Object.keys(answer.body)).toEqual(['key', 'errorCode', 'errorDetails', 'metadata']);
    expect(answer.body.errorCode).toBe(errorCode);
    expect(answer.body.errorDetails.length).toBeGreaterThan(10);
  });

  it('can be read by a page of any site, which may send its key and see the ETag', async () => {
    const asked = await fetch(`${server.url}/ofrep/v1/evaluate/flags`, { method: 'OPTIONS' });
    expect(asked.headers.get('access-control-allow-headers')).toBe(
      'Content-Type, Authorization, X-API-Key, If-None-Match',
    );
    const { headers } = await ask('', { headers: {} });
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.get('access-control-expose-headers')).toBe('ETag, Retry-After');
  });
});

describe('a flag', () => {
  it.each([
    ['S', 'tenant-42', 6_321],
    ['S', 'USER#1', 39_558],
    ['N', '1.0', 832],
  ] as const)('of a table keyed by %s puts %s into bucket %i', async (type, targetingKey, bucket) => {
    const plan = type === 'S' ? first : second;
    for (const milli of [bucket, bucket + 1]) {
      await share(plan, milli);
      const { body } = await ask(`/${flag('read', plan)}`, { body: JSON.stringify({ context: { targetingKey } }) });
      expect(body).toMatchObject({ value: milli > bucket ? 'target' : 'source', reason: 'SPLIT' });
      expect(body.metadata.bucket).toBe(bucket);
    }
  });

  it('says source for a partition with a dirty key while the source is the authority', async () => {
    await share(first, 100_000);
    expect((await ask(`/${flag('read')}`)).body).toMatchObject({ value: 'target', reason: 'STATIC' });
    const keyId = '["S#tenant-42"]';
    const mark = { planTableId: first.planTableId, keyId, keyHash: 'h', key: {}, unknownForMs: null };
    await markDirty(database.sql, [{ ...mark, cause: 'mismatch' }]);
    await waitFor(async () => (await ask(`/${flag('read')}`)).body.reason === 'TARGETING_MATCH');
    expect((await ask(`/${flag('read')}`)).body).toMatchObject({ value: 'source', variant: 'source' });
    const other = { body: '{"context":{"targetingKey":"tenant-43","colour":"unknown members are ignored"}}' };
    expect((await ask(`/${flag('read')}`, other)).body.value).toBe('target');
    await database.sql`delete from dirty_key`;
  });

  it('that needs no key answers an empty body; one that needs it says so, alone and in a bulk answer', async () => {
    expect((await ask(`/${flag('stage')}`, { body: '' })).body.value).toBe('shift');
    expect((await ask(`/${flag('read')}`, { body: '' })).body.errorCode).toBe('TARGETING_KEY_MISSING');
    const { status, body } = await ask('', { body: '{"context":{}}' });
    expect([status, body.flags.length]).toEqual([200, 6]);
    const failing = body.flags.filter((item: { errorCode?: string }) => item.errorCode);
    expect(failing.map((item: { key: string }) => item.key)).toEqual(
      [flag('read', first), flag('read', second)].sort(),
    );
    expect(failing[0]).toMatchObject({ errorCode: 'TARGETING_KEY_MISSING', metadata: {} });
  });
});

describe('the stock server provider', () => {
  it('reads values, and gets its default with the reason where there is none', async () => {
    await share(first, 50_000);
    await OpenFeature.setProviderAndWait(
      new OFREPProvider({ baseUrl: server.url, headers: [['X-API-Key', key]] }) as never,
    );
    const client = OpenFeature.getClient();
    for (let n = 0; n < 20; n += 1) {
      const targetingKey = `USER#${n}`;
      const expected = isInShare(bucketOf('orders:v1', `S#${targetingKey}`), 50_000) ? 'target' : 'source';
      expect(await client.getStringValue(flag('read'), 'default', { targetingKey })).toBe(expected);
    }
    expect(await client.getObjectValue(flag('routing'), {})).toMatchObject({ pctMilli: 50_000, keyType: 'S' });
    const details = (name: string, context = {}) => client.getStringDetails(name, 'default', context);
    expect(await details(flag('read'))).toMatchObject({ value: 'default', errorCode: 'TARGETING_KEY_MISSING' });
    expect(await details('a.b.read')).toMatchObject({ value: 'default', errorCode: 'FLAG_NOT_FOUND' });
    expect(await details(flag('read', second), { targetingKey: 'x' })).toMatchObject({ errorCode: 'INVALID_CONTEXT' });
    expect(await client.getNumberDetails(flag('read'), 1, { targetingKey: 'a' })).toMatchObject({
      ...{ value: 1, errorCode: 'TYPE_MISMATCH' },
    });
  });

  it('of core 2 too, with 304 for what it has already', async () => {
    const api = new OFREPApi({ baseUrl: server.url, headers: [['Authorization', `Bearer ${key}`]] });
    const request = { context: { targetingKey: 'tenant-42' } };
    const one = await api.postEvaluateFlag(flag('stage'), request);
    expect(one).toMatchObject({ httpStatus: 200, value: { value: 'shift', reason: 'STATIC' } });
    const all = await api.postBulkEvaluateFlags(request);
    const etag = all.httpResponse?.headers.get('etag') as string;
    expect(etag).toMatch(/^"[\w-]{43}"$/);
    const again = await api.postBulkEvaluateFlags(request, etag);
    expect([again.httpStatus, again.httpResponse?.headers.get('etag')]).toEqual([304, etag]);
    // The tag is of this context's answer, not of the configuration alone.
    const other = await api.postBulkEvaluateFlags({ context: { targetingKey: 'tenant-43' } }, etag);
    expect(other.httpStatus).toBe(200);
    await share(first, 50_001);
    expect((await api.postBulkEvaluateFlags(request, etag)).httpStatus).toBe(200);
    api.close();
  });

  it('with a revoked key gives the default of the code, and the application goes on', async () => {
    const { key: lone, keyId: loneId } = await createFlagKey(ctx, ADMIN, { application: 'lone', planIds: null });
    await revokeFlagKey(ctx, ADMIN, { keyId: loneId });
    await OpenFeature.setProviderAndWait(
      'revoked',
      new OFREPProvider({ baseUrl: server.url, headers: [['X-API-Key', lone]] }) as never,
    );
    const details = await OpenFeature.getClient('revoked').getStringDetails(flag('stage'), 'default');
    expect(details).toMatchObject({ value: 'default', reason: 'ERROR' });
  });
});

describe('the stock web provider', () => {
  it('fetches anew when the stream says so, and shows the new value', async () => {
    await share(first, 0);
    const provider = new OFREPWebProvider({ baseUrl: server.url, headers: [['X-API-Key', key]], pollInterval: 0 });
    await WebFeature.setContext({ targetingKey: 'tenant-42' });
    await WebFeature.setProviderAndWait(provider as never);
    const client = WebFeature.getClient();
    expect(client.getStringValue(flag('read'), 'default')).toBe('source');
    const changed: string[] = [];
    client.addHandler(ProviderEvents.ConfigurationChanged, (about) => {
      changed.push(...(about?.flagsChanged ?? []));
    });
    await waitFor(() => openStreams() > 0, { what: 'the stream' });
    await share(first, 100_000);
    await waitFor(() => client.getStringValue(flag('read'), 'default') === 'target', { what: 'the new value' });
    // The provider tells its listeners after it has the new value.
    await waitFor(() => changed.includes(flag('read')), { what: 'the word of the change' });
    await WebFeature.setContext({ targetingKey: 'tenant-43' });
    expect(client.getStringValue(flag('stage'), 'default')).toBe('shift');
    await WebFeature.clearProviders();
    await waitFor(() => openStreams() === 0, { what: 'the stream to be left' });
  });
});

const openStreams = (): number => flags().streams.size;

describe('the stream of changes', () => {
  it('speaks only after the new state can be read, and names it', async () => {
    await share(first, 1_000);
    const open = await stream(await streamUri());
    expect(open.status).toBe(200);
    await commit(first, shareOf(2_000));
    await waitFor(() => open.text().includes('refetchEvaluation'), { what: 'an event', everyMs: 1 });
    expect((await ask(`/${flag('read')}`)).body.metadata.pctMilli).toBe(2_000);
    const [, id, data] = /id: (.+)\nevent: message\ndata: (.+)\n\n$/.exec(open.text()) as RegExpExecArray;
    const event = JSON.parse(data as string);
    expect(event).toEqual({ type: 'refetchEvaluation', etag: `"${id}"`, lastModified: expect.any(Number) });

    // Another web process that has not heard of it yet reads again when the provider names the state.
    const other = new Ofrep(ctx);
    const request = (configEtag: string | null): OfrepRequest => ({
      ...{ flag: flag('read'), authorization: `Bearer ${key}`, apiKey: null, ifNoneMatch: null, configEtag },
      body: '{"context":{"targetingKey":"a"}}',
    });
    await other.evaluate(request(null));
    await commit(first, shareOf(3_000));
    await waitFor(() => open.text().split('refetchEvaluation').length === 3, { what: 'the second event', everyMs: 1 });
    const latest = /data: (.+)\n\n$/.exec(open.text()) as RegExpExecArray;
    const { body } = await other.evaluate(request(JSON.parse(latest[1] as string).etag));
    expect(body).toMatchObject({ metadata: { pctMilli: 3_000 } });
    open.leave();
  });

  it('makes up for what was missed, by the last event or by the state in its address', async () => {
    const uri = await streamUri();
    await share(first, 4_000);
    const late = await stream(uri);
    await waitFor(() => late.text().includes('refetchEvaluation'));
    const id = /id: (\S+)/.exec(late.text())?.[1] as string;
    const current = await stream(uri, id);
    await waitFor(() => current.text().includes(`id: ${id}\n\n`));
    expect(current.text()).not.toContain('refetchEvaluation');
    const older = await stream(uri, 'an older one');
    await waitFor(() => older.text().includes('refetchEvaluation'));
    for (const each of [late, current, older]) each.leave();
    await waitFor(() => openStreams() === 0);
  });

  it('opens for no address but a live one, and ends with its key', async () => {
    expect((await stream('/ofrep/v1/events?token=guessed')).status).toBe(401);
    expect((await stream('/ofrep/v1/events')).status).toBe(401);
    const tokens = new StreamTokens(TEST_SEALING_KEY);
    const row = { id: 'key_1', keyHash: 'h', planIds: null };
    const token = tokens.current(row, 0);
    const at = (windows: number) => tokens.keyOf(token, [row], windows * FLAG_LIMITS.tokenWindowMs);
    expect([at(0), at(1.9), at(2)]).toEqual([row, row, null]);

    const { key: short, keyId: shortId } = await createFlagKey(ctx, ADMIN, { application: 'short', planIds: null });
    const uri = (await ask('', { headers: { 'x-api-key': short } })).body.eventStreams[0].endpoint.requestUri;
    expect(uri).not.toContain(short);
    const open = await stream(uri);
    await revokeFlagKey(ctx, ADMIN, { keyId: shortId });
    await waitFor(() => open.isEnded(), { what: 'the end of the stream' });
    expect((await stream(uri)).status).toBe(401);
    expect((await ask('', { headers: { 'x-api-key': short } })).status).toBe(401);
  });
});

describe('keys', () => {
  it('see the flags of their plans alone, are kept as a hash, and are an administrator’s to make', async () => {
    const made = await createFlagKey(ctx, ADMIN, { application: 'scoped', planIds: [second.planId] });
    const headers = { 'x-api-key': made.key };
    expect((await ask(`/${flag('stage', first)}`, { headers })).status).toBe(404);
    expect((await ask(`/${flag('stage', second)}`, { headers })).status).toBe(200);
    expect((await ask('', { headers })).body.flags).toHaveLength(3);
    const [row] = await database.sql`select row_to_json(k)::text as all from flag_key k where id = ${made.keyId}`;
    expect(row?.all).not.toContain(made.key);
    const viewer: Actor = { id: 'usr_vic', name: 'Vic', role: 'viewer' };
    const views = await flagKeysView(ctx, viewer);
    expect(views.find((view) => view.id === made.keyId)).toMatchObject({ plans: [second.planId], revokedAt: null });
    expect(JSON.stringify(views)).not.toContain(made.key);
    await expect(createFlagKey(ctx, viewer, { application: 'x', planIds: null })).rejects.toMatchObject({
      code: 'auth.role_too_low',
    });
    await expect(createFlagKey(ctx, ADMIN, { application: 'x', planIds: ['pln_no'] })).rejects.toMatchObject({
      detail: { fields: { planIds: 'One of the plans does not exist.' } },
    });
    await expect(revokeFlagKey(ctx, viewer, { keyId })).rejects.toMatchObject({ code: 'auth.role_too_low' });
  });

  it('and contexts and addresses of streams stand in no line of the log', () => {
    const all = logged.join('');
    expect(all).not.toContain(key);
    expect(all).not.toMatch(/tenant-42|token=/);
  });
});

describe('under pressure', () => {
  const request = (given: Partial<OfrepRequest> = {}): OfrepRequest => ({
    ...{ flag: flag('stage'), authorization: null, apiKey: key, ifNoneMatch: null, configEtag: null, body: '' },
    ...given,
  });

  it('a key that asks too often is told to wait whole seconds, with 429 and never 401', async () => {
    const clock = { nowMs: () => 1_000, monotonicMs: () => 1_000 };
    const ofrep = new Ofrep({ ...ctx, clock });
    for (let n = 0; n < FLAG_LIMITS.requestsPerSecondMax; n += 1)
      expect((await ofrep.evaluate(request())).status).toBe(200);
    const { status, headers, body } = await ofrep.evaluate(request());
    expect([status, headers['retry-after']]).toEqual([429, '1']);
    expect(Object.keys(body as object)).toEqual(['key', 'errorCode', 'errorDetails', 'metadata']);
  });

  it('without a database it answers from what it read and says stale; before it read anything, 503', async () => {
    const sql = makeSql('test', database.url);
    let nowMs = 1_000;
    const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
    const silent = createLog({ process: 'test', level: 'silent' });
    const ofrep = new Ofrep({ ...ctx, sql, clock, log: silent });
    const fresh = (await ofrep.evaluate(request())).body as { metadata: object };
    expect(fresh.metadata).not.toHaveProperty('stale');
    await sql.end();
    nowMs += 2_000;
    expect((await ofrep.evaluate(request())).body).toEqual({ ...fresh, metadata: { ...fresh.metadata, stale: true } });
    const all = (await ofrep.evaluate(request({ flag: null, body: '{"context":{}}' }))).body;
    expect(all).toMatchObject({ metadata: { stale: true } });
    const never = await new Ofrep({ ...ctx, sql, log: silent }).evaluate(request());
    expect([never.status, never.headers['retry-after']]).toEqual([503, '1']);
    expect(never.body).toMatchObject({ key: flag('stage'), errorCode: 'GENERAL', metadata: {} });
  });
});
