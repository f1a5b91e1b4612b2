/** What is let in, what is refused, and what a plan makes unsafe. */
import { gzipSync } from 'node:zlib';
import {
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ExecuteStatementCommand,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signRequest } from '@/lib/adapters/dynamodb/sign';
import { routingOf } from '@/lib/domain/plan/steps';
import { type GatewayRig, type RigGateway, startGatewayRig } from '@/lib/testing/gateway-rig';
import { waitFor } from '@/lib/testing/wait-for';

const S = (text: string) => ({ S: text });

describe('the front door of a gateway', () => {
  let rig: GatewayRig;
  let gateway: RigGateway;
  let orders: string;
  let users: string;
  beforeAll(async () => {
    rig = await startGatewayRig({ settings: { holdMsMax: 100 } });
    gateway = await rig.gateway('one');
    orders = await rig.table('orders', { partition: { name: 'id', type: 'S' } });
    users = await rig.table('users', { partition: { name: 'id', type: 'S' } });
  });
  afterAll(() => rig.stop());

  const put = (TableName: string, client: DynamoDBClient = gateway.client) =>
    client.send(new PutItemCommand({ TableName, Item: { id: S('a') } }));

  async function raw(
    body: Buffer | string,
    given: Record<string, string> = {},
  ): Promise<{ status: number; type: string }> {
    const { host } = new URL(gateway.url);
    const headers = signRequest({
      ...{ method: 'POST', path: '/', body, region: 'eu-central-1', service: 'dynamodb', nowMs: Date.now() },
      headers: {
        host,
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'DynamoDB_20120810.PutItem',
        ...given,
      },
      credentials: rig.key,
    });
    const answer = await fetch(gateway.url, { method: 'POST', headers, body: body as BodyInit });
    const text = await answer.text();
    return { status: answer.status, type: text === '' ? '' : String(JSON.parse(text).__type).replace(/.*#/, '') };
  }

  it('takes the host name of an account, and the token of a session, as long as both are signed', async () => {
    const { port } = new URL(gateway.url);
    const hosts: string[] = [];
    let tamper: (headers: Record<string, string>) => void = () => {};
    const client = new DynamoDBClient({
      ...{ region: 'eu-central-1', maxAttempts: 1, accountIdEndpointMode: 'required' },
      credentials: { ...rig.key, accountId: '123456789012', sessionToken: 'of a session' },
    });
    // What a name that points at the gateway does: the SDK signs for the account's own host, then it is sent here.
    const toGateway = { step: 'deserialize', priority: 'low', name: 'toGateway' } as const;
    client.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as { headers: Record<string, string> };
        hosts.push(request.headers.host as string);
        tamper(request.headers);
        Object.assign(request, { protocol: 'http:', hostname: '127.0.0.1', port: Number(port) });
        return next(args);
      },
      toGateway,
    );
    const item = { id: S('by account'), n: S('1') };
    await client.send(new PutItemCommand({ TableName: 'orders', Item: item }));
    const { Item } = await client.send(new GetItemCommand({ TableName: 'orders', Key: { id: S('by account') } }));
    expect(Item).toEqual(item);
    expect(new Set(hosts)).toEqual(new Set(['123456789012.ddb.eu-central-1.amazonaws.com']));
    for (const [name, value] of [
      ['x-amz-security-token', 'of another session'],
      ['host', '210987654321.ddb.eu-central-1.amazonaws.com'],
    ] as const) {
      tamper = (headers) => void Object.assign(headers, { [name]: value });
      await expect(put('orders', client)).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
    }
    client.destroy();
  });

  it('keeps a key to its tables and operations, and forgets a revoked one', async () => {
    const { sql } = rig.database;
    const secret = rig.sealer.seal('narrow-secret', 'gateway-key');
    await sql`insert into gateway_key (id, application, access_key_id, secret_sealed, tables, operations, created_by)
      values ('key_narrow', 'narrow', 'LFNARROW', ${secret}, '["orders"]', '["PutItem", "GetItem", "ListTables"]', 'test')`;
    const client = rig.clientOf(gateway.url, { accessKeyId: 'LFNARROW', secretAccessKey: 'narrow-secret' });
    await waitFor(async () => await put('orders', client), { what: 'the key' });
    await expect(put('users', client)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await expect(client.send(new ListTablesCommand({}))).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await expect(client.send(new DescribeTableCommand({ TableName: 'orders' }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
    await sql`update gateway_key set revoked_at = now() where id = 'key_narrow'`;
    await waitFor(
      async () =>
        await put('orders', client).then(
          () => false,
          (error: Error) => error.name === 'UnrecognizedClientException',
        ),
    );
    client.destroy();
  });

  it('refuses what is too large, and reads what is compressed', async () => {
    const item = JSON.stringify({ TableName: 'orders', Item: { id: S('zipped') } });
    expect(await raw(gzipSync(item), { 'content-encoding': 'gzip' })).toMatchObject({ status: 200 });
    const { Item } = await gateway.client.send(new GetItemCommand({ TableName: 'orders', Key: { id: S('zipped') } }));
    expect(Item).toEqual({ id: S('zipped') });
    expect(await raw(gzipSync(item).subarray(0, 20), { 'content-encoding': 'gzip' })).toMatchObject({
      type: 'SerializationException',
    });
    const large = await raw(Buffer.alloc(16 * 1024 * 1024 + 1)).catch(() => ({ status: 413 }));
    expect(large.status).toBe(413);
  });

  it('lets nothing pass the mirror by: no body that it cannot read, no PartiQL, no DeleteTable', async () => {
    await rig.stageEverywhere(orders, 'dual_write');
    expect(await raw('{"TableName": "orders"')).toMatchObject({ type: 'SerializationException' });
    const asked = rig.source.running.stats.requests;
    const names = Array.from({ length: 210_000 }, (_, n) => `"k${n}":{"NULL":true}`);
    expect(await raw(`{"TableName": "orders", "Item": {${names.join(',')}}}`)).toMatchObject({
      ...{ status: 400, type: 'ValidationException' },
    });
    expect(rig.source.running.stats.requests).toBe(asked);
    const deep = `${'{"L":['.repeat(9_000)}${']}'.repeat(9_000)}`;
    expect(await raw(`{"TableName": "orders", "Item": {"id": ${deep}}}`)).toMatchObject({ status: 400 });
    const statement = (Statement: string) => gateway.client.send(new ExecuteStatementCommand({ Statement }));
    await expect(statement(`DELETE FROM "orders" WHERE id = 'a'`)).rejects.toThrow('move orders');
    await expect(gateway.client.send(new DeleteTableCommand({ TableName: 'orders' }))).rejects.toThrow('move orders');
    // A name in escapes is the same name.
    const before = rig.target.running.stats.requests;
    expect(await raw('{"TableName": "\\u006frders", "Item": {"id": {"S": "escaped"}}}')).toMatchObject({ status: 200 });
    await waitFor(() => rig.target.running.stats.requests > before);
    await rig.stageEverywhere(orders, 'backup');
    await expect(statement('SELECT * FROM "orders"')).rejects.toThrow('no PartiQL');
  });

  it('asks to come again while writes are refused, and still reads', async () => {
    const routing = { ...routingOf('big_bang', 'frozen', 0) };
    await rig.acknowledged(await rig.publish(orders, routing));
    await expect(put('orders')).rejects.toMatchObject({ name: 'ThrottlingException' });
    await gateway.client.send(new GetItemCommand({ TableName: 'orders', Key: { id: S('a') } }));
  });

  it('refuses a transaction over tables whose truth lies on different sides', async () => {
    await rig.stageEverywhere(orders, 'target_first');
    await rig.stageEverywhere(users, 'dual_write');
    const both = gateway.client.send(
      new TransactWriteItemsCommand({
        TransactItems: ['orders', 'users'].map((TableName) => ({ Put: { TableName, Item: { id: S('t') } } })),
      }),
    );
    await expect(both).rejects.toThrow('cannot span');
  });

  it('does not carry out a transaction again on the other side', async () => {
    await rig.stageEverywhere(orders, 'dual_write');
    const command = new TransactWriteItemsCommand({
      ClientRequestToken: 'token-1',
      TransactItems: [{ Put: { TableName: 'orders', Item: { id: S('once') } } }],
    });
    await gateway.client.send(command);
    const before = rig.target.running.stats.byOperation.TransactWriteItems ?? 0;
    await rig.stageEverywhere(orders, 'target_first');
    await gateway.client.send(command);
    expect(rig.target.running.stats.byOperation.TransactWriteItems ?? 0).toBe(before);
  });
});
