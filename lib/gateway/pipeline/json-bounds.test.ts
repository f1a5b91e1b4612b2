import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { excessIn, JSON_DEPTH_MAX, JSON_MEMBERS_MAX, JSON_VALUES_MAX, LOOKED_THROUGH_BYTES_MIN } from './json-bounds';
import { decode } from './parse';

const nested = (depth: number, inside = '1') => `${'{"L":['.repeat(depth / 2)}${inside}${']}'.repeat(depth / 2)}`;

/** Short texts are not looked through. */
const padded = (text: string) => Buffer.from(text.padEnd(LOOKED_THROUGH_BYTES_MIN + text.length, ' '));
const isTooDeep = (text: Buffer) => excessIn(padded(text.toString())) === 'depth';

describe('the depth of a body', () => {
  test('is bounded: the bound is allowed, one more is not, and brackets in strings do not count', () => {
    expect(isTooDeep(Buffer.from(nested(JSON_DEPTH_MAX)))).toBe(false);
    expect(isTooDeep(Buffer.from(nested(JSON_DEPTH_MAX, '[]')))).toBe(true);
    expect(isTooDeep(Buffer.from(JSON.stringify({ a: '[{'.repeat(500), b: `\\"${'['.repeat(500)}` })))).toBe(false);
    expect(isTooDeep(Buffer.from(`"${'['.repeat(500)}`))).toBe(false);
  });

  test('agrees with what was made', () => {
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 90, withCrossShrink: true },
        fc.string(),
        fc.array(tie('tree'), { maxLength: 2 }),
        fc.dictionary(fc.string(), tie('tree'), { maxKeys: 2 }),
      ),
    }));
    fc.assert(fc.property(tree, (value) => void expect(isTooDeep(Buffer.from(JSON.stringify(value)))).toBe(false)));
  });

  test('of 16 MB of brackets is known at the first bracket too many, and nothing is parsed', () => {
    const body = Buffer.alloc(16 * 1024 * 1024, '[');
    body.write('{"TableName":"orders","x":');
    expect(excessIn(body)).toBe('depth');
    expect(decode(body)).toBeNull();
    // What lies behind it is not looked at: the text up to there says the same.
    expect(excessIn(body.subarray(0, LOOKED_THROUGH_BYTES_MIN))).toBe('depth');
  });
});

describe('the parts of a body', () => {
  const list = (count: number, value = '1') =>
    padded(`{"x":[${Array.from({ length: count }, () => value).join(',')}]}`);

  test('of one list or object are bounded: the bound is allowed, one more is not', () => {
    expect(excessIn(list(JSON_MEMBERS_MAX + 1))).toBeNull();
    expect(excessIn(list(JSON_MEMBERS_MAX + 2))).toBe('members');
    const names = (count: number) => padded(`{${Array.from({ length: count }, (_, n) => `"k${n}":0`).join(',')}}`);
    expect(excessIn(names(JSON_MEMBERS_MAX + 1))).toBeNull();
    expect(excessIn(names(JSON_MEMBERS_MAX + 2))).toBe('members');
  });

  test('of the whole are bounded, however they are spread', () => {
    const spread = (lists: number, each: number) =>
      padded(`[${Array.from({ length: lists }, () => `[${'1,'.repeat(each)}1]`).join(',')}]`);
    expect(excessIn(spread(7, 200_000))).toBeNull();
    expect(excessIn(spread(8, 200_000))).toBe('values');
    expect(excessIn(padded(`[${'{}'.repeat(JSON_VALUES_MAX)}]`))).toBe('values');
  });

  test('in strings do not count', () => {
    expect(excessIn(padded(JSON.stringify({ a: ',{['.repeat(JSON_VALUES_MAX) })))).toBeNull();
  });

  test('of an item at the bound of DynamoDB are few enough', () => {
    // 400 KB of the smallest values that there are.
    expect(excessIn(list(204_800, '{"NULL":true}'))).toBeNull();
  });

  test('are not parsed where there are a million', () => {
    const body = Buffer.from(
      `{"TableName":"orders","Item":{${Array.from({ length: 1_000_000 }, (_, n) => `"k${n}":{}`).join(',')}}}`,
    );
    const parse = JSON.parse;
    let parsed = 0;
    JSON.parse = ((text: string, reviver?: never) => {
      parsed += 1;
      return parse(text, reviver);
    }) as typeof JSON.parse;
    try {
      expect(decode(body)).toBeNull();
    } finally {
      JSON.parse = parse;
    }
    expect(parsed).toBe(0);
  });
});
