import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTooDeep, JSON_DEPTH_MAX } from './json-depth';
import { decode } from './parse';

const nested = (depth: number, inside = '1') => `${'{"L":['.repeat(depth / 2)}${inside}${']}'.repeat(depth / 2)}`;

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

  test('of 16 MB of brackets is known at once, and nothing is parsed', () => {
    const body = Buffer.alloc(16 * 1024 * 1024, '[');
    body.write('{"TableName":"orders","x":');
    const startedAt = performance.now();
    for (let n = 0; n < 50; n += 1) expect(decode(body)).toBeNull();
    // Parsing it once takes seconds.
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});
