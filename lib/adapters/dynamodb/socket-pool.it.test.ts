import { createHash } from 'node:crypto';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { TEST_CERTIFICATE, TEST_CERTIFICATE_KEY } from '@/lib/testing/certificate';
import { startTcpProxy } from '@/lib/testing/tcp-proxy';
import { waitFor } from '@/lib/testing/wait-for';
import type { StoreTarget, WireOutcome } from '../ports';
import { IDLE_SOCKET_MS, WAITING_MAX } from './socket-pool';
import { createStoreWire, type StoreWireOptions } from './wire';

const request = { operation: 'PutItem', body: '{"TableName":"t"}' };
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}';
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function wireTo(port: number, change: Partial<StoreTarget> = {}, options: StoreWireOptions = {}) {
  const target: StoreTarget = {
    connectionId: 'con_1',
    kind: 'dynamodb',
    endpoint: `http://127.0.0.1:${port}`,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret' },
    timeoutMs: 5_000,
    ...change,
  };
  const wire = createStoreWire(target, options);
  closers.push(() => wire.close());
  return wire;
}

interface ByteServer {
  port: number;
  /** Connections made so far, and those that are open. */
  made: number;
  open: Set<Socket>;
}

/** A server that speaks for itself; `onRequest` is called for each whole request. */
async function servingBytes(onRequest: (socket: Socket, body: Buffer) => void): Promise<ByteServer> {
  const state: ByteServer = { port: 0, made: 0, open: new Set() };
  const server: Server = createServer((socket) => {
    state.made += 1;
    state.open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => state.open.delete(socket));
    let got = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      got = Buffer.concat([got, chunk]);
      const at = got.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(got.toString('latin1', 0, Math.max(at, 0)))?.[1]);
      if (at === -1 || got.length < at + 4 + length) return;
      const body = got.subarray(at + 4, at + 4 + length);
      got = got.subarray(at + 4 + length);
      onRequest(socket, body);
    });
  });
  closers.push(async () => {
    for (const socket of state.open) socket.destroy();
    await new Promise((done) => server.close(done));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  state.port = (server.address() as AddressInfo).port;
  return state;
}

const causeOf = (outcome: WireOutcome): string => (outcome.kind === 'unknown' ? outcome.cause : outcome.kind);
const causesOf = async (sent: Promise<WireOutcome>[]): Promise<string[]> => (await Promise.all(sent)).map(causeOf);

describe('a kept connection', () => {
  test('is dropped before the server drops it', async () => {
    expect(IDLE_SOCKET_MS).toBeLessThan(5_000);
    const server = await servingBytes((socket) => void socket.write(OK));
    const wire = wireTo(server.port, {}, { idleSocketMs: 30 });
    for (let n = 1; n <= 3; n += 1) {
      expect(causeOf(await wire.send(request))).toBe('ok');
      expect(server.made).toBe(n);
      await waitFor(() => server.open.size === 0);
    }
  });

  test.each([
    ['says close', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}'],
    ['speaks HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}'],
    ['keeps it too shortly', 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\n{}'],
    ['says more than it was asked', `${OK}HTTP/1.1 200 OK`],
  ])('is used no more where the server %s', async (_what, answer) => {
    const server = await servingBytes((socket) => void socket.write(answer));
    const wire = wireTo(server.port);
    for (let n = 1; n <= 3; n += 1) {
      expect(causeOf(await wire.send(request))).toBe('ok');
      expect(server.made).toBe(n);
    }
  });

  test('that the server ends with its answer, without a word, carries no second request', async () => {
    const server = await servingBytes((socket) => void socket.end(OK));
    const wire = wireTo(server.port);
    for (let n = 0; n < 30; n += 1) expect(causeOf(await wire.send(request))).toBe('ok');
    expect(server.made).toBe(30);
  });

  test.each<[string, (socket: Socket) => void]>([
    ['ends', (socket) => socket.end()],
    ['resets', (socket) => socket.resetAndDestroy()],
    ['speaks unasked on', (socket) => void socket.write(OK)],
  ])('that the server %s while it rests is forgotten', async (_what, spoil) => {
    const server = await servingBytes((socket) => void socket.write(OK));
    const wire = wireTo(server.port);
    expect(causeOf(await wire.send(request))).toBe('ok');
    for (const socket of server.open) spoil(socket);
    await waitFor(() => server.open.size === 0);
    expect(causeOf(await wire.send(request))).toBe('ok');
    expect(server.made).toBe(2);
  });

  test('that is answered before all was sent carries no second request', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n'));
      socket.once('data', () => socket.pause());
      closers.push(async () => void socket.destroy());
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    closers.unshift(() => new Promise((done) => server.close(done)));
    const wire = wireTo((server.address() as AddressInfo).port);
    const body = Buffer.alloc(32 * 1024 * 1024, 0x20);
    expect(await causesOf([wire.send({ ...request, body }), wire.send({ ...request, body })])).toEqual([
      'refused',
      'refused',
    ]);
  });

  test('gone half-open times its request out, and the next goes another way', async () => {
    const server = await servingBytes((socket) => void socket.write(OK));
    const proxy = await startTcpProxy(server.port);
    closers.push(() => proxy.close());
    const wire = wireTo(proxy.port);
    expect(causeOf(await wire.send(request))).toBe('ok');
    proxy.freeze();
    expect(causeOf(await wire.send({ ...request, timeoutMs: 100 }))).toBe('timeout');
    proxy.heal();
    expect(causeOf(await wire.send(request))).toBe('ok');
  });
});

describe('requests and answers', () => {
  test.each([0, 1, 16_000, 17_000, 3_000_000])('of %i bytes more arrive whole, as bytes and as text', async (more) => {
    const server = await servingBytes((socket, body) => {
      const hash = createHash('sha256').update(body).digest('hex');
      const answer = Buffer.from(`{"hash":"${hash}","pad":"${'é'.repeat(more / 2)}"}`);
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${answer.length}\r\n\r\n`);
      socket.write(answer);
    });
    const wire = wireTo(server.port);
    const text = `{"a":"${'ü'.repeat(more / 2)}"}`;
    const expected = createHash('sha256').update(text).digest('hex');
    for (const body of [text, Buffer.from(text)]) {
      const outcome = await wire.send({ ...request, body });
      expect(outcome.kind).toBe('ok');
      const said = JSON.parse(outcome.body?.toString() ?? '') as { hash: string; pad: string };
      expect(said.hash).toBe(expected);
      expect(said.pad.length).toBe(Math.floor(more / 2));
    }
    expect(server.made).toBe(1);
  });

  test('keep apart: two answers at once do not share a byte', async () => {
    const server = await servingBytes((socket, body) => {
      const answer = Buffer.from(`{"echo":${body.toString()}}`);
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${answer.length}\r\n\r\n`);
      for (let at = 0; at < answer.length; at += 1_000) socket.write(answer.subarray(at, at + 1_000));
    });
    const wire = wireTo(server.port, {}, { connectionsMax: 8 });
    const bodies = Array.from({ length: 64 }, (_, n) => JSON.stringify({ n, text: `${n}`.repeat(2_000) }));
    const outcomes = await Promise.all(bodies.map((body) => wire.send({ ...request, body })));
    expect(outcomes.map((one) => one.body?.toString())).toEqual(bodies.map((body) => `{"echo":${body}}`));
    expect(server.made).toBeLessThanOrEqual(8);
  });

  test('that too many wait before are refused a place at once', async () => {
    const server = await servingBytes(() => {});
    const wire = wireTo(server.port, {}, { connectionsMax: 1 });
    const waiting = Array.from({ length: WAITING_MAX }, () => wire.send({ ...request, timeoutMs: 300 }));
    expect(causeOf(await wire.send(request))).toBe('connection');
    expect(new Set(await causesOf(waiting))).toEqual(new Set(['timeout']));
    expect(wire.inFlight()).toBe(0);
  });

  test('with a target that is no header are not sent, and cost no connection', async () => {
    const server = await servingBytes((socket) => void socket.write(OK));
    const wire = wireTo(server.port, {}, { connectionsMax: 1 });
    const targets = ['x\r\nevil: 1', '', 'a b', 'ü'];
    for (const target of targets) expect(causeOf(await wire.send({ ...request, target }))).toBe('connection');
    expect(causeOf(await wire.send(request))).toBe('ok');
    expect(server.made).toBe(1);
  });

  test('under way when the wire is closed end first', async () => {
    const answers: (() => void)[] = [];
    const server = await servingBytes((socket) => void answers.push(() => socket.write(OK)));
    const wire = wireTo(server.port, {}, { connectionsMax: 1 });
    const sent = [wire.send(request), wire.send(request)];
    await waitFor(() => answers.length === 1);
    let isClosed = false;
    const closed = wire.close().then(() => {
      isClosed = true;
    });
    expect(causeOf(await wire.send(request))).toBe('connection');
    answers[0]?.();
    await waitFor(() => answers.length === 2);
    expect(isClosed).toBe(false);
    answers[1]?.();
    expect(await causesOf(sent)).toEqual(['ok', 'ok']);
    await closed;
    await waitFor(() => server.open.size === 0);
  });
});

