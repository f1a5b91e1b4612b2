import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keptBytes } from '@/lib/testing/kept-by-collections';
import { PassingMap } from './passing-map';

describe('a map whose entries pass', () => {
  test('does what a Map does', () => {
    const step = fc.record({ isSet: fc.boolean(), key: fc.nat(40), value: fc.nat() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 2_000 }), (steps) => {
        const known = new Map<number, number>();
        const passing = new PassingMap<number, number>();
        for (const { isSet, key, value } of steps) {
          if (isSet) {
            known.set(key, value);
            passing.set(key, value);
          } else expect(passing.delete(key)).toBe(known.delete(key));
          expect(passing.get(key)).toBe(known.get(key));
          expect(passing.has(key)).toBe(known.has(key));
          expect(passing.size).toBe(known.size);
        }
        expect([...passing.keys()]).toEqual([...known.keys()]);
        expect([...passing.values()]).toEqual([...known.values()]);
      }),
      { numRuns: 50 },
    );
  });

  /** 200 rounds of 50 entries that hold 4 KB each: 40 MB that nobody has any more. */
  test('keeps nothing of what has passed', () => {
    const passing = new PassingMap<string, number[]>();
    const kept = keptBytes((at) => {
      for (let n = 0; n < 50; n += 1) passing.set(`${at} ${n}`, new Array<number>(512).fill(at));
      for (let n = 0; n < 50; n += 1) passing.delete(`${at} ${n}`);
    });
    expect(kept).toBeLessThan(8 * 1024 * 1024);
  });
});
