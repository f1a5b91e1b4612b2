import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyKeyedItem, anyNumber, anyValue } from '@/lib/testing/item-arbitrary';
import { NAME_CASES, VALUE_CASES } from '../assessment/round-trip/cases';
import { equal, equalValue } from './compare';
import type { AttributeValue, KeySchema, WireItem } from './item';
import { isDouble, itemOfJson, jsonItemOf, TAG } from './json-data';

const SCHEMA: KeySchema = { partition: { name: 'pk', type: 'S' }, sort: { name: 'sk', type: 'N' } };

/** Over the wire and through a store that reads numbers as doubles. */
function roundTrip(item: WireItem): WireItem | null {
  const json = jsonItemOf(item, SCHEMA);
  if (!json.ok) throw new Error(json.error);
  return itemOfJson(JSON.parse(JSON.stringify(json.value)), SCHEMA);
}

describe('an item as JSON', () => {
  test('gives back every item that DynamoDB takes', () => {
    fc.assert(
      fc.property(anyKeyedItem, (item) => equal(roundTrip(item), item)),
      { numRuns: 300 },
    );
  });

  test('gives back every case of the type round trip', () => {
    const cases = Object.values(VALUE_CASES).flat();
    for (const { value } of cases) {
      const back = roundTrip({ pk: { S: 'a' }, sk: { N: '1' }, v: value });
      expect(back?.v && equalValue(back.v, value), JSON.stringify(value)).toBe(true);
    }
    const names: WireItem = JSON.parse(`{${NAME_CASES.map((name) => `${JSON.stringify(name)}:{"S":"x"}`).join()}}`);
    const item = Object.assign(names, { pk: { S: 'a' }, sk: { N: '1' } });
    expect(equal(roundTrip(item), item)).toBe(true);
  });

  test('keeps values that look like its own tags', () => {
    const map = (value: AttributeValue): AttributeValue => ({ M: { [TAG]: { S: 'B' }, value } });
    fc.assert(
      fc.property(anyValue, (value) => {
        const item = { pk: { S: 'a' }, sk: { N: '1' }, [TAG]: map(map(value)), v: { L: [map(value)] } };
        return equal(roundTrip(item), item);
      }),
      { numRuns: 100 },
    );
  });

  test('carries a number as one only where a double holds it', () => {
    expect(['0', '-0', '0.1', '12.50', '9007199254740992', '1e-7', '1E-130', '-1.5'].every(isDouble)).toBe(true);
    expect(['9007199254740993', '9.99E+125', '0.12345678901234567890'].some(isDouble)).toBe(false);
    fc.assert(
      fc.property(anyNumber, (text) => !isDouble(text) || equalValue({ N: String(Number(text)) }, { N: text })),
      { numRuns: 300 },
    );
  });

  test('is plain JSON where it can be, with the key as text', () => {
    const item = { pk: { S: 'a' }, sk: { N: '1e3' }, name: { S: 'x' }, tags: { SS: ['a'] }, ok: { BOOL: true } };
    expect(jsonItemOf(item, SCHEMA)).toEqual({
      ok: true,
      value: { pk: 'a', sk: '1000', data: { name: 'x', tags: { [TAG]: 'SS', value: ['a'] }, ok: true } },
    });
  });

  test('is no item where the key or a tag is not one of ours, rather than a part of it', () => {
    expect(itemOfJson({ pk: 'a', data: {} }, SCHEMA)).toBeNull();
    expect(itemOfJson({ pk: 'a', sk: 'no number', data: {} }, SCHEMA)).toBeNull();
    expect(itemOfJson({ pk: 'a', sk: '1', data: { v: { [TAG]: 'odd', value: 1 } } }, SCHEMA)).toBeNull();
  });
});
