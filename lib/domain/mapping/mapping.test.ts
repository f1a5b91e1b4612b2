import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyItem, anyNumber, anyValue } from '@/lib/testing/item-arbitrary';
import { canonicalItem, canonicalValue } from '../item/canonical';
import { equalValue } from '../item/compare';
import type { AttributeValue, WireItem } from '../item/item';
import { leftIn, MAPPING_KINDS, type Mapping, mapItem, mapValue, unmapItem, unmapValue } from './mapping';

const zeros = fc.integer({ min: 0, max: 4 }).map((count) => '0'.repeat(count));
const dated = fc
  .tuple(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), fc.constantFrom(19, 20, 23), zeros)
  .map(([ms, end, more]): AttributeValue => ({ S: `${new Date(ms).toISOString().slice(0, end)}${more}Z` }));
const numbers = fc.oneof(
  anyNumber,
  fc.maxSafeInteger().map(String),
  fc.integer({ min: 0, max: 4_102_444_800 }).map(String),
  fc.integer({ min: 0, max: 4_102_444_800 }).map((n) => `${n}.000`),
  fc.integer({ min: 1, max: 9_999 }).map((n) => `${n}e${String(n).length + 2}`),
);
const value: fc.Arbitrary<AttributeValue> = fc.oneof(
  anyValue,
  dated,
  numbers.map((N) => ({ N })),
);
const kind = fc.constantFrom(...MAPPING_KINDS);
const seconds: Mapping = { attribute: 'created', kind: 'epoch_seconds' };
const millis: Mapping = { attribute: 'seen', kind: 'epoch_milliseconds' };

describe('a mapped value', () => {
  it('comes back as it was, whatever it is', () => {
    fc.assert(
      fc.property(value, kind, (one, by) => {
        expect(equalValue(unmapValue(mapValue(one, by), by), one)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  it('is never the image of two values', () => {
    fc.assert(
      fc.property(value, value, kind, (a, b, by) => {
        const isSame = canonicalValue(mapValue(a, by)) === canonicalValue(mapValue(b, by));
        expect(isSame).toBe(canonicalValue(a) === canonicalValue(b));
      }),
      { numRuns: 3_000 },
    );
  });

  it('that came from the target goes back there as it was, unless it is a number that is never written there', () => {
    fc.assert(
      fc.property(value, kind, (one, by) => {
        const isForeign = Object.hasOwn(one, 'N') && mapValue(one, by) !== one;
        expect(equalValue(mapValue(unmapValue(one, by), by), one)).toBe(!isForeign);
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    ['epoch_seconds', '1700000000', '2023-11-14T22:13:20Z'],
    ['epoch_seconds', '1.7e9', '2023-11-14T22:13:20Z'],
    ['epoch_seconds', '+01700000000.00', '2023-11-14T22:13:20Z'],
    ['epoch_seconds', '0', '1970-01-01T00:00:00Z'],
    ['epoch_seconds', '-0', '1970-01-01T00:00:00Z'],
    ['epoch_seconds', '-1', '1969-12-31T23:59:59Z'],
    ['epoch_seconds', '-62135596800', '0001-01-01T00:00:00Z'],
    ['epoch_seconds', '253402300799', '9999-12-31T23:59:59Z'],
    ['epoch_milliseconds', '1700000000123', '2023-11-14T22:13:20.123Z'],
    ['epoch_milliseconds', '1700000000000', '2023-11-14T22:13:20.000Z'],
    ['epoch_milliseconds', '253402300799999', '9999-12-31T23:59:59.999Z'],
  ] as const)('of %s is a date: %s is %s', (by, number, text) => {
    expect(mapValue({ N: number }, by)).toEqual({ S: text });
  });

  it.each([
    ['a fraction', { N: '1700000000.5' }],
    ['before the year 1', { N: '-62135596801' }],
    ['after the year 9999', { N: '253402300800' }],
    ['38 digits', { N: '12345678901234567890123456789012345678' }],
    ['1e125', { N: '1e125' }],
    ['no number at all', { N: 'x' }],
    ['a text of another form', { S: '14 November 2023' }],
    ['a date with another offset', { S: '2023-11-14T22:13:20+00:00' }],
    ['a day that does not exist', { S: '2023-02-30T00:00:00Z' }],
    ['the end of a day as 24:00', { S: '2023-02-28T24:00:00Z' }],
    ['the year 0', { S: '0000-01-01T00:00:00Z' }],
    ['digits as text', { S: '1700000000' }],
    ['a set', { NS: ['1700000000'] }],
    ['a list', { L: [{ N: '1700000000' }] }],
    ['nothing', { NULL: true }],
  ])('is left as it is where it is %s', (_, one) => {
    expect(mapValue(one as AttributeValue, 'epoch_seconds')).toBe(one);
    expect(unmapValue(one as AttributeValue, 'epoch_seconds')).toBe(one);
  });

  it('that was a text of that form stays a text of that instant and never becomes a number', () => {
    for (const [by, text, there] of [
      ['epoch_seconds', '2023-11-14T22:13:20Z', '2023-11-14T22:13:20.0Z'],
      ['epoch_seconds', '2023-11-14T22:13:20.0Z', '2023-11-14T22:13:20.00Z'],
      ['epoch_milliseconds', '2023-11-14T22:13:20.123Z', '2023-11-14T22:13:20.1230Z'],
    ] as const) {
      expect(mapValue({ S: text }, by)).toEqual({ S: there });
      expect(unmapValue({ S: there }, by)).toEqual({ S: text });
      expect(Date.parse(there)).toBe(Date.parse(text));
    }
  });
});

describe('a mapped item', () => {
  const item: WireItem = { pk: { S: 'a' }, created: { N: '1' }, seen: { S: 'never' }, other: { N: '1' } };

  it('changes in the chosen attributes alone', () => {
    const mapped = mapItem(item, [seconds, millis]);
    expect(mapped).toEqual({ ...item, created: { S: '1970-01-01T00:00:01Z' } });
    expect(unmapItem(mapped, [seconds, millis])).toEqual(item);
    expect(item.created).toEqual({ N: '1' });
    expect(mapItem(item, [])).toBe(item);
    expect(mapItem(item, [millis])).toBe(item);
  });

  it('comes back as it was, whatever its names', () => {
    fc.assert(
      fc.property(anyItem, fc.array(fc.tuple(fc.constantFrom('__proto__', 'created', 'seen'), value)), (base, more) => {
        const given = Object.fromEntries([...Object.entries(base), ...more]) as WireItem;
        const all: Mapping[] = [seconds, millis, { attribute: '__proto__', kind: 'epoch_seconds' }];
        expect(canonicalItem(unmapItem(mapItem(given, all), all))).toBe(canonicalItem(given));
        expect(Object.keys(mapItem(given, all))).toEqual(Object.keys(given));
      }),
    );
  });

  it('says how many of them are left as they are', () => {
    expect(leftIn(item, [seconds, millis])).toBe(1);
    expect(leftIn({ ...item, created: { N: '0.5' } }, [seconds, millis])).toBe(2);
    expect(leftIn({ pk: { S: 'a' } }, [seconds, millis])).toBe(0);
  });
});
