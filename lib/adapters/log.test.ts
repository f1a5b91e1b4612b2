import { describe, expect, test } from 'vitest';
import { createLog, FORBIDDEN_FIELDS, redact } from './log';

function collect() {
  const lines: string[] = [];
  const log = createLog({
    process: 'test',
    level: 'debug',
    destination: { write: (line: string) => void lines.push(line) },
  });
  return { lines, log };
}

describe('log', () => {
  test('a line is JSON with level, process, time, sentence and fields', () => {
    const { lines, log } = collect();
    log.child({ tableId: 'tbl_1' }).warn({ lagMs: 12 }, 'The stream lags');
    expect(JSON.parse(lines[0] as string)).toMatchObject({
      level: 'warn',
      process: 'test',
      tableId: 'tbl_1',
      lagMs: 12,
      msg: 'The stream lags',
      time: expect.stringMatching(/^20/),
    });
  });

  test('no forbidden field shows its value, at any depth, in any spelling', () => {
    const { lines, log } = collect();
    for (const name of [...FORBIDDEN_FIELDS, 'Authorization', 'secret_access_key', 'Session-Token', 'Item', 'keyId']) {
      log.info({ [name]: 'canary-4711', nested: [{ deep: { [name]: { S: 'canary-4711' } } }] }, 'x');
      log
        .child({ [name]: 'canary-4711' })
        .error({ error: Object.assign(new Error('x'), { [name]: 'canary-4711' }) }, 'y');
    }
    expect(lines.join('')).not.toContain('canary');
    expect(lines.length).toBe((FORBIDDEN_FIELDS.size + 5) * 2);
  });

  test('an error keeps name, code, message and cause, and nothing else', () => {
    const cause = Object.assign(new Error('inner'), { code: 'ECONNRESET', detail: 'canary' });
    const seen = redact(new Error('outer', { cause })) as { cause: object };
    expect(seen).toMatchObject({ name: 'Error', message: 'outer', cause: { message: 'inner', code: 'ECONNRESET' } });
    expect(JSON.stringify(seen)).not.toContain('canary');
  });

  test('the error of JSON.parse does not quote the text', () => {
    try {
      JSON.parse('canary {"S":"canary"}');
    } catch (error) {
      expect(JSON.stringify(redact(error))).not.toContain('canary');
    }
    expect.assertions(1);
  });

  test('long, deep and binary values are bounded', () => {
    const loop: { self?: object } = {};
    loop.self = loop;
    expect(JSON.stringify(redact(loop)).length).toBeLessThan(200);
    expect((redact('x'.repeat(5_000)) as string).length).toBeLessThan(2_100);
    expect(redact({ n: 10n, bytes: Buffer.from('canary'), at: new Date(0) })).toEqual({
      n: '10',
      bytes: '[6 bytes]',
      at: '1970-01-01T00:00:00.000Z',
    });
  });
});
