/** What a gateway tells Prometheus, who may read it, and that nothing of an item is in it, in logs or in errors. */
import { Writable } from 'node:stream';
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '@/lib/adapters/log';
import { type GatewayRig, startGatewayRig } from '@/lib/testing/gateway-rig';
import { startTcpProxy, type TcpProxy } from '@/lib/testing/tcp-proxy';
import { waitFor } from '@/lib/testing/wait-for';

const CANARY = 'canary-7f3a91';
const S = (text: string) => ({ S: text });
const METRICS = { host: '127.0.0.1', port: 0, token: null };

describe('the numbers of a gateway', () => {
  let rig: GatewayRig;
  let proxy: TcpProxy;
  let id: string;
  beforeAll(async () => {
    rig = await startGatewayRig({ settings: { mirrorWaitMsMax: 100, storeTimeoutMs: 400, holdMsMax: 1_000 } });
    proxy = await startTcpProxy(Number(new URL(rig.database.url).port));
    id = await rig.table('orders', { partition: { name: 'id', type: 'S' }, sort: { name: 'at', type: 'N' } });
    await rig.stage(id, 'shift', 100_000);
  });
  afterAll(async () => {
    await rig.stop();
    await proxy.close();
  });

  const read = async (url: string | null, name: string): Promise<number> => {
    const text = await (await fetch(url as string)).text();
    const lines = text.split('\n').filter((line) => line.startsWith(`landfall_gateway_${name}`));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  };

  it('counts requests apart from attempts, and says what it holds', async () => {
    const gateway = await rig.gateway('counted', { metrics: METRICS });
    await gateway.client.send(new PutItemCommand({ TableName: 'orders', Item: { id: S('a'), at: { N: '1' } } }));
    await waitFor(async () => (await read(gateway.metricsUrl, 'intents_open ')) === 0);
    const url = gateway.metricsUrl;
    expect(await read(url, 'requests_total{operation="PutItem",outcome="ok"}')).toBe(1);
    expect(await read(url, 'request_seconds_count{operation="PutItem"}')).toBe(1);
    expect(await read(url, 'request_seconds_bucket{operation="PutItem",le="+Inf"}')).toBe(1);
    // One write: the authority, the follower, and the read that confirms.
    expect(await read(url, 'store_attempts_total{store="source",operation="PutItem",outcome="ok"}')).toBe(1);
    expect(await read(url, 'store_attempts_total{store="source",operation="GetItem",outcome="ok"}')).toBe(1);
    expect(await read(url, `store_attempts_total{store="${rig.targetConnectionId}",operation="PutItem"`)).toBe(1);
    expect(await read(url, 'table_events_total{table="orders",event="mirrored"}')).toBe(1);
    expect(await read(url, 'epoch')).toBeGreaterThan(1);
    expect(await read(url, 'ready')).toBe(1);
    expect(await read(url, 'breaker_state')).toBe(0);
    expect(await read(url, 'in_flight{class="live"}')).toBe(0);
    expect(await read(url, 'resident_memory_bytes')).toBeGreaterThan(1e6);
    expect(await read(url, 'routing_age_seconds')).toBeLessThan(60);
    gateway.client.destroy();
  });

  it('tells them to nobody but by their own listener, and beyond loopback by a token alone', async () => {
    const open = rig.gateway('open', { metrics: { ...METRICS, host: '0.0.0.0' } });
    await expect(open).rejects.toThrow('LANDFALL_METRICS_TOKEN');
    const token = 'sixteen characters';
    const gateway = await rig.gateway('told', { metrics: { ...METRICS, token } });
    const url = gateway.metricsUrl as string;
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, { headers: { authorization: 'Bearer something else' } })).status).toBe(401);
    expect((await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    expect((await fetch(`${gateway.url}/metrics`)).status).toBe(404);
    expect((await fetch(url.replace('/metrics', '/'))).status).toBe(404);
  });

  it('keeps values of items and keys out of every log line, metric and error, whatever fails', async () => {
    const lines: string[] = [];
    const destination = new Writable({ write: (chunk, _, done) => done(void lines.push(String(chunk))) });
    const log = createLog({ process: 'gateway', level: 'debug', destination });
    const databaseUrl = proxy.through(rig.database.url);
    const gateway = await rig.gateway('canary', { log, metrics: METRICS, databaseUrl });
    const errors: string[] = [];
    const { client } = gateway;
    const secret = rig.key.secretAccessKey;
    for (const fault of ['none', 'server_error', 'garbage', 'truncated', 'reset', 'freeze', 'throttle'] as const) {
      for (const store of [rig.source, rig.target]) {
        if (fault !== 'none') store.running.faults.add({ kind: fault });
        await session(client, errors);
        store.running.faults.clear();
      }
    }
    proxy.cut();
    rig.target.running.faults.add({ kind: 'server_error' });
    await session(client, errors);
    await waitFor(() => lines.some((line) => line.includes('"loop":"marks"')), { what: 'a failure that was logged' });
    proxy.heal();
    rig.target.running.faults.clear();
    const metrics = await (await fetch(gateway.metricsUrl as string)).text();
    expect(errors.length).toBeGreaterThan(20);
    for (const text of [...lines, metrics, ...errors]) {
      expect(text).not.toContain(CANARY);
      expect(text).not.toContain(secret);
      expect(text).not.toContain(Buffer.from(CANARY).toString('base64'));
    }
  });

  /** Every kind of request with the canary in key, value, condition and name of a value; what fails says so in `errors`. */
  async function session(client: DynamoDBClient, errors: string[]): Promise<void> {
    const TableName = 'orders';
    const key = { id: S(`${CANARY}-key`), at: { N: '1' } };
    const item = { ...key, note: S(CANARY), bytes: { B: Buffer.from(CANARY) } };
    const values = { ':v': S(CANARY) };
    const sent = [
      client.send(new PutItemCommand({ TableName, Item: item })),
      client.send(new GetItemCommand({ TableName, Key: key })),
      client.send(
        new UpdateItemCommand({
          TableName,
          Key: key,
          UpdateExpression: 'SET note = :v',
          ExpressionAttributeValues: values,
        }),
      ),
      client.send(
        new PutItemCommand({
          ...{ TableName, Item: item },
          ConditionExpression: 'note <> :v',
          ExpressionAttributeValues: values,
        }),
      ),
      client.send(
        new QueryCommand({ TableName, KeyConditionExpression: 'id = :v', ExpressionAttributeValues: values }),
      ),
      client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: [{ PutRequest: { Item: item } }] } })),
      client.send(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: [key] } } })),
      client.send(new TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName, Item: item } }] })),
    ];
    for (const one of await Promise.allSettled(sent)) {
      if (one.status === 'rejected') errors.push(`${one.reason.name}: ${one.reason.message}`);
    }
  }
});