describe('over TLS', () => {
  async function serving(): Promise<{ port: number; connections: () => number; resumed: () => number }> {
    let connections = 0;
    let resumed = 0;
    const server = createHttpsServer({ key: TEST_CERTIFICATE_KEY, cert: TEST_CERTIFICATE }, (message, response) => {
      message.resume().on('end', () => response.end(`{"pad":"${'x'.repeat(200_000)}"}`));
    });
    server.on('secureConnection', (socket) => {
      connections += 1;
      if (socket.isSessionReused()) resumed += 1;
    });
    closers.push(async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    return { port, connections: () => connections, resumed: () => resumed };
  }

  test('requests and answers are whole, connections are kept, and sessions resumed', async () => {
    const { port, connections, resumed } = await serving();
    const wire = wireTo(port, { endpoint: `https://localhost:${port}` }, { ca: TEST_CERTIFICATE });
    const body = Buffer.alloc(100_000, 0x20);
    for (let n = 0; n < 5; n += 1) {
      const outcome = await wire.send({ ...request, body });
      expect(outcome.body?.length).toBe(200_010);
    }
    expect(connections()).toBe(1);
    expect(await causesOf([1, 2, 3].map(() => wire.send(request)))).toEqual(['ok', 'ok', 'ok']);
    expect(resumed()).toBeGreaterThan(0);
  });

  test('a certificate that nobody vouches for, or of another name, is an unknown outcome without a request', async () => {
    const { port, connections } = await serving();
    const stranger = wireTo(port, { endpoint: `https://localhost:${port}` });
    expect(await stranger.send(request)).toMatchObject({ kind: 'unknown', cause: 'connection' });
    const other = wireTo(port, { endpoint: `https://127.0.0.2:${port}` }, { ca: TEST_CERTIFICATE });
    expect(await other.send(request)).toMatchObject({ kind: 'unknown', cause: 'connection' });
    expect(connections()).toBeLessThanOrEqual(2);
  });
});
