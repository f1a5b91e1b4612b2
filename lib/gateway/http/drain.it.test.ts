/** A gateway that is told to end: its clients see answers until the last one, and no reset. */
import { Agent, type IncomingMessage, request as send } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signRequest } from '@/lib/adapters/dynamodb/sign';
import { type GatewayRig, type RigGateway, startGatewayRig } from '@/lib/testing/gateway-rig';
import { waitFor } from '@/lib/testing/wait-for';

describe('a gateway that ends', () => {
  let rig: GatewayRig;
  beforeAll(async () => {
    rig = await startGatewayRig();
    await rig.table('orders', { partition: { name: 'id', type: 'S' } });
  });
  afterAll(() => rig.stop());

  interface Said {
    status: number;
    connection: string | undefined;
  }
  function put(gateway: RigGateway, agent: Agent): Promise<Said> {
    const body = JSON.stringify({ TableName: 'orders', Item: { id: { S: 'a' } } });
    const { host, hostname, port } = new URL(gateway.url);
    const headers = signRequest({
      ...{ method: 'POST', path: '/', body, region: 'eu-central-1', service: 'dynamodb', nowMs: Date.now() },
      headers: { host, 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.PutItem' },
      credentials: rig.key,
    });
    return new Promise((done, fail) => {
      const options = { agent, hostname, port, method: 'POST', path: '/', headers };
      const outgoing = send(options, (incoming: IncomingMessage) => {
        incoming.resume();
        incoming.on('end', () => done({ status: incoming.statusCode ?? 0, connection: incoming.headers.connection }));
        incoming.on('error', fail);
      });
      outgoing.on('error', fail);
      outgoing.end(body);
    });
  }

  it('answers everything that was sent, then lets its clients go', async () => {
    const gateway = await rig.gateway('one', { drainMs: 500 });
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const statuses: number[] = [];
    const failures: string[] = [];
    const writer = async () => {
      // A client that is told to close its connection asks its balancer for the next one, and gets another gateway.
      for (let isTold = false; !isTold && failures.length === 0; ) {
        await put(gateway, agent).then(
          ({ status, connection }) => {
            statuses.push(status);
            isTold = connection === 'close';
          },
          (error: { code?: string }) => failures.push(error.code ?? String(error)),
        );
      }
    };
    const writers = Array.from({ length: 8 }, writer);
    await waitFor(() => statuses.length > 50);
    expect(await gateway.close()).toEqual({ clean: true });
    await Promise.all(writers);
    expect(failures).toEqual([]);
    expect(new Set(statuses)).toEqual(new Set([200]));
    agent.destroy();
  });

  it('goes on serving a socket that was idle, and says at /ready that it ends', async () => {
    const gateway = await rig.gateway('two', { drainMs: 1_500 });
    const agent = new Agent({ keepAlive: true });
    expect(await put(gateway, agent)).toEqual({ status: 200, connection: 'keep-alive' });
    const closed = gateway.close();
    await waitFor(async () => (await fetch(`${gateway.url}/ready`)).status === 503);
    expect((await fetch(`${gateway.url}/live`)).status).toBe(200);
    expect(await put(gateway, agent)).toEqual({ status: 200, connection: 'close' });
    expect(await closed).toEqual({ clean: true });
    agent.destroy();
  });

  it('finishes a request that its store answers late', async () => {
    const gateway = await rig.gateway('three');
    const agent = new Agent({ keepAlive: true });
    rig.source.running.faults.add({ kind: 'delay', delayMs: 600, operations: ['PutItem'], times: 1 });
    const met = rig.source.running.stats.byOperation.PutItem ?? 0;
    const written = put(gateway, agent);
    await waitFor(() => (rig.source.running.stats.byOperation.PutItem ?? 0) > met, { everyMs: 1 });
    const closed = gateway.close();
    expect(await written).toEqual({ status: 200, connection: 'close' });
    expect(await closed).toEqual({ clean: true });
    agent.destroy();
  });
});
