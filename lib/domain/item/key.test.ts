import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyKeyedItem } from '@/lib/testing/item-arbitrary';
import { canonicalValue } from './canonical';
import type { KeySchema, WireItem } from './item';
import { keyFromId, keyHash, keyId, keyOf, partitionUnit, partitionUnitOfId } from './key';

const both: KeySchema = { partition: { name: 'pk', type: 'S' }, sort: { name: 'sk', type: 'N' } };
const number: KeySchema = { partition: { name: 'id', type: 'N' }, sort: null };
const binary: KeySchema = { partition: { name: 'id', type: 'B' }, sort: null };
const idOf = (item: WireItem, schema: KeySchema): string => {
  const id = keyId(item, schema);
  if (!id.ok) throw new Error(id.error.reason);
  return id.value;
};

describe('key ids', () => {
  test('two spellings of one key have one id', () => {
    expect(idOf({ id: { N: '1e3' } }, number)).toBe(idOf({ id: { N: '1000.0' } }, number));
    expect(idOf({ id: { B: 'AR==' } }, binary)).toBe(idOf({ id: { B: 'AQ==' } }, binary));
    expect(idOf({ pk: { S: 'USER#1' }, sk: { N: '042' } }, both)).toBe('["S#USER#1","N#42"]');
  });

  test('are equal exactly for equal keys, survive as text and give the key back', () => {
    fc.assert(
      fc.property(anyKeyedItem, anyKeyedItem, (a, b) => {
        const [first, second] = [idOf(a, both), idOf(b, both)];
        const isSame = ['pk', 'sk'].every((name) => canonicalValue(a[name]!) === canonicalValue(b[name]!));
        expect(first === second).toBe(isSame);
        expect(first).not.toContain('\u0000');
        const key = keyFromId(first, both);
        expect(idOf(key, both)).toBe(first);
        expect(key.pk).toEqual(a.pk);
        expect(partitionUnitOfId(first)).toBe(`S#${a.pk?.S}`);
        expect(keyHash(first)).toMatch(/^[A-Za-z0-9_-]{22}$/);
      }),
    );
  });

  test('a NUL and a lone surrogate in a key can be stored as text and come back', () => {
    const schema: KeySchema = { partition: { name: 'pk', type: 'S' }, sort: null };
    const id = idOf({ pk: { S: 'a\u0000\ud800' } }, schema);
    expect(id).toBe('["S#a\\u0000\\ud800"]');
    expect(keyFromId(id, schema)).toEqual({ pk: { S: 'a\u0000\ud800' } });
  });

  test('key attributes may have any name', () => {
    const schema: KeySchema = { partition: { name: '__proto__', type: 'S' }, sort: { name: 'constructor', type: 'S' } };
    const item = JSON.parse('{"__proto__":{"S":"p"},"constructor":{"S":"c"},"x":{"S":"y"}}') as WireItem;
    const key = keyOf(item, schema);
    expect(JSON.stringify(key.ok && key.value)).toBe('{"__proto__":{"S":"p"},"constructor":{"S":"c"}}');
    expect(JSON.stringify(keyFromId(idOf(item, schema), schema))).toBe(
      '{"__proto__":{"S":"p"},"constructor":{"S":"c"}}',
    );
    expect(keyId({}, schema)).toEqual({ ok: false, error: { reason: 'missing', attribute: '__proto__' } });
    expect(keyId({}, { partition: { name: 'toString', type: 'S' }, sort: null }).ok).toBe(false);
  });

  test.each<[string, WireItem, string]>([
    ['missing', { pk: { S: 'a' } }, 'sk'],
    ['type', { pk: { N: '1' }, sk: { N: '1' } }, 'pk'],
    ['empty', { pk: { S: '' }, sk: { N: '1' } }, 'pk'],
    ['malformed', { pk: { S: 'a' }, sk: { N: 'x' } }, 'sk'],
    ['too_long', { pk: { S: 'ä'.repeat(1025) }, sk: { N: '1' } }, 'pk'],
  ])('refuse what is %s, naming the attribute', (reason, item, attribute) => {
    expect(keyId(item, both)).toEqual({ ok: false, error: { reason, attribute } });
    expect(keyOf(item, both).ok).toBe(false);
  });

  test('units are typed, so a text never meets a number', () => {
    const unit = (item: WireItem, schema: KeySchema) => {
      const found = partitionUnit(item, schema);
      return found.ok ? found.value : null;
    };
    expect(unit({ id: { N: '1.0' } }, number)).toBe('N#1');
    expect(unit({ id: { B: 'AQI=' } }, binary)).toBe('B#AQI=');
    expect(unit({ pk: { S: '1' } }, both)).toBe('S#1');
  });
});
