/** What comes over a raw socket: everything that is no plain request gets the right status, and is forgotten. */
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HEAD_BYTES_MAX, HEADERS_MAX } from '@/lib/adapters/dynamodb/message-parser';
import { createLog } from '@/lib/adapters/log';
import { waitFor } from '@/lib/testing/wait-for';
import { ADMISSION_LIMITS, Admission } from '../admission/admission';
import { LIMITS } from '../limits';
import { type GatewayRequest, jsonAnswer } from '../pipeline/answer';
import { type GatewayServer, startServer } from './server';

const HEAD = 'Host: h\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: DynamoDB_20120810.GetItem\r\n';
const post = (body: string, more = '') =>
  `POST / HTTP/1.1\r\n${HEAD}${more}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

describe('the door', () => {
  let server: GatewayServer;
  let admission: Admission;
  let answering: (request: GatewayRequest) => Promise<void> = async () => {};
  const seen: string[] = [];
  const sockets = new Set<Socket>();

  beforeAll(async () => {
    admission = new Admission(() => 0, { ...ADMISSION_LIMITS, liveBytesMax: 20 * 1024 * 1024 });
    server = await startServer({
      host: '127.0.0.1',
      port: 0,
      region: 'test',
      authorizer: null,
      admission,
      log: createLog({ process: 'door', level: 'silent' }),
      handle: async (request) => {
        seen.push(request.body.toString());
        await answering(request);
        return jsonAnswer({ echo: request.body.length });
      },
      notReady: () => null,
      notServing: () => null,
    });
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    seen.length = 0;
    answering = async () => {};
    // Whatever was done to it, it serves on and holds nothing.
    expect((await ask(post('{}'))).status).toBe(200);
    seen.length = 0;
    await waitFor(() => admission.inFlight().live.bytes === 0);
  });
  afterAll(() => server.destroy());

  interface Line {
    socket: Socket;
    text(): string;
    ended: Promise<void>;
  }
  function line(): Line {
    const socket = connect(server.port, '127.0.0.1');
    sockets.add(socket);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    const ended = new Promise<void>((done) => {
      socket.on('end', done);
      socket.on('error', () => done());
    });
    return { socket, text: () => text, ended };
  }
  const statusesOf = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((found) => Number(found[1]));

  /** Sends the pieces and waits for one answer. */
  async function ask(...pieces: (string | Buffer)[]) {
    const { socket, text, ended } = line();
    for (const piece of pieces) socket.write(piece);
    await Promise.race([waitFor(() => statusesOf(text()).some((one) => one >= 200)), ended]);
    const isLast = /connection: close/.test(text());
    if (isLast) await ended;
    socket.destroy();
    return { status: statusesOf(text()).find((one) => one >= 200), isLast, text: text() };
  }

  it.each<[string, string, number]>([
    ['content-length and chunks', `${HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /`, 400],
    ['chunks and content-length', `${HEAD}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`, 400],
    ['two lengths', `${HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, 400],
    ['the same length twice', `${HEAD}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}`, 400],
    ['a list of lengths', `${HEAD}Content-Length: 2, 2\r\n\r\n{}`, 400],
    ['a signed length', `${HEAD}Content-Length: +2\r\n\r\n{}`, 400],
    ['a length in hex', `${HEAD}Content-Length: 0x2\r\n\r\n{}`, 400],
    ['another encoding', `${HEAD}Transfer-Encoding: gzip, chunked\r\n\r\n`, 400],
    ['an obscured encoding', `${HEAD}Transfer-Encoding: xchunked\r\n\r\n`, 400],
    ['an encoding twice', `${HEAD}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n`, 400],
    ['a blank before the colon', `${HEAD}Content-Length : 2\r\n\r\n{}`, 400],
    ['a folded header', `${HEAD}X: 1\r\n Content-Length: 2\r\n\r\n{}`, 400],
    ['a lone line feed', `${HEAD}X: 1\nContent-Length: 2\r\n\r\n{}`, 400],
    ['a lone carriage return', `${HEAD}X: 1\rContent-Length: 2\r\n\r\n{}`, 400],
    ['a zero byte', `${HEAD}X: \x00\r\nContent-Length: 2\r\n\r\n{}`, 400],
    ['no host', 'Content-Length: 2\r\n\r\n{}', 400],
    ['two hosts', `${HEAD}Host: g\r\nContent-Length: 2\r\n\r\n{}`, 400],
    ['two targets', `${HEAD}X-Amz-Target: DynamoDB_20120810.PutItem\r\nContent-Length: 2\r\n\r\n{}`, 400],
    ['a bad chunk size', `${HEAD}Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n`, 400],
    ['a chunk longer than it says', `${HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n`, 400],
    ['a chunk without CR', `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n`, 400],
    ['a chunk line without end', `${HEAD}Transfer-Encoding: chunked\r\n\r\n2;${'x'.repeat(400)}`, 400],
    ['a body above 16 MB by its length', `${HEAD}Content-Length: ${LIMITS.bodyBytesMax + 1}\r\n\r\n`, 413],
    ['a body above 16 MB by its chunk', `${HEAD}Transfer-Encoding: chunked\r\n\r\n1000001\r\n`, 413],
    ['an absurd length', `${HEAD}Content-Length: 999999999999999\r\n\r\n`, 413],
    ['a length that is no number of this world', `${HEAD}Content-Length: 99999999999999999999\r\n\r\n`, 400],
    ['another expectation', `${HEAD}Expect: 200-ok\r\nContent-Length: 2\r\n\r\n{}`, 417],
    ['a header above the cap', `${HEAD}X: ${'x'.repeat(HEAD_BYTES_MAX)}\r\n\r\n`, 431],
    ['too many headers', `${HEAD}${'X: 1\r\n'.repeat(HEADERS_MAX)}Content-Length: 2\r\n\r\n{}`, 431],
  ])('refuses %s and ends the connection', async (_what, rest, status) => {
    const answer = await ask(Buffer.from(`POST / HTTP/1.1\r\n${rest}`, 'latin1'));
    expect(answer).toMatchObject({ status, isLast: true });
    // One answer: nothing that stands behind is taken for a request.
    expect(statusesOf(answer.text)).toEqual([status]);
    expect(seen).toEqual([]);
  });

  it.each<[string, number]>([
    ['POST / HTTP/2.0\r\n\r\n', 505],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
    ['POST  / HTTP/1.1\r\nHost: h\r\n\r\n', 400],
    ['post / HTTP/1.1\r\nHost: h\r\n\r\n', 400],
    ['POST / \r\n\r\n', 400],
    ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 400],
    ['hello\r\n\r\n', 400],
  ])('refuses the request line %j', async (text, status) => {
    expect(await ask(Buffer.from(text, 'latin1'))).toMatchObject({ status, isLast: true });
  });

  it('serves what is plain: chunks, an empty line before, HTTP/1.0, 100-continue, a client that ended its side', async () => {
    expect((await ask(`\r\n${post('{"a":1}')}`)).text).toContain('{"echo":7}');
    const chunks = `POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding: Chunked\r\n\r\n3;a=b\r\n{"a\r\n4\r\n":1}\r\n0\r\nt: 1\r\n\r\n`;
    expect((await ask(chunks)).text).toContain('{"echo":7}');
    expect(await ask(post('{}').replace('HTTP/1.1', 'HTTP/1.0'))).toMatchObject({ status: 200, isLast: true });
    const { socket, text, ended } = line();
    socket.write(post('{}', 'Expect: 100-continue\r\n').slice(0, -2));
    await waitFor(() => text().startsWith('HTTP/1.1 100 Continue\r\n\r\n'));
    socket.end('{}');
    await ended;
    expect(statusesOf(text())).toEqual([100, 200]);
    expect(seen.at(-1)).toBe('{}');
  });

  it('answers what is pipelined in order, one at a time, and all of it', async () => {
    let atOnce = 0;
    let most = 0;
    answering = async () => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await new Promise((done) => setImmediate(done));
      atOnce -= 1;
    };
    const { socket, text } = line();
    const bodies = Array.from({ length: 50 }, (_, n) => `{"n":"${'x'.repeat(n * 40)}"}`);
    // Its side ends at once; that takes nothing from what it has asked.
    socket.end(bodies.map((body) => post(body)).join(''));
    await waitFor(() => statusesOf(text()).length === 50);
    expect([...text().matchAll(/"echo":(\d+)/g)].map((found) => Number(found[1]))).toEqual(
      bodies.map((body) => body.length),
    );
    expect(seen).toEqual(bodies);
    expect(most).toBe(1);
  });

  it('reads the same requests wherever their bytes are split', async () => {
    const chunked = `POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n2\r\n1}\r\n0\r\n\r\n`;
    const wire = Buffer.from(post('{"first":1}') + chunked + post('{"last":"ü"}'));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(wire.length), { maxLength: 30 }), async (cuts) => {
        seen.length = 0;
        const { socket, text } = line();
        const borders = [...new Set([0, ...cuts, wire.length])].sort((a, b) => a - b);
        for (const [n, start] of borders.slice(0, -1).entries()) {
          socket.write(wire.subarray(start, borders[n + 1]));
          await new Promise((done) => setImmediate(done));
        }
        await waitFor(() => statusesOf(text()).length === 3);
        expect(seen).toEqual(['{"first":1}', '{"a":1}', '{"last":"ü"}']);
        socket.destroy();
      }),
      { numRuns: 25 },
    );
  });

  it('carries nothing out that it did not receive whole', async () => {
    const whole = post('{"a":1}');
    for (const cut of [1, 40, whole.length - 1]) {
      const { socket, ended } = line();
      socket.end(whole.slice(0, cut));
      await ended;
    }
    const { socket } = line();
    socket.write(whole.slice(0, -1));
    await waitFor(() => socket.bytesWritten === whole.length - 1);
    socket.resetAndDestroy();
    expect(seen).toEqual([]);
  });

  it('takes no body for which there is no room, and gives room back when a client leaves in the middle', async () => {
    const many = [1, 2].map(() => line());
    for (const { socket } of many) socket.write(`POST / HTTP/1.1\r\n${HEAD}Content-Length: 9000000\r\n\r\nx`);
    await waitFor(() => admission.inFlight().live.bytes === 18_000_000);
    const refused = await ask(`POST / HTTP/1.1\r\n${HEAD}Content-Length: 9000000\r\n\r\n`, 'x');
    expect(refused).toMatchObject({ status: 400, isLast: true });
    expect(refused.text).toContain('ThrottlingException');
    for (const { socket } of many) socket.destroy();
    await waitFor(() => admission.inFlight().live.bytes === 0);
  });

  it('answers HEAD without a body, other paths and methods with 404', async () => {
    expect((await ask('HEAD /live HTTP/1.1\r\nHost: h\r\n\r\n')).text).toMatch(/content-length: 5\r\n[^{]*\r\n\r\n$/);
    expect((await ask('GET /live?x=1 HTTP/1.1\r\nHost: h\r\n\r\n')).status).toBe(200);
    expect((await ask('DELETE / HTTP/1.1\r\nHost: h\r\n\r\n')).status).toBe(404);
    expect((await ask('GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n')).status).toBe(404);
  });
});
