import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSealer, parseSealingKey } from './sealing';

const key = randomBytes(32);
const sealer = createSealer(key.toString('hex'));

describe('sealing', () => {
  test('gives back what was sealed and never the same text twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (plain, purpose) => {
        const sealed = sealer.seal(plain, purpose);
        expect(sealer.open(sealed, purpose)).toEqual({ ok: true, value: plain });
        expect(sealer.seal(plain, purpose)).not.toBe(sealed);
        expect(sealed).toMatch(/^v1\.[\w-]{16}\.[\w-]*\.[\w-]{22}$/);
      }),
    );
  });

  test('a text of another purpose, another key or with any changed character does not open', () => {
    const sealed = sealer.seal('secret', 'connection');
    expect(sealer.open(sealed, 'image')).toEqual({ ok: false, error: 'refused' });
    const other = createSealer(randomBytes(32).toString('base64'));
    expect(other.open(sealed, 'connection')).toEqual({ ok: false, error: 'refused' });
    for (let at = 0; at < sealed.length; at += 1) {
      const bytes = Buffer.from(sealed.split('.')[2] as string, 'base64url');
      bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ 1;
      const parts = sealed.split('.');
      parts[2] = bytes.toString('base64url');
      expect(sealer.open(parts.join('.'), 'connection').ok).toBe(false);
    }
  });

  test.each([
    ['', 'malformed'],
    ['v1.a.b', 'malformed'],
    ['v2.a.b.c', 'version'],
    ['v1.a.b.c', 'malformed'],
  ])('%j is %s', (sealed, fault) => expect(sealer.open(sealed, 'x')).toEqual({ ok: false, error: fault }));

  test('a key is 32 bytes in hex or base64', () => {
    expect(parseSealingKey(key.toString('hex'))).toEqual(key);
    expect(parseSealingKey(` ${key.toString('base64')}\n`)).toEqual(key);
    expect(parseSealingKey(key.toString('base64url'))).toEqual(key);
    expect(
      ['', 'short', key.toString('hex').slice(1), randomBytes(31).toString('base64')].map(parseSealingKey),
    ).toEqual([null, null, null, null]);
    expect(() => createSealer('not-a-key-at-all')).toThrow(/32 bytes/);
    expect(() => createSealer('not-a-key-at-all')).not.toThrow(/not-a-key/);
  });
});
