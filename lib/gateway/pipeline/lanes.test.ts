import { describe, expect, it } from 'vitest';
import { Lanes } from './lanes';

describe('lanes', () => {
  it('let one request of a key at a time through, in the order of their coming', async () => {
    const lanes = new Lanes<never>();
    const order: number[] = [];
    const first = await lanes.take(['a']);
    const others = [1, 2, 3].map(async (n) => {
      const taken = await lanes.take(['a']);
      order.push(n);
      lanes.give(taken);
    });
    expect(order).toEqual([]);
    lanes.give(first);
    await Promise.all(others);
    expect(order).toEqual([1, 2, 3]);
    expect(lanes.size).toBe(0);
  });

  it('of several keys are taken in sorted order, so that two requests never block each other', async () => {
    const lanes = new Lanes<never>();
    let done = 0;
    const crossing = Array.from({ length: 200 }, async (_, n) => {
      const taken = await lanes.take(n % 2 === 0 ? ['a', 'b', 'c'] : ['c', 'b', 'a']);
      await Promise.resolve();
      lanes.give(taken);
      done += 1;
    });
    await Promise.all(crossing);
    expect([done, lanes.size]).toEqual([200, 0]);
  });
});
