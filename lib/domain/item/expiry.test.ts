import { describe, expect, test } from 'vitest';
import { isExpired } from './expiry';

const nowMs = Date.UTC(2026, 10, 22);
const rule = { attribute: 'ttl' };
const at = (offsetSeconds: number) => ({ ttl: { N: String(nowMs / 1000 + offsetSeconds) } });

describe('expiry', () => {
  test('past means past by more than the tolerance', () => {
    expect(isExpired(at(-301), rule, nowMs)).toBe(true);
    expect(isExpired(at(-300), rule, nowMs)).toBe(false);
    expect(isExpired(at(60), rule, nowMs)).toBe(false);
    expect(isExpired(at(-1), { ...rule, toleranceMs: 0 }, nowMs)).toBe(true);
  });

  test('a table without TTL expires nothing', () =>
    expect(isExpired(at(-900), { attribute: null }, nowMs)).toBe(false));

  test.each([
    ['a text', { ttl: { S: '1' } }],
    ['absent', {}],
    ['no number', { ttl: { N: 'soon' } }],
    ['more than five years past', { ttl: { N: String(nowMs / 1000 - 5 * 365 * 86_400 - 1) } }],
    ['milliseconds, thousands of years ahead', { ttl: { N: String(nowMs) } }],
    ['zero', { ttl: { N: '0' } }],
  ])('an attribute that is %s expires nothing', (_what, item) => expect(isExpired(item, rule, nowMs)).toBe(false));

  test('reads the seconds in any spelling', () => {
    const seconds = nowMs / 1000 - 1000;
    expect(isExpired({ ttl: { N: `${seconds / 1000}e3` } }, rule, nowMs)).toBe(true);
  });
});
