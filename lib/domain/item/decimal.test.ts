import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyNumber } from '@/lib/testing/item-arbitrary';
import { canonicalNumber } from './decimal';

/** The number as a fraction of whole numbers, by a route that shares nothing with the code under test. */
function exact(text: string): { scaled: bigint; scale: number } {
  const [mantissa = '', power = '0'] = text.replace(/^\+/, '').toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const scale = 300;
  const shift = scale + Number(power) - fraction.length;
  return { scaled: BigInt((whole + fraction).replace(/^-?$/, '0')) * 10n ** BigInt(shift), scale };
}

describe('canonical numbers', () => {
  test.each([
    ['1.0', '1'],
    ['.5', '0.5'],
    ['-0', '0'],
    ['+7', '7'],
    ['1e3', '1000'],
    ['1E-3', '0.001'],
    ['0.0010', '0.001'],
    ['000', '0'],
    ['0e99', '0'],
    ['5.', '5'],
    ['-12.340e1', '-123.4'],
    ['1e125', `1${'0'.repeat(125)}`],
    ['9.99e125', `999${'0'.repeat(123)}`],
    ['1e-130', `0.${'0'.repeat(129)}1`],
    ['12345678901234567890123456789012345678', '12345678901234567890123456789012345678'],
    [`1${'0'.repeat(100)}e-100`, '1'],
  ])('%s is %s', (text, canonical) => expect(canonicalNumber(text)).toBe(canonical));

  test.each([
    '',
    '.',
    '-',
    'e5',
    ' 1',
    '1 ',
    'NaN',
    'Infinity',
    '0x10',
    '1e',
    '1_000',
    '123456789012345678901234567890123456789',
    '1e126',
    '1e-131',
    '1'.padEnd(2000, '0'),
  ])('%j is no number', (text) => expect(canonicalNumber(text)).toBeNull());

  test('keep the value exactly, are their own canonical form, and are equal only for equal values', () => {
    fc.assert(
      fc.property(anyNumber, anyNumber, (a, b) => {
        const [first, second] = [canonicalNumber(a) as string, canonicalNumber(b) as string];
        expect(exact(first)).toEqual(exact(a));
        expect(canonicalNumber(first)).toBe(first);
        expect(first === second).toBe(exact(a).scaled === exact(b).scaled);
      }),
    );
  });
});
