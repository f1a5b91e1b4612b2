/**
 * What a gateway's applications see while something behind it fails, in the stages in which the source is the truth:
 * nothing. No error that the source did not give, no answer later than a bound that is written here, and afterwards both
 * sides become equal by themselves: the settling is a real worker's, and no hand helps.
 */
import { createServer } from 'node:net';
import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { FaultRule } from '@/lib/sandbox/faults';
import { type GatewayRig, type RigGateway, startGatewayRig } from '@/lib/testing/gateway-rig';
import { startTcpProxy, type TcpProxy } from '@/lib/testing/tcp-proxy';
import { waitFor } from '@/lib/testing/wait-for';
import { spawnWorker, type WorkerProcess } from '@/lib/testing/worker-process';

const STORE_TIMEOUT_MS = 1_200;
const MIRROR_WAIT_MS = 150;
/** A write waits for its authority and at most the mirror's wait; a read at most one time-out of the target before it falls back. */
const BOUND_MS = STORE_TIMEOUT_MS + MIRROR_WAIT_MS;
/** For the machine, which other tests share. */
const SLACK_MS = 700;
/** Requests that may be that late before the breaker opens: its failures in a row, and those under way meanwhile. */
const LATE_MAX = 40;

/** The address of a dashboard that is not there: it counts who comes, and lets nobody in. */
function deadDashboard() {
  const it = { asked: 0, listen: async () => 0, close: () => {} };
  const server = createServer((socket) => {
    it.asked += 1;
    socket.destroy();
  });
  it.listen = () =>
    new Promise((done) => server.listen(0, '127.0.0.1', () => done((server.address() as { port: number }).port)));
  it.close = () => void server.close();
  return it;
}

