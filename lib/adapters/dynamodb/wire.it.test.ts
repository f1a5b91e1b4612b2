import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { waitFor } from '@/lib/testing/wait-for';
import type { StoreTarget, StoreWire, WireOutcome } from '../ports';
import { signingKey } from './sigv4';
import { verifyRequest } from './verify';
import { createStoreWire, type StoreWireOptions } from './wire';

const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret' };
const request = { operation: 'PutItem', body: '{"TableName":"t"}' };
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function listening<S extends Server | TcpServer>(server: S): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

function wireTo(port: number, change: Partial<StoreTarget> = {}, options: StoreWireOptions = {}): StoreWire {
  const target: StoreTarget = {
    connectionId: 'con_1',
    kind: 'dynamodb',
    endpoint: `http://127.0.0.1:${port}`,
    region: 'eu-west-1',
    credentials,
    timeoutMs: 2_000,
    ...change,
  };
  const wire = createStoreWire(target, options);
  closers.push(() => wire.close());
  return wire;
}

async function serving(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return listening(server);
}

/** A server that speaks for itself, byte by byte. */
async function servingBytes(onRequest: (socket: Socket, count: number) => void): Promise<number> {
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => sockets.delete(socket));
    socket.on('data', () => {
      count += 1;
      onRequest(socket, count);
    });
  });
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => server.close(done));
  });
  return listening(server);
}

const causeOf = (outcome: WireOutcome): string => (outcome.kind === 'unknown' ? outcome.cause : outcome.kind);
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}';

