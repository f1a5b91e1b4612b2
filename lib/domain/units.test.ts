import { expect, test } from 'vitest';
import { parseShareMilli } from './units';

test.each([
  ['0', 0],
  ['1', 1_000],
  ['12.5', 12_500],
  ['12,5', 12_500],
  ['0.001', 1],
  [' 100 % ', 100_000],
])('the share %s is read as a share', (text, milli) => {
  expect(parseShareMilli(text)).toBe(milli);
});

test.each(['', 'ten', '101', '100.001', '-1', '0.0001', '1e2', '1000'])('"%s" is no share', (text) => {
  expect(parseShareMilli(text)).toBeNull();
});
