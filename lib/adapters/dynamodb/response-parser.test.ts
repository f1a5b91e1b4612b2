import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHUNK_LINE_BYTES_MAX, HEAD_BYTES_MAX } from './message-parser';
import { INTERIM_ANSWERS_MAX, ResponseParser } from './response-parser';

const CAP = 100_000;

/** Feeds the bytes in the pieces given, each through the same buffer, as a socket does. */
function read(wire: Buffer, cuts: number[] = [], parser = new ResponseParser(CAP)) {
  const shared = Buffer.alloc(wire.length + 7);
  const borders = [...new Set([0, ...cuts.filter((cut) => cut < wire.length), wire.length])].sort((a, b) => a - b);
  let state = 'more';
  for (const [n, start] of borders.slice(0, -1).entries()) {
    shared.fill(0x58);
    wire.copy(shared, 7, start, borders[n + 1]);
    state = parser.push(shared, 7, 7 + (borders[n + 1] as number) - start);
    if (state !== 'more') break;
  }
  const { status, headers, isKept, idleHintMs, fault } = parser;
  return { state, status, headers, isKept, idleHintMs, fault, body: parser.body() };
}

const seen = ({ state, status, headers, body, isKept }: ReturnType<typeof read>) => ({
  state,
  status,
  headers,
  isKept,
  body: body.toString('latin1'),
});

function chunked(body: Buffer, sizes: number[]): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (const size of [...sizes, body.length]) {
    const part = body.subarray(at, at + size);
    at += part.length;
    if (part.length > 0) parts.push(Buffer.from(`${part.length.toString(16)};x=1\r\n`), part, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from('0\r\nx-trailer: 1\r\n\r\n')]);
}

const body = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes));
const framed = fc.oneof(
  body.map((bytes) => ({
    bytes,
    wire: Buffer.concat([Buffer.from(`Content-Length: ${bytes.length}\r\n\r\n`), bytes]),
  })),
  fc.tuple(body, fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 12 })).map(([bytes, sizes]) => ({
    bytes,
    wire: Buffer.concat([Buffer.from('transfer-encoding: Chunked\r\n\r\n'), chunked(bytes, sizes)]),
  })),
);

