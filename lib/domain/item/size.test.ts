import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyItem } from '@/lib/testing/item-arbitrary';
import { itemBytes, numberBytes } from './size';

describe('item size', () => {
  test.each([
    ['0', 1],
    ['1', 2],
    ['-1', 3],
    ['99', 2],
    ['100', 2],
    ['101', 3],
    ['10', 2],
    ['0.1', 2],
    ['0.01', 2],
    ['1.5', 3],
    ['12345', 4],
    ['1e125', 2],
    ['12345678901234567890123456789012345678', 20],
    ['-1234567890123456789012345678901234567.8', 21],
  ])('number %s takes %i bytes', (text, bytes) => expect(numberBytes(text)).toBe(bytes));

  test.each([
    [{ a: { S: 'жx' } }, 4],
    [{ ab: { B: 'AQI=' } }, 4],
    [{ a: { BOOL: false }, b: { NULL: true } }, 4],
    [{ a: { SS: ['x', 'yz'] } }, 4],
    [{ a: { NS: ['1', '22'] } }, 5],
    [{ a: { BS: ['AQ==', 'AQID'] } }, 5],
    [{ a: { L: [] }, b: { M: {} } }, 8],
    [{ a: { L: [{ S: 'x' }, { S: 'y' }] } }, 8],
    [{ a: { M: { k: { S: 'v' } } } }, 7],
  ])('%j takes %i bytes', (item, bytes) => expect(itemBytes(item)).toBe(bytes));

  test('grows with every attribute and is finite for every item', () => {
    fc.assert(
      fc.property(anyItem, (item) => {
        const bytes = itemBytes(item);
        expect(Number.isInteger(bytes)).toBe(true);
        const wrapped = { wrapped: { M: item } };
        expect(itemBytes(wrapped)).toBe(7 + 3 + bytes + Object.keys(item).length);
      }),
    );
  });
});