describe('a request to a store', () => {
  test('is signed over its exact bytes, asks for no compression and keeps its connection', async () => {
    const seen: { ok: boolean; encoding: unknown; target: unknown; port: unknown }[] = [];
    const port = await serving((message, response) => {
      const chunks: Buffer[] = [];
      message.on('data', (chunk: Buffer) => chunks.push(chunk));
      message.on('end', () => {
        const { ok } = verifyRequest({
          method: message.method as string,
          path: message.url as string,
          headers: message.headers,
          body: Buffer.concat(chunks),
          nowMs: Date.now(),
          service: 'dynamodb',
          signingKeyFor: (id, scope) => (id === 'AKID' ? signingKey('secret', scope) : null),
        });
        const { 'accept-encoding': encoding, 'x-amz-target': target } = message.headers;
        seen.push({ ok, encoding, target, port: message.socket.remotePort });
        response.end('{}');
      });
    });
    const wire = wireTo(port);
    expect((await wire.send({ operation: 'PutItem', body: Buffer.from('{"клиент":1}') })).kind).toBe('ok');
    await wire.send({ operation: 'x', target: 'DynamoDBStreams_20120810.ListStreams', body: '' });
    expect(seen.map((one) => one.ok)).toEqual([true, true]);
    expect(seen.map((one) => one.encoding)).toEqual([undefined, undefined]);
    expect(seen.map((one) => one.target)).toEqual([
      'DynamoDB_20120810.PutItem',
      'DynamoDBStreams_20120810.ListStreams',
    ]);
    for (let n = 0; n < 20; n += 1) await wire.send(request);
    // Two, because a socket rests for one turn of the event loop before it is used again.
    expect(new Set(seen.map((one) => one.port)).size).toBeLessThanOrEqual(2);
  });

  test('is in flight until its outcome is known', async () => {
    const waiting: (() => void)[] = [];
    const port = await serving((_message, response) => void waiting.push(() => response.end('{}')));
    const wire = wireTo(port);
    const outcome = wire.send(request);
    await waitFor(() => waiting.length === 1);
    expect(wire.inFlight()).toBe(1);
    waiting[0]?.();
    expect((await outcome).kind).toBe('ok');
    expect(wire.inFlight()).toBe(0);
  });

  test('waits for a free connection within its own deadline and is then never sent', async () => {
    let arrived = 0;
    const port = await serving(() => {
      arrived += 1;
    });
    const wire = wireTo(port, { timeoutMs: 150 }, { connectionsMax: 1 });
    const outcomes = await Promise.all([wire.send(request), wire.send(request), wire.send(request)]);
    expect(outcomes.map(causeOf)).toEqual(['timeout', 'timeout', 'timeout']);
    expect(arrived).toBe(1);
  });

  test('takes its turn where all connections are in use, and no turn is lost to requests that gave up', async () => {
    let underWay = 0;
    let most = 0;
    const port = await serving((_message, response) => {
      underWay += 1;
      most = Math.max(most, underWay);
      setImmediate(() => {
        underWay -= 1;
        response.end('{}');
      });
    });
    const wire = wireTo(port, {}, { connectionsMax: 3 });
    const sent = Array.from({ length: 200 }, (_, n) => {
      const controller = new AbortController();
      const outcome = wire.send({ ...request, signal: controller.signal });
      if (n % 3 === 0) controller.abort();
      return outcome;
    });
    const causes = (await Promise.all(sent)).map(causeOf);
    expect(causes).toEqual(causes.map((_, n) => (n % 3 === 0 ? 'aborted' : 'ok')));
    expect(most).toBeLessThanOrEqual(3);
    expect((await Promise.all([1, 2, 3, 4].map(() => wire.send(request)))).map(causeOf)).toEqual([
      'ok',
      'ok',
      'ok',
      'ok',
    ]);
  });

  test.each([
    ['no answer', () => {}],
    ['headers and then nothing', (socket: Socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n')],
    ['half a body', (socket: Socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"a"')],
  ])('times out over the whole answer: %s', async (_what, onRequest: (socket: Socket) => void) => {
    const port = await servingBytes(onRequest);
    const outcome = await wireTo(port).send({ ...request, timeoutMs: 100 });
    expect(causeOf(outcome)).toBe('timeout');
  });

  test('a body that drips does not extend the deadline', async () => {
    const timers: NodeJS.Timeout[] = [];
    const port = await servingBytes((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n');
      timers.push(setInterval(() => socket.write(' '), 10));
    });
    const startedAt = performance.now();
    expect(causeOf(await wireTo(port).send({ ...request, timeoutMs: 200 }))).toBe('timeout');
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    for (const timer of timers) clearInterval(timer);
  });

  test.each<[string, (socket: Socket) => void]>([
    ['a reset', (socket) => socket.resetAndDestroy()],
    ['a close before any byte', (socket) => socket.end()],
    ['a truncated body', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"a"')],
    [
      'a truncated chunked body',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n'),
    ],
    ['bytes that are no HTTP', (socket) => socket.end('hello\r\n\r\n')],
  ])('%s leaves the outcome unknown', async (_what, onRequest) => {
    const port = await servingBytes(onRequest);
    expect(causeOf(await wireTo(port).send(request))).toBe('connection');
  });

  test('is never sent a second time, not even when a reused connection is closed under it', async () => {
    let requests = 0;
    const port = await servingBytes((socket, count) => {
      requests = count;
      if (count === 1) socket.write(OK);
      else socket.destroy();
    });
    const wire = wireTo(port);
    expect((await wire.send(request)).kind).toBe('ok');
    expect(causeOf(await wire.send(request))).toBe('connection');
    expect(requests).toBe(2);
  });

  test('a refused connection is an unknown outcome', async () => {
    const server = createTcpServer();
    const port = await listening(server);
    await new Promise((done) => server.close(done));
    expect(causeOf(await wireTo(port).send(request))).toBe('connection');
  });

  test.each<[string, string, string]>([
    ['HTTP/1.1 200 OK\r\nContent-Length: 7', '<html/>', 'undecodable'],
    ['HTTP/1.1 200 OK\r\nConnection: close', '{"cut":', 'undecodable'],
    ['HTTP/1.1 200 OK\r\nx-amz-crc32: 1\r\nContent-Length: 2', '{}', 'undecodable'],
    ['HTTP/1.1 502 Bad Gateway\r\nContent-Length: 7', '<html/>', 'server_error'],
    ['HTTP/1.1 400 Bad Request\r\nContent-Length: 7', '<html/>', 'undecodable'],
    ['HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0', '', 'undecodable'],
    ['HTTP/1.1 429 Too Many\r\nRetry-After: 2\r\nContent-Length: 0', '', 'refused'],
    ['HTTP/1.1 413 Too Large\r\nContent-Length: 0', '', 'refused'],
    ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2', '{}', 'ok'],
  ])('%j is read as it stands', async (head, body, expected) => {
    const port = await servingBytes((socket) => void socket.end(`${head}\r\n\r\n${body}`));
    expect(causeOf(await wireTo(port).send(request))).toBe(expected);
  });

  test('an answer above the cap is unknown and does not fill the memory', async () => {
    const port = await serving((_message, response) => void response.end(`{"a":"${'x'.repeat(100_000)}"}`));
    const outcome = await wireTo(port, {}, { answerBytesMax: 10_000 }).send(request);
    expect(causeOf(outcome)).toBe('undecodable');
    expect(outcome.body?.length ?? 0).toBeLessThanOrEqual(10_000);
  });

  test('a caller that gives up gets an unknown outcome; one that gave up before sends nothing', async () => {
    let arrived = 0;
    const port = await serving(() => {
      arrived += 1;
    });
    const wire = wireTo(port);
    expect(causeOf(await wire.send({ ...request, signal: AbortSignal.abort() }))).toBe('aborted');
    expect(arrived).toBe(0);
    const controller = new AbortController();
    const outcome = wire.send({ ...request, signal: controller.signal });
    await waitFor(() => arrived === 1);
    controller.abort();
    expect(causeOf(await outcome)).toBe('aborted');
    expect(wire.inFlight()).toBe(0);
  });

  test('after close a request has an unknown outcome and nothing throws', async () => {
    const port = await serving((_message, response) => void response.end('{}'));
    const wire = wireTo(port);
    await wire.close();
    expect(causeOf(await wire.send(request))).toBe('connection');
    closers.pop();
    closers.pop();
  });
});
