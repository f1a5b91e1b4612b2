import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { classifyAnswer, retryAfterMsOf } from './outcome';

const nowMs = Date.UTC(2026, 10, 22);
const answer = (status: number, body = '', headers: Record<string, string> = {}) =>
  classifyAnswer({ status, headers, body: Buffer.from(body) }, nowMs);
const kindOf = (...of: Parameters<typeof answer>) => {
  const outcome = answer(...of);
  if (outcome.kind === 'ok') return 'ok';
  return outcome.kind === 'refused' ? `refused ${outcome.errorType}` : `unknown ${outcome.cause}`;
};
const type = (name: string) => `{"__type":"${name}","message":"no"}`;
const problem = { 'content-type': 'application/problem+json' };

describe('what an answer says about a write', () => {
  test.each<[string, Parameters<typeof answer>]>([
    ['ok', [200, '{}']],
    ['ok', [200, '{"a":1}', { 'x-amz-crc32': String(crc32('{"a":1}')) }]],
    ['ok', [200, '', { 'x-amzn-requestid': 'A' }]],
    ['unknown undecodable', [200, '']],
    ['unknown undecodable', [200, '{"a":1}', { 'x-amz-crc32': '1' }]],
    ['unknown undecodable', [200, '{"a":1']],
    ['unknown undecodable', [200, '<html>']],
    ['unknown undecodable', [200, '[]']],
    ['unknown undecodable', [200, '{"truncated":"']],
    ['unknown undecodable', [204]],
    ['unknown undecodable', [202, '{}']],
    ['unknown undecodable', [301, '{}', { location: 'x' }]],
    ['unknown undecodable', [304]],

    [
      'refused ConditionalCheckFailedException',
      [400, type('com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException')],
    ],
    ['refused ValidationException', [400, type('com.amazon.coral.validate#ValidationException')]],
    ['refused ValidationException', [400, type('ValidationException')]],
    ['refused ResourceNotFoundException', [400, '', { 'x-amzn-errortype': 'ResourceNotFoundException:http://x/' }]],
    ['refused InternalServerError', [400, type('x#InternalServerError')]],
    ['unknown undecodable', [400, '']],
    ['unknown undecodable', [400, '{"message":"no type"}']],
    ['unknown undecodable', [400, '<html>Bad Request</html>']],
    ['unknown undecodable', [400, '{"__type":5}']],
    ['unknown undecodable', [400, '["__type"]']],
    ['unknown undecodable', [404, 'Not Found']],
    ['unknown undecodable', [403, '<html>']],
    ['unknown undecodable', [408, '']],

    ['refused TooManyRequests', [429, '']],
    ['refused TooManyRequests', [429, '<html>']],
    ['refused ThrottlingException', [429, type('x#ThrottlingException')]],
    ['refused TooManyRequests', [429, '{"type":"https://t/errors/rate-limit","title":"Slow","status":429}', problem]],

    ['refused RequestEntityTooLarge', [413, '']],
    ['refused RequestEntityTooLarge', [413, '<html>']],
    ['refused SerializationException', [413, type('SerializationException')]],

    ['refused forbidden', [403, '{"type":"https://docs.terrascale.io/errors/forbidden","title":"No"}', problem]],
    ['refused Unauthorized', [401, '{"type":"about:blank","title":"Unauthorized","status":401}', problem]],
    ['refused QUOTA', [403, '{"type":"about:blank","title":"x","code":"QUOTA"}', problem]],
    ['refused not-found', [404, '{"type":"urn:errors:not-found","title":"Not found"}']],
    ['unknown undecodable', [403, '{"title":"no type, no problem"}']],
    ['unknown undecodable', [403, '{}', problem]],

    ['unknown server_error', [500, type('InternalServerError')]],
    ['unknown server_error', [500, type('x#ConditionalCheckFailedException')]],
    ['unknown server_error', [502, '<html>']],
    ['unknown server_error', [503, '', { 'retry-after': '1' }]],
    ['unknown server_error', [504]],
    ['unknown server_error', [599, '{}', problem]],
    ['unknown undecodable', [0]],
  ])('%s', (expected, of) => expect(kindOf(...of)).toBe(expected));

  test('no status but 4xx is ever a known failure, and none but 200 a success', () => {
    for (let status = 100; status < 600; status += 1) {
      const kinds = [answer(status), answer(status, '{}'), answer(status, type('ValidationException'))].map(
        (one) => one.kind,
      );
      if (status !== 200) expect(kinds).not.toContain('ok');
      if (status < 400 || status >= 500) expect(kinds).not.toContain('refused');
    }
  });

  test('a refusal carries its message, its body and the wait it asks for', () => {
    expect(answer(400, type('ThrottlingException'), { 'retry-after': '2' })).toMatchObject({
      message: 'no',
      retryAfterMs: 2000,
    });
    expect(answer(429, '{"type":"https://t/e","title":"Slow","detail":"Rate","retryAfter":3}', problem)).toMatchObject({
      message: 'Rate',
      retryAfterMs: 3000,
    });
    expect(answer(400, type('ValidationException'))).toMatchObject({ retryAfterMs: null });
  });

  test.each<[Record<string, string>, number | null]>([
    [{ 'retry-after': '5' }, 5_000],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': 'Sun, 22 Nov 2026 00:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Sat, 21 Nov 2026 00:00:30 GMT' }, 0],
    [{ 'retry-after': 'soon' }, null],
    [{ 'retry-after': '-1' }, null],
    [{ 'retry-after': '' }, null],
    [{ 'x-amz-retry-after': '1500' }, 1_500],
    [{}, null],
  ])('%j asks to wait %s ms', (headers, ms) => expect(retryAfterMsOf(headers, nowMs)).toBe(ms));

  test('leaves reading a 200 to a caller that cuts bytes, but never bytes that their checksum contradicts', () => {
    const cut = (headers: Record<string, string>, body: string) =>
      classifyAnswer({ status: 200, headers, body: Buffer.from(body) }, nowMs, true).kind;
    expect(cut({}, '{"truncated":"')).toBe('ok');
    expect(cut({ 'x-amz-crc32': '1' }, '{"a":1}')).toBe('unknown');
    expect(cut({}, '<html>')).toBe('unknown');
  });
});