describe('an answer', () => {
  test('is the same wherever its bytes are split', () => {
    fc.assert(
      fc.property(framed, fc.array(fc.nat(1_200), { maxLength: 40 }), fc.boolean(), ({ bytes, wire }, cuts, is100) => {
        const head = `${is100 ? 'HTTP/1.1 100 Continue\r\n\r\n' : ''}HTTP/1.1 200 OK\r\nX-Amzn-RequestId:  A B\t\r\n`;
        const whole = Buffer.concat([Buffer.from(head), wire]);
        const answer = read(whole, cuts);
        expect(answer).toMatchObject({ state: 'whole', status: 200, isKept: true });
        expect(answer.body.equals(bytes)).toBe(true);
        expect(answer.headers['x-amzn-requestid']).toBe('A B');
        expect(seen(answer)).toEqual(seen(read(whole)));
      }),
    );
  });

  test.each([
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;a="b"\r\nyou\r\n0\r\nt: 1\r\n\r\n',
    'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 400 Bad\r\ncontent-length: 2\r\nkeep-alive: timeout=5\r\n\r\n{}',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n',
  ])('comes to the same at every single border and byte by byte: %j', (text) => {
    const wire = Buffer.from(text, 'latin1');
    const whole = seen(read(wire));
    for (let cut = 1; cut < wire.length; cut += 1)
      expect(seen(read(wire, [cut]))).toMatchObject({ state: whole.state });
    const drip = seen(
      read(
        wire,
        Array.from(wire, (_, at) => at),
      ),
    );
    if (whole.state === 'whole') expect(drip).toEqual(whole);
    else expect(drip.state).toBe(whole.state);
  });

  test('is never whole while a byte of it is missing', () => {
    fc.assert(
      fc.property(framed, fc.nat(), ({ wire }, at) => {
        const whole = Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n'), wire]);
        const parser = new ResponseParser(CAP);
        expect(read(whole.subarray(0, at % whole.length), [], parser).state).toBe('more');
        expect(parser.finish()).toBe('truncated');
      }),
    );
  });

  test('of any bytes is an answer or a fault, and never an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(300), { maxLength: 5 }), (bytes, cuts) => {
        const noise = Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'), bytes]);
        expect(['more', 'whole', 'invalid', 'large']).toContain(read(noise, cuts).state);
        expect(['more', 'invalid']).toContain(read(Buffer.from(bytes), cuts).state);
      }),
    );
  });

  test('with bytes behind it leaves a connection that nobody uses again', () => {
    const wire = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n');
    expect(read(wire)).toMatchObject({ state: 'whole', isKept: false });
  });

  test.each<[string, object]>([
    ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', { state: 'whole', isKept: true }],
    ['HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n', { state: 'whole', isKept: true }],
    ['HTTP/1.1 204 No\r\n\r\n', { state: 'whole', isKept: true }],
    ['HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', { state: 'whole', isKept: false }],
    ['HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n', { state: 'whole', isKept: false }],
    ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', { state: 'whole', isKept: false }],
    ['HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n', { state: 'whole', isKept: true }],
    ['HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n', { idleHintMs: 3_000 }],
    ['HTTP/1.1 200 OK\r\nKeep-Alive: max=1, timeout=1\r\nContent-Length: 0\r\n\r\n', { idleHintMs: 0 }],
    ['HTTP/1.1 200 OK\r\nA: 1\r\na: 2\r\nContent-Length: 0\r\n\r\n', { headers: { a: '1, 2', 'content-length': '0' } }],
  ])('says whether its connection may be kept: %j', (text, expected) => {
    expect(read(Buffer.from(text, 'latin1'))).toMatchObject(expected);
  });

  test.each([
    'HTTP/2 200 OK\r\n\r\n',
    'HTTP/1.1 20 OK\r\n\r\n',
    'HTTP/1.1  200 OK\r\n\r\n',
    'http/1.1 200 OK\r\n\r\n',
    'HTTP/1.1 101 Switching\r\n\r\n',
    'HTTP/1.1 200 OK\r\nno colon\r\n\r\n',
    'HTTP/1.1 200 OK\r\n: nameless\r\n\r\n',
    'HTTP/1.1 200 OK\r\nname : space\r\n\r\n',
    'HTTP/1.1 200 OK\r\na: 1\r\n folded\r\n\r\n',
    'HTTP/1.1 200 OK\r\na: 1\nb: 2\r\n\r\n',
    'HTTP/1.1 200 OK\r\na: 1\rb: 2\r\n\r\n',
    'HTTP/1.1 200 OK\r\na: \x00\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
    'HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n{}',
    'HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n{}',
    'HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}}\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nt: \x01\r\n\r\n',
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;${'x'.repeat(CHUNK_LINE_BYTES_MAX)}`,
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${'t: 1\r\n'.repeat(HEAD_BYTES_MAX / 5)}`,
    `HTTP/1.1 200 OK\r\na: ${'x'.repeat(HEAD_BYTES_MAX)}`,
    `${'HTTP/1.1 100 Continue\r\n\r\n'.repeat(INTERIM_ANSWERS_MAX + 1)}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`,
  ])('that could be read in two ways is a fault: %j', (text) => {
    const answer = read(Buffer.from(text, 'latin1'));
    expect(['invalid', 'long_head']).toContain(answer.state);
    expect(answer.isKept).toBe(false);
    expect(answer.fault).not.toBe('');
  });

  test('above the cap is refused by its length, by its chunks and as it comes, with no more kept than the cap', () => {
    for (const text of [
      `HTTP/1.1 200 OK\r\nContent-Length: ${CAP + 1}\r\n\r\n`,
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${(CAP + 1).toString(16)}\r\n`,
      `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(CAP + 1)}`,
    ]) {
      const wire = Buffer.from(text);
      const cuts = Array.from({ length: 20 }, (_, n) => n * 7_000);
      const answer = read(wire, cuts);
      expect(answer.state).toBe('large');
      expect(answer.body.length).toBeLessThanOrEqual(CAP);
    }
  });

  test('without a length ends with its connection, and only with an orderly end', () => {
    const parser = new ResponseParser(CAP);
    expect(read(Buffer.from('HTTP/1.1 200 OK\r\n\r\nhel'), [20], parser).state).toBe('more');
    expect(parser.finish()).toBe('whole');
    expect(parser.body().toString()).toBe('hel');
    expect(parser.isKept).toBe(false);
  });

  test('follows another on one parser as if it were the first', () => {
    const parser = new ResponseParser(CAP);
    const first = read(Buffer.from('HTTP/1.1 400 Bad\r\nX: 1\r\nContent-Length: 3\r\n\r\nabc'), [], parser);
    parser.reset();
    const second = read(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'), [17], parser);
    expect(first.body.toString()).toBe('abc');
    expect(seen(second)).toMatchObject({ status: 200, headers: { 'content-length': '2' }, body: '{}' });
  });
});