describe('while something behind a gateway fails', () => {
  let rig: GatewayRig;
  let worker: WorkerProcess;
  let targetLink: TcpProxy;
  let databaseLink: TcpProxy;
  const dashboard = deadDashboard();
  let sequence = 0;
  const open: RigGateway[] = [];
  beforeAll(async () => {
    rig = await startGatewayRig({
      settings: { mirrorWaitMsMax: MIRROR_WAIT_MS, storeTimeoutMs: STORE_TIMEOUT_MS, deltaMs: 500 },
    });
    targetLink = await startTcpProxy(Number(new URL(rig.target.endpoint).port));
    databaseLink = await startTcpProxy(Number(new URL(rig.database.url).port));
    await rig.database
      .sql`update connection set endpoint = ${targetLink.through(rig.target.endpoint).replace(/\/$/, '')}
      where id = ${rig.targetConnectionId}`;
    const web = await dashboard.listen();
    const environment = {
      ...{ LANDFALL_SEALING_KEY: rig.sealingKey, LANDFALL_WEB_PORT: `${web}` },
      LANDFALL_PUBLIC_URL: `http://127.0.0.1:${web}`,
    };
    worker = await spawnWorker({ databaseUrl: rig.database.url, environment });
  }, 60_000);
  afterEach(async () => {
    // One that stays polls, sweeps and probes beside the next scene.
    for (const gateway of open.splice(0)) await gateway.close();
    for (const store of [rig.source, rig.target]) store.running.faults.clear();
    targetLink.heal();
    databaseLink.heal();
  });
  afterAll(async () => {
    await worker?.stop();
    await rig.stop();
    await Promise.all([targetLink.close(), databaseLink.close()]);
    dashboard.close();
  });

  /** A table in `shift`, every read by the target's bucket, and a gateway over it. */
  async function scene() {
    sequence += 1;
    const name = `outage${sequence}`;
    const id = await rig.table(name, { partition: { name: 'id', type: 'S' } });
    await rig.stage(id, 'shift', 100_000);
    const gateway = await rig.gateway(`g${sequence}`, {
      databaseUrl: databaseLink.through(rig.database.url),
      metrics: { host: '127.0.0.1', port: 0, token: null },
    });
    open.push(gateway);
    return { name, id, gateway, client: gateway.client };
  }
  type Scene = Awaited<ReturnType<typeof scene>>;

  /** Writes and reads its own keys without a pause, and remembers what it was told and how long it took. */
  function application({ client, name }: Scene, writers = 4) {
    const errors: string[] = [];
    const tookMs: number[] = [];
    const truth = new Map<string, string>();
    let isRunning = true;
    const writer = async (who: number) => {
      for (let n = 1; isRunning; n += 1) {
        const id = `${who}-${n % 20}`;
        const write = timed(() =>
          client.send(new PutItemCommand({ TableName: name, Item: { id: { S: id }, n: { N: `${n}` } } })),
        );
        await write.then(() => truth.set(id, `${n}`));
        const key = { TableName: name, Key: { id: { S: id } } };
        const read = await timed(() => client.send(new GetItemCommand(key)));
        if (read !== null && read.Item?.n?.N !== `${n}`) errors.push(`read ${read.Item?.n?.N} after writing ${n}`);
      }
    };
    const timed = async <T>(run: () => Promise<T>): Promise<T | null> => {
      const startedAt = performance.now();
      try {
        return await run();
      } catch (error) {
        errors.push(
          `${(error as Error).name}: ${(error as Error).message} after ${Math.round(performance.now() - startedAt)} ms`,
        );
        return null;
      } finally {
        tookMs.push(performance.now() - startedAt);
      }
    };
    const all = Array.from({ length: writers }, (_, who) => writer(who));
    return {
      errors,
      tookMs,
      truth,
      served: () => tookMs.length,
      stop: async () => {
        isRunning = false;
        await Promise.all(all);
      },
    };
  }

  const served = (it: ReturnType<typeof application>, more: number) => {
    const from = it.served();
    return waitFor(() => it.served() - from >= more, { what: `${more} more answers`, timeoutMs: 20_000 });
  };

  /** Requests of this gateway to the target. */
  async function attempts({ gateway }: Scene): Promise<number> {
    const text = await (await fetch(gateway.metricsUrl as string)).text();
    const name = `landfall_gateway_store_attempts_total{store="${rig.targetConnectionId}"`;
    const lines = text.split('\n').filter((line) => line.startsWith(name));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** What the gateway remembers of its own is in Postgres, and what stands there is settled. */
  async function equalAgain({ id, name, client, gateway }: Scene, truth: Map<string, string>): Promise<void> {
    await waitFor(
      async () => {
        const text = await (await fetch(gateway.metricsUrl as string)).text();
        return text.includes('landfall_gateway_intents_open 0\n');
      },
      { what: 'no open intent', timeoutMs: 40_000 },
    );
    await waitFor(async () => (await rig.dirty(id)).length === 0, { what: 'no dirty key', timeoutMs: 40_000 });
    for (const [key, n] of truth) {
      for (const store of [rig.source, rig.target]) {
        const found = await store.running.engine.run('GetItem', { TableName: name, Key: { id: { S: key } } });
        expect((found as { Item?: { n: { N: string } } }).Item?.n.N).toBe(n);
      }
    }
    client.destroy();
  }

  async function unseen(trouble: () => void, end: () => void): Promise<void> {
    const it = await scene();
    const app = application(it);
    await served(app, 20);
    trouble();
    await served(app, 80);
    end();
    await served(app, 20);
    await app.stop();
    expect(app.errors).toEqual([]);
    const late = app.tookMs.filter((ms) => ms > BOUND_MS + SLACK_MS);
    expect(late).toEqual([]);
    expect(app.tookMs.filter((ms) => ms > MIRROR_WAIT_MS + SLACK_MS).length).toBeLessThan(LATE_MAX);
    await equalAgain(it, app.truth);
  }

  // First: no table of another test is under a plan yet, and each of them could be served.
  it('says at /ready that the target does not answer once it is the truth, not before, and finds out when it does', async () => {
    const it = await scene();
    const ready = async () => {
      const answer = await fetch(`${it.gateway.url}/ready`);
      return { status: answer.status, words: await answer.text() };
    };
    const silence = async () => {
      rig.target.running.faults.add({ kind: 'server_error' });
      const read = () => it.client.send(new GetItemCommand({ TableName: it.name, Key: { id: { S: 'a' } } }));
      const isOpen = new RegExp(`breaker_state{store="${rig.targetConnectionId}"} [12]`);
      // Until its dirty keys were read once, the table's reads go to the source.
      const look = async () => {
        await read().catch(() => {});
        return isOpen.test(await (await fetch(it.gateway.metricsUrl as string)).text());
      };
      await waitFor(look, { what: 'the breaker of the target' });
    };
    await silence();
    expect(await ready()).toMatchObject({ status: 200 });
    await rig.stageEverywhere(it.id, 'target_first');
    expect(await ready()).toMatchObject({ status: 503 });
    expect((await ready()).words).toMatch(/^the target is the truth of .* and does not answer\n$/);
    const metrics = await (await fetch(it.gateway.metricsUrl as string)).text();
    expect(metrics).toContain('landfall_gateway_ready 0\n');
    // Nobody sends anything here now, and it is found out all the same.
    rig.target.running.faults.clear();
    await waitFor(async () => (await ready()).status === 200, { what: 'ready again', timeoutMs: 20_000 });
    it.client.destroy();
  });

  const byTarget: [string, FaultRule[]][] = [
    ['answers after thirty seconds', [{ kind: 'delay', delayMs: 30_000 }]],
    ['never answers, on sockets that stay half open', [{ kind: 'freeze' }]],
    ['answers rubbish with 200', [{ kind: 'garbage' }]],
    ['ends its answers in the middle', [{ kind: 'truncated' }]],
    ['resets connections that were used before', [{ kind: 'reset' }]],
    ['carries requests out and resets the connection', [{ kind: 'reset_after' }]],
    ['answers 500', [{ kind: 'server_error' }]],
  ];
  for (const [what, faults] of byTarget) {
    it(`applications see nothing of a target that ${what}`, () =>
      unseen(
        () => faults.map((fault) => rig.target.running.faults.add(fault)),
        () => rig.target.running.faults.clear(),
      ));
  }

  it('applications see nothing of a target that is gone, and of one behind half-open sockets', async () => {
    await unseen(
      () => targetLink.cut(),
      () => targetLink.heal(),
    );
    await unseen(
      () => targetLink.freeze(),
      () => targetLink.heal(),
    );
  });

  it('asks a target that wants patience for nothing until its Retry-After is over', async () => {
    const it = await scene();
    const app = application(it, 2);
    await served(app, 10);
    rig.target.running.faults.add({ kind: 'throttle', retryAfterS: 2 });
    const isPaused = () => rig.target.running.faults.list()[0]?.hit ?? 0;
    await waitFor(() => isPaused() > 0);
    await served(app, 10);
    const asked = await attempts(it);
    await served(app, 60);
    // The worker that settles has a pace of its own; this is what the gateway sent.
    expect((await attempts(it)) - asked).toBeLessThan(6);
    rig.target.running.faults.clear();
    await app.stop();
    expect(app.errors).toEqual([]);
    await equalAgain(it, app.truth);
  });

  it('applications see nothing of a target whose name cannot be resolved', async () => {
    const it = await scene();
    const app = application(it);
    await served(app, 20);
    const endpoint = async (url: string) => {
      await rig.database.sql`update connection set endpoint = ${url} where id = ${rig.targetConnectionId}`;
      await rig.database.sql`select pg_notify('landfall_routing', '{}')`;
    };
    await endpoint('http://nowhere.invalid:1');
    await waitFor(async () => (await rig.dirty(it.id)).length > 0, { what: 'dirty keys', timeoutMs: 15_000 });
    await served(app, 60);
    await endpoint(targetLink.through(rig.target.endpoint).replace(/\/$/, ''));
    await app.stop();
    expect(app.errors).toEqual([]);
    await equalAgain(it, app.truth);
  });

  it('applications see nothing of a Postgres that is gone or frozen, and its marks come up by themselves', async () => {
    const it = await scene();
    const app = application(it);
    await served(app, 40);
    databaseLink.cut();
    rig.target.running.faults.add({ kind: 'server_error' });
    await served(app, 100);
    databaseLink.heal();
    databaseLink.freeze();
    await served(app, 100);
    rig.target.running.faults.clear();
    databaseLink.cut();
    databaseLink.heal();
    await served(app, 20);
    await app.stop();
    expect(app.errors).toEqual([]);
    await equalAgain(it, app.truth);
  });

  it('asks nothing of a dashboard: without one, traffic is served and what the target missed is settled', async () => {
    const it = await scene();
    const app = application(it);
    rig.target.running.faults.add({ kind: 'server_error' });
    await served(app, 60);
    rig.target.running.faults.clear();
    await served(app, 20);
    await app.stop();
    expect(app.errors).toEqual([]);
    await equalAgain(it, app.truth);
    // Whatever process was started here knew the dashboard's address, and never tried it.
    expect(dashboard.asked).toBe(0);
  });

  it('repeats a read whose connection the source had closed, and never a write', async () => {
    const it = await scene();
    await rig.stageEverywhere(it.id, 'dual_write');
    const key = { id: { S: 'a' } };
    await it.client.send(new PutItemCommand({ TableName: it.name, Item: key }));
    rig.source.running.faults.add({ kind: 'reset', operations: ['GetItem'], times: 1 });
    const read = await it.client.send(new GetItemCommand({ TableName: it.name, Key: key }));
    expect(read.Item).toEqual(key);
    const fault = rig.source.running.faults.add({ kind: 'reset', operations: ['PutItem'], bodyIncludes: it.name });
    const write = it.client.send(new PutItemCommand({ TableName: it.name, Item: key }));
    await expect(write).rejects.toMatchObject({ name: 'InternalServerError' });
    expect(fault.hit).toBe(1);
    it.client.destroy();
  });

  it('says at once that a source does not answer, in words of the store, and asks it all the same', async () => {
    const it = await scene();
    await rig.stageEverywhere(it.id, 'dual_write');
    rig.source.running.faults.add({ kind: 'freeze', operations: ['PutItem'] });
    const put = (client: DynamoDBClient, id: string) =>
      client.send(new PutItemCommand({ TableName: it.name, Item: { id: { S: id } } })).then(
        () => 'ok',
        (error: Error) => error.name,
      );
    const first = await Promise.all(Array.from({ length: 6 }, (_, at) => put(it.client, `a${at}`)));
    expect(new Set(first)).toEqual(new Set(['InternalServerError']));
    const second = await Promise.all(Array.from({ length: 40 }, (_, at) => put(it.client, `b${at}`)));
    expect(second.filter((name) => name === 'ServiceUnavailable').length).toBeGreaterThan(10);
    expect(second.filter((name) => name === 'InternalServerError').length).toBeGreaterThan(0);
    rig.source.running.faults.clear();
    for (let served = 0; served < 2; served += 1) {
      await waitFor(async () => (await put(it.client, 'c')) === 'ok', { what: 'a write that is served again' });
    }
    expect(await Promise.all(Array.from({ length: 40 }, (_, at) => put(it.client, `d${at}`)))).not.toContain(
      'ServiceUnavailable',
    );
    await equalAgain(it, new Map());
  });
});
