/** The client against a gateway over HTTP: same answers, same stores, same duties. */
import { join } from 'node:path';
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '@/lib/adapters/log';
import { partitionUnit } from '@/lib/domain/item/key';
import { routingOf } from '@/lib/domain/plan/steps';
import { bucketOf, isInShare } from '@/lib/domain/routing/bucket';
import { serviceContextOf } from '@/lib/services/context';
import { createFlagKey } from '@/lib/services/flags/flag-keys';
import { Ofrep } from '@/lib/services/flags/ofrep';
import { type GatewayRig, type RigGateway, startGatewayRig } from '@/lib/testing/gateway-rig';
import { waitFor } from '@/lib/testing/wait-for';
import { LandfallClient } from './client';
import { LandfallClosedError, LandfallOptionsError } from './faults';

const S = (text: string) => ({ S: text });
const N = (value: number | string) => ({ N: String(value) });
const T = 'orders';
const ADMIN = { id: 'usr_ada', name: 'Ada', role: 'admin' } as const;
const key = (pk: string, sk = 1) => ({ pk: S(pk), sk: N(sk) });

let rig: GatewayRig;
let gateway: RigGateway;
let client: LandfallClient;
let table: string;
const clients = new Set<LandfallClient>();

function clientOf(identity: string, given: { databaseUrl?: string; startWaitMsMax?: number } = {}): LandfallClient {
  const made = new LandfallClient(
    {
      databaseUrl: rig.database.url,
      sealingKey: rig.sealingKey,
      connection: rig.connectionId,
      dataDir: rig.dataDir,
      identity,
      ...given,
    },
    { maxAttempts: 1 },
  );
  clients.add(made);
  return made;
}

beforeAll(async () => {
  rig = await startGatewayRig({ settings: { mirrorWaitMsMax: 2_000, holdMsMax: 20_000, storeTimeoutMs: 3_000 } });
  gateway = await rig.gateway('over-http');
  client = clientOf('in-process');
  await client.ready;
  table = await rig.table(T, { partition: { name: 'pk', type: 'S' }, sort: { name: 'sk', type: 'N' } });
});
afterAll(async () => {
  await Promise.all([...clients].map((one) => one.close()));
  await rig.stop();
});

/** One session of an application, whose end leaves the table as it found it. */
const SESSION = [
  new PutItemCommand({
    TableName: T,
    Item: { ...key('a'), n: N(1), tags: { SS: ['x', 'y'] }, bin: { B: Uint8Array.of(1, 2) } },
  }),
  new PutItemCommand({
    TableName: T,
    Item: { ...key('a'), n: N('0.10') },
    ReturnValues: 'ALL_OLD',
    ReturnConsumedCapacity: 'TOTAL',
  }),
  new PutItemCommand({
    TableName: T,
    Item: key('a'),
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  }),
  new PutItemCommand({ TableName: T, Item: { pk: S('no sort key') } }),
  new GetItemCommand({ TableName: T, Key: key('a'), ConsistentRead: true }),
  new GetItemCommand({ TableName: T, Key: key('absent') }),
  ...(['NONE', 'ALL_NEW', 'UPDATED_OLD', 'UPDATED_NEW', 'ALL_OLD'] as const).map(
    (ReturnValues) =>
      new UpdateItemCommand({
        ...{ TableName: T, Key: key('count'), UpdateExpression: 'ADD n :one', ReturnValues },
        ExpressionAttributeValues: { ':one': N(1) },
      }),
  ),
  new UpdateItemCommand({ TableName: T, Key: key('count'), UpdateExpression: 'SET #' }),
  new BatchWriteItemCommand({
    RequestItems: { [T]: [1, 2, 3].map((sk) => ({ PutRequest: { Item: { ...key('batch', sk), made: N(sk) } } })) },
  }),
  new BatchGetItemCommand({ RequestItems: { [T]: { Keys: [key('batch', 2)], ProjectionExpression: 'made' } } }),
  new QueryCommand({
    ...{ TableName: T, KeyConditionExpression: 'pk = :pk', Limit: 2 },
    ExpressionAttributeValues: { ':pk': S('batch') },
  }),
  new ScanCommand({ TableName: T, Select: 'COUNT' }),
  new TransactWriteItemsCommand({
    TransactItems: [
      { Put: { TableName: T, Item: { ...key('t'), n: N(1) } } },
      {
        Update: {
          TableName: T,
          Key: key('a'),
          UpdateExpression: 'SET t = :t',
          ExpressionAttributeValues: { ':t': N(1) },
        },
      },
    ],
  }),
  new TransactWriteItemsCommand({
    TransactItems: [
      { ConditionCheck: { TableName: T, Key: key('absent'), ConditionExpression: 'attribute_exists(pk)' } },
    ],
  }),
  new TransactGetItemsCommand({ TransactItems: [{ Get: { TableName: T, Key: key('t') } }] }),
  new DescribeTableCommand({ TableName: 'nowhere' }),
  new ListTablesCommand({}),
  new DeleteItemCommand({ TableName: T, Key: key('a'), ReturnValues: 'ALL_OLD' }),
  ...['count', 't'].map((pk) => new DeleteItemCommand({ TableName: T, Key: key(pk) })),
  new BatchWriteItemCommand({
    RequestItems: { [T]: [1, 2, 3].map((sk) => ({ DeleteRequest: { Key: key('batch', sk) } })) },
  }),
];

