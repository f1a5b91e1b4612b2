import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keptBytes } from '@/lib/testing/kept-by-collections';
import { type InLine, WaitingLine } from './waiting-line';

class One implements InLine<One> {
  ahead: One | null = null;
  behind: One | null = null;
  isInLine = false;
  readonly holds: number[];

  constructor(numbers = 0) {
    this.holds = new Array<number>(numbers).fill(0);
  }
}

describe('a line', () => {
  test('is left at its front in the order of joining, and from its midst', () => {
    const step = fc.record({ what: fc.constantFrom('join', 'leave', 'next'), who: fc.nat(9) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const all = Array.from({ length: 10 }, () => new One());
        const line = new WaitingLine<One>();
        const known = new Set<One>();
        for (const { what, who } of steps) {
          const one = all[who] as One;
          if (what === 'join') {
            line.join(one);
            known.add(one);
          } else if (what === 'leave') {
            line.leave(one);
            known.delete(one);
          } else {
            const [first = null] = known;
            expect(line.next()).toBe(first);
            if (first !== null) known.delete(first);
          }
          expect(line.size).toBe(known.size);
        }
        for (const one of all) expect(one.isInLine).toBe(known.has(one));
        for (const one of known) expect(line.next()).toBe(one);
        expect(line.next()).toBeNull();
      }),
    );
  });

  test('is named by nobody who has left it', () => {
    const [first, second, third] = [new One(), new One(), new One()];
    const line = new WaitingLine<One>();
    for (const one of [first, second, third]) line.join(one);
    line.leave(second);
    expect([second.ahead, second.behind]).toEqual([null, null]);
    expect(line.next()).toBe(first);
    expect([first.ahead, first.behind, third.ahead]).toEqual([null, null, null]);
  });

  /** 200 rounds of 50 that hold 4 KB each: 40 MB that nobody has any more. */
  test('keeps nothing of those who have left', () => {
    const line = new WaitingLine<One>();
    // It is never empty, so that each has somebody beside it, back to one that is there still.
    const early = new One();
    line.join(early);
    const kept = keptBytes(() => {
      for (let n = 0; n < 50; n += 1) {
        line.join(new One(512));
        line.next();
      }
    });
    expect(kept).toBeLessThan(8 * 1024 * 1024);
    expect(early.isInLine).toBe(false);
  });
});
