import { expect, test } from 'vitest';
import { keySearchParts } from './key-search';

const finds = (text: string, units: string[]) => {
  const id = JSON.stringify(units);
  return keySearchParts(text).every((part) => id.includes(part));
};

test('a key is found by a piece of it, by the whole of it as screens say it, and with letters that JSON escapes', () => {
  const order = ['S#USER#1', 'N#42'];
  expect(finds('USER', order)).toBe(true);
  expect(finds('42', order)).toBe(true);
  expect(finds('USER#1 · 42', order)).toBe(true);
  expect(finds('USER#1 · 4', order)).toBe(true);
  expect(finds('USER · 42', order)).toBe(false);
  expect(finds('USER#2', order)).toBe(false);
  expect(finds('say "x"\\', ['S#say "x"\\ now'])).toBe(true);
  expect(finds('a\u0000b', ['S#a\u0000b'])).toBe(true);
});

test('an empty search asks for nothing', () => {
  expect(keySearchParts('')).toEqual([]);
  expect(keySearchParts('   ')).toEqual([]);
});
