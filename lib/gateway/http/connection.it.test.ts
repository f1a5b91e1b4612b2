/** Clients that take their time, on real sockets and a clock that the test turns. */
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '@/lib/testing/wait-for';
import { LIMITS } from '../limits';
import { Connection, type HttpAnswer, type HttpRequest } from './connection';

const HEAD = 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n';

describe('a slow client', () => {
  let client: Socket;
  let connection: Connection;
  let text = '';
  let isEnded = false;
  let isGone = false;
  let body = Buffer.alloc(0);
  let stop = async () => {};

  beforeEach(async () => {
    [text, isEnded, isGone, body] = ['', false, false, Buffer.alloc(0)];
    const owner = {
      isStopping: false,
      admission: { holdBody: () => true, holdAnswer: () => {}, giveBytes: () => {} },
      noRoom: (): HttpAnswer => ({ status: 400, headers: {}, body: Buffer.alloc(0) }),
      serve: (_request: HttpRequest, answered: (answer: HttpAnswer) => void) =>
        answered({ status: 200, headers: {}, body }),
      onGone: () => {
        isGone = true;
      },
    };
    const made = new Promise<Connection>((done) => {
      const server = createServer({ allowHalfOpen: true }, (socket) => done(new Connection(socket, owner)));
      server.listen(0, '127.0.0.1', () => {
        client = connect((server.address() as { port: number }).port, '127.0.0.1');
        client.on('data', (chunk) => {
          text += chunk.toString('latin1');
        });
        client.on('end', () => {
          isEnded = true;
        });
        client.on('error', () => {});
      });
      stop = () => new Promise((closed) => server.close(() => closed()));
    });
    connection = await made;
  });
  afterEach(async () => {
    client.destroy();
    await waitFor(() => isGone);
    await stop();
  });

  const sweepAfter = (ms: number) => connection.sweep(performance.now() + ms);

  it('that drips its head gets 408 after the time for heads, however often it sends a byte', async () => {
    for (const byte of HEAD.slice(0, 30)) client.write(byte);
    await waitFor(() => connection.isBusy);
    sweepAfter(LIMITS.headersTimeoutMs - 1_000);
    expect(text).toBe('');
    sweepAfter(LIMITS.headersTimeoutMs + 1_000);
    await waitFor(() => isEnded);
    expect(text).toMatch(/^HTTP\/1\.1 408 [\s\S]*connection: close/);
  });

  it('that drips its body gets 408 after the time for requests', async () => {
    client.write(`${HEAD}ab`);
    await waitFor(() => connection.isBusy);
    sweepAfter(LIMITS.headersTimeoutMs + 1_000);
    expect(text).toBe('');
    sweepAfter(LIMITS.requestTimeoutMs + 1_000);
    await waitFor(() => isEnded);
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('that sends nothing at all is let go when its connection was idle long enough, without a word', async () => {
    sweepAfter(LIMITS.keepAliveMs - 1_000);
    expect(isEnded).toBe(false);
    sweepAfter(LIMITS.keepAliveMs + 1_000);
    await waitFor(() => isEnded);
    expect(text).toBe('');
  });

  it('that never takes its answer is cut off', async () => {
    client.pause();
    body = Buffer.alloc(32 * 1024 * 1024);
    client.write(`${HEAD}abcd`);
    await waitFor(() => connection.untakenBytes > 0);
    sweepAfter(LIMITS.requestTimeoutMs - 1_000);
    expect(isGone).toBe(false);
    sweepAfter(LIMITS.requestTimeoutMs + 1_000);
    await waitFor(() => isGone);
  });

  it('that goes on sending after a last answer is read no further, and cut off after a moment', async () => {
    client.write('nonsense\r\n\r\n');
    await waitFor(() => isEnded);
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    client.write('x'.repeat(100_000));
    sweepAfter(5_000);
    await waitFor(() => isGone);
  });
});