const REFUSED = [
  'ConditionalCheckFailedException',
  'ValidationException',
  'ValidationException',
  'TransactionCanceledException',
  'ResourceNotFoundException',
];

async function play(through: DynamoDBClient): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (const command of SESSION) {
    answers.push(
      await through.send(command as GetItemCommand).then(
        ({ $metadata, ...answer }) => ({ status: $metadata.httpStatusCode, answer }),
        ({ name, message, $fault, $metadata, CancellationReasons, Item }) => ({
          ...{ name, message, $fault, CancellationReasons, Item, status: $metadata?.httpStatusCode },
        }),
      ),
    );
  }
  return answers;
}

describe('the client', () => {
  it.each([
    ['dual_write', 0],
    ['shift', 50_000],
    ['target_first', 100_000],
  ] as const)('answers as a gateway over HTTP does, in %s', async (stage, share) => {
    await rig.stageEverywhere(table, stage, share);
    const overHttp = await play(gateway.client);
    expect(overHttp.flatMap((one) => (one as { name?: string }).name ?? [])).toEqual(REFUSED);
    expect(await play(client)).toEqual(overHttp);
  });

  it('writes to both stores, and is counted where it read', async () => {
    await rig.stageEverywhere(table, 'dual_write');
    await client.send(new PutItemCommand({ TableName: T, Item: { ...key('both'), n: N(1) } }));
    for (const side of ['source', 'target'] as const) {
      const found = await rig[side].running.engine.run('GetItem', { TableName: T, Key: key('both') });
      expect(found).toMatchObject({ Item: { n: N(1) } });
    }
    const counted = async () => {
      const [row] = await rig.database.sql`select coalesce(sum(writes), 0)::int as writes from traffic_sample
        where gateway_id = ${await client.gatewayId}`;
      return row?.writes >= 1;
    };
    await waitFor(counted, { what: 'a traffic sample of the client' });
  });

  it('stands under the document client and its paginators', async () => {
    const document = DynamoDBDocumentClient.from(client);
    const items = [1, 2, 3].map((sk) => ({ pk: 'doc', sk, words: new Set(['a']), big: '__proto__' }));
    for (const Item of items) await document.send(new PutCommand({ TableName: T, Item }));
    expect((await document.send(new GetCommand({ TableName: T, Key: { pk: 'doc', sk: 2 } }))).Item).toEqual(items[1]);
    const pages = paginateQuery(
      { client: document, pageSize: 2 },
      { TableName: T, KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': 'doc' } },
    );
    const sizes: number[] = [];
    for await (const page of pages) sizes.push(page.Items?.length ?? 0);
    expect(sizes.filter((size) => size > 0)).toEqual([2, 1]);
  });

  it('gives one answer for one key with the gateway, the flag and the formula', async () => {
    const { sql, db } = rig.database;
    const log = createLog({ process: 'test', level: 'silent' });
    const ctx = serviceContextOf({ sql, db, sealingKey: rig.sealingKey, log });
    const { key: apiKey } = await createFlagKey(ctx, ADMIN, { application: 'test', planIds: null });
    const asked = { authorization: null, apiKey, ifNoneMatch: null, configEtag: null };
    for (const type of ['S', 'N', 'B'] as const) {
      const ofrep = new Ofrep(ctx);
      const name = `keys-${type.toLowerCase()}`;
      const id = await rig.table(name, { partition: { name: 'id', type } });
      const value = (n: number) => ({ S: S(`USER#${n}`), N: N(`${n}.50`), B: { B: Buffer.from(`b${n}`) } })[type];
      const onWire = (n: number) => ({ id: type === 'B' ? { B: Buffer.from(`b${n}`).toString('base64') } : value(n) });
      for (const side of ['source', 'target'] as const)
        for (let n = 0; n < 12; n += 1)
          await rig[side].running.engine.run('PutItem', { TableName: name, Item: { ...onWire(n), side: S(side) } });
      await rig.stageEverywhere(id, 'shift', 50_000);
      const sides = async (through: DynamoDBClient) =>
        await Promise.all(
          Array.from({ length: 12 }, async (_, n) => {
            const read = new GetItemCommand({ TableName: name, Key: { id: value(n) as never } });
            return (await through.send(read)).Item?.side?.S;
          }),
        );
      const schema = { partition: { name: 'id', type }, sort: null };
      const expected = Array.from({ length: 12 }, (_, n) => {
        const unit = partitionUnit(onWire(n) as never, schema);
        return unit.ok && isInShare(bucketOf(`${name}:v1`, unit.value), 50_000) ? 'target' : 'source';
      });
      const flags = Array.from({ length: 12 }, async (_, n) => {
        const text = { S: `USER#${n}`, N: `${n}.50`, B: Buffer.from(`b${n}`).toString('base64') }[type];
        const body = JSON.stringify({ context: { targetingKey: text } });
        const { body: said } = await ofrep.evaluate({ ...asked, flag: `${name}.${name}.read`, body });
        return (said as { value?: string }).value;
      });
      expect(await Promise.all(flags)).toEqual(expected);
      await waitFor(async () => (await sides(client)).join() === expected.join(), { what: `${name} at the client` });
      await waitFor(async () => (await sides(gateway.client)).join() === expected.join(), {
        what: `${name} over HTTP`,
      });
      expect(new Set(expected).size).toBe(2);
    }
  });

  it('counts at fences: holds, says that it is quiet, and goes on under the new authority', async () => {
    await rig.stageEverywhere(table, 'shift', 100_000);
    const epoch = await rig.publish(table, { ...routingOf('dual_write', 'shift', 100_000), writes: 'held' });
    const quiet = async () => {
      const [row] = await rig.database.sql`select quiet_epoch >= ${epoch} as quiet from gateway_table
        where gateway_id = ${await client.gatewayId} and plan_table_id = ${table}`;
      return row?.quiet;
    };
    await waitFor(quiet, { what: 'a quiet report of the client' });
    let isWritten = false;
    const waiting = client.send(new PutItemCommand({ TableName: T, Item: key('held') })).then(() => {
      isWritten = true;
    });
    await rig.acknowledged(await rig.publish(table, { ...routingOf('dual_write', 'shift', 100_000), writes: 'held' }));
    expect(isWritten).toBe(false);
    await rig.stage(table, 'target_first');
    await waiting;
    expect(await rig.target.running.engine.run('GetItem', { TableName: T, Key: key('held') })).toHaveProperty('Item');
  });

  it('says goodbye, after which nothing is sent and barriers no longer wait for it', async () => {
    const leaving = clientOf('leaving');
    await leaving.send(new GetItemCommand({ TableName: T, Key: key('a') }));
    const id = await leaving.gatewayId;
    expect(await leaving.close()).toEqual({ clean: true });
    const [row] = await rig.database.sql`select state, listen from gateway where id = ${id}`;
    expect(row).toEqual({ state: 'goodbye', listen: 'inside an application' });
    const late = leaving.send(new GetItemCommand({ TableName: T, Key: key('a') }));
    await expect(late).rejects.toBeInstanceOf(LandfallClosedError);
    expect(await leaving.close()).toEqual({ clean: true });
  });

  it('lets the application give up a request, and the write be carried out all the same', async () => {
    await rig.stageEverywhere(table, 'dual_write');
    rig.source.running.faults.add({ kind: 'delay', delayMs: 300, operations: ['PutItem'] });
    const abort = new AbortController();
    const put = client.send(new PutItemCommand({ TableName: T, Item: key('given-up') }), { abortSignal: abort.signal });
    abort.abort();
    await expect(put).rejects.toMatchObject({ name: 'AbortError' });
    const late = client.send(new PutItemCommand({ TableName: T, Item: key('late') }), { requestTimeout: 20 });
    await expect(late).rejects.toMatchObject({ name: 'TimeoutError' });
    rig.source.running.faults.clear();
    const arrived = async () =>
      'Item' in ((await rig.target.running.engine.run('GetItem', { TableName: T, Key: key('late') })) as object);
    await waitFor(arrived, { what: 'the write on the follower' });
  });

  it('names what is wrong: options, a folder in use, a Postgres that does not answer', async () => {
    expect(() => new LandfallClient({ databaseUrl: 'mysql://x', identity: 'No' } as never)).toThrow(
      /databaseUrl must be a URL.*sealingKey is missing.*connection is missing.*identity must be.*dataDir is missing/,
    );
    expect(() => new LandfallClient(null as never)).toThrow(LandfallOptionsError);
    const second = clientOf('in-process');
    await expect(second.send(new ListTablesCommand({}))).rejects.toMatchObject({
      name: 'LandfallFatalError',
      message: expect.stringContaining(join('gateways', 'in-process')),
    });
    const alone = clientOf('alone', { databaseUrl: 'postgres://nobody@127.0.0.1:1/none', startWaitMsMax: 50 });
    await expect(alone.send(new ListTablesCommand({}))).rejects.toMatchObject({
      name: 'ServiceUnavailableException',
      $metadata: { httpStatusCode: 503 },
    });
    expect(await alone.close()).toEqual({ clean: false });
  });
});
