import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyItem, anyValue } from '@/lib/testing/item-arbitrary';
import { base64Bytes, base64Url, canonicalBase64, utf8Bytes } from './bytes';
import { canonicalItem, canonicalValue } from './canonical';
import { equal, equalValue } from './compare';
import { type AttributeValue, ITEM_DEPTH_MAX, type WireItem } from './item';

const same = (a: AttributeValue, b: AttributeValue) => canonicalValue(a) === canonicalValue(b);

describe('canonical values', () => {
  test('sets are unordered and lists are not', () => {
    expect(same({ SS: ['a', 'b'] }, { SS: ['b', 'a'] })).toBe(true);
    expect(same({ NS: ['1', '2.0'] }, { NS: ['2', '1e0'] })).toBe(true);
    expect(same({ BS: ['AQ==', 'Ag=='] }, { BS: ['Ag==', 'AQ=='] })).toBe(true);
    expect(same({ L: [{ S: 'a' }, { S: 'b' }] }, { L: [{ S: 'b' }, { S: 'a' }] })).toBe(false);
  });

  test('a set whose members differ only in how they join is another set', () => {
    expect(same({ SS: ['a,b'] }, { SS: ['a', 'b'] })).toBe(false);
    expect(same({ SS: ['a","b'] }, { SS: ['a', 'b'] })).toBe(false);
  });

  test('maps are unordered at every level', () => {
    expect(
      same(
        { M: { a: { S: '1' }, b: { M: { c: { N: '1' }, d: { NULL: true } } } } },
        {
          M: { b: { M: { d: { NULL: true }, c: { N: '1.0' } } }, a: { S: '1' } },
        },
      ),
    ).toBe(true);
  });

  test('types are told apart', () => {
    const values: AttributeValue[] = [
      { S: '1' },
      { N: '1' },
      { B: 'MQ==' },
      { BOOL: true },
      { NULL: true },
      { SS: ['1'] },
      { NS: ['1'] },
      { BS: ['MQ=='] },
      { L: [{ S: '1' }] },
      { M: { S: { S: '1' } } },
      { S: '' },
      { L: [] },
      { M: {} },
    ];
    expect(new Set(values.map(canonicalValue)).size).toBe(values.length);
  });

  test('two spellings of the same bytes are one binary', () => {
    expect(canonicalBase64('AR==')).toBe('AQ==');
    expect(canonicalBase64('AAF=')).toBe('AAE=');
    expect(same({ B: 'AR==' }, { B: 'AQ==' })).toBe(true);
    expect(['A', 'A===', 'A?==', 'AQ'].map(canonicalBase64)).toEqual([null, null, null, null]);
  });

  test('what cannot be read equals only itself', () => {
    expect(same({ ZZ: 'new' }, { ZZ: 'new' })).toBe(true);
    expect(same({ ZZ: 'new' }, { ZZ: 'other' })).toBe(false);
    expect(same({ N: 'x' }, { N: 'y' })).toBe(false);
    expect(same({ NULL: false }, { NULL: true })).toBe(false);
    expect(same({ S: 'a', N: '1' }, { S: 'a' })).toBe(false);
    expect(same({}, { S: '' })).toBe(false);
  });

  test('depth is bounded', () => {
    const deep = (leaf: string): AttributeValue => {
      let value: AttributeValue = { S: leaf };
      for (let level = 0; level < ITEM_DEPTH_MAX + 20; level += 1) value = { L: [value] };
      return value;
    };
    expect(same(deep('a'), deep('a'))).toBe(true);
    expect(same(deep('a'), deep('b'))).toBe(false);
  });
});

describe('canonical items', () => {
  test('an attribute named __proto__ counts', () => {
    const withProto = JSON.parse('{"pk":{"S":"1"},"__proto__":{"S":"x"}}') as WireItem;
    const other = JSON.parse('{"pk":{"S":"1"},"__proto__":{"S":"y"}}') as WireItem;
    expect(canonicalItem(withProto)).toContain('__proto__');
    expect(equal(withProto, { pk: { S: '1' } })).toBe(false);
    expect(equal({ pk: { S: '1' } }, withProto)).toBe(false);
    expect(equal(withProto, other)).toBe(false);
    expect(equal({ a: { S: '' }, b: { S: '' } }, JSON.parse('{"a":{"S":""},"constructor":{"S":""}}'))).toBe(false);
  });

  test('absent, NULL and empty are three things', () => {
    expect(equal({ a: { S: '' } }, { a: { NULL: true } })).toBe(false);
    expect(equal({ a: { NULL: true } }, {})).toBe(false);
    expect(equal(null, {})).toBe(false);
    expect(equal(null, null)).toBe(true);
  });

  test('equality and canonical text agree, whatever the order of names and members', () => {
    fc.assert(
      fc.property(anyItem, anyItem, (a, b) => {
        expect(equal(a, b)).toBe(canonicalItem(a) === canonicalItem(b));
        const shuffled = shuffle(a);
        expect(equal(a, shuffled)).toBe(true);
        expect(canonicalItem(shuffled)).toBe(canonicalItem(a));
      }),
    );
    fc.assert(fc.property(anyValue, anyValue, (a, b) => equalValue(a, b) === same(a, b)));
  });

  test('an item survives the wire', () => {
    fc.assert(fc.property(anyItem, (item) => equal(item, JSON.parse(JSON.stringify(item)))));
  });
});

/** The same item with names and set members in the opposite order. */
function shuffle(item: WireItem): WireItem {
  const entries = Object.entries(item).map(([name, value]) => [name, shuffleValue(value)] as const);
  return Object.fromEntries(entries.reverse());
}

function shuffleValue(value: AttributeValue): AttributeValue {
  const [type, inner] = Object.entries(value)[0] as [string, unknown];
  if (type === 'M') return { M: shuffle(inner as WireItem) };
  if (type === 'L') return { L: (inner as AttributeValue[]).map(shuffleValue) };
  return Array.isArray(inner) ? { [type]: [...inner].reverse() } : value;
}

describe('bytes', () => {
  test('are counted as node counts them', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => utf8Bytes(text) === Buffer.byteLength(text)));
    expect(utf8Bytes('\ud800')).toBe(3);
    expect(utf8Bytes('\ud83d\ude00\udc00x')).toBe(8);
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(base64Bytes(Buffer.from(bytes).toString('base64'))).toBe(bytes.length);
        expect(base64Url(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
      }),
    );
  });
});
