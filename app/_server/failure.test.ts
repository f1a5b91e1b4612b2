import { describe, expect, it } from 'vitest';
import type { Log } from '@/lib/adapters/ports';
import { AppError, ERRORS } from '@/lib/domain/errors';
import { failureOf, statusOf } from './failure';

const lines: object[] = [];
const log: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: (fields) => lines.push(fields),
  child: () => log,
};

describe('what is shown of an error', () => {
  it('is the sentence, the fields and the gates of a refusal', () => {
    const error = new AppError('input.invalid', {
      sentence: 'One field is not right.',
      fields: { name: 'A name.' },
      gates: [],
    });
    expect(failureOf(error, log, 'r1')).toEqual({
      ok: false,
      code: 'input.invalid',
      message: 'One field is not right.',
      fields: { name: ['A name.'] },
      gates: [],
    });
  });

  it('is never the message of an unknown error, but the id under which the log has it', () => {
    const shown = failureOf(new Error('password=hush at 10.0.0.1'), log, 'r2');
    expect(shown).toMatchObject({ code: 'internal.unexpected', requestId: 'r2' });
    expect(JSON.stringify(shown)).not.toContain('hush');
    expect(lines.at(-1)).toMatchObject({ requestId: 'r2' });
  });

  it.each(['57P01', '08006', '53300', 'ECONNREFUSED', 'CONNECTION_CLOSED'])(
    'names the database when it failed with %s, wrapped or not',
    (code) => {
      const cause = Object.assign(new Error('x'), { code });
      expect(failureOf(cause, log, 'r3').code).toBe('database.unavailable');
      expect(failureOf(new Error('wrapped', { cause }), log, 'r3').code).toBe('database.unavailable');
    },
  );

  it('has a status for every code of the catalogue', () => {
    for (const code of Object.keys(ERRORS)) expect(statusOf(code)).toBeGreaterThanOrEqual(400);
    expect(statusOf('nobody.knows')).toBe(500);
  });
});
