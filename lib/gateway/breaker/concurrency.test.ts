import { describe, expect, it } from 'vitest';
import { LIMITS } from '../limits';
import { Concurrency } from './concurrency';

describe('how many requests a store is asked at once', () => {
  it('falls while they time out, once for a bunch, and never to nothing', () => {
    const it = new Concurrency();
    for (let at = 0; at < 50; at += 1) it.timedOut(0);
    expect(it.limit).toBe(Math.floor(LIMITS.storeInFlightMax * 0.9));
    for (let at = 1; at < 200; at += 1) it.timedOut(at * 100);
    expect(it.limit).toBe(LIMITS.storeInFlightMin);
  });

  it('rises by one for as many answers as it allows, up to where it began', () => {
    const it = new Concurrency();
    for (let at = 1; at < 200; at += 1) it.timedOut(at * 100);
    for (let at = 0; at <= LIMITS.storeInFlightMin; at += 1) it.answered();
    expect(it.limit).toBe(LIMITS.storeInFlightMin + 1);
    for (let at = 0; at < LIMITS.storeInFlightMax ** 2; at += 1) it.answered();
    expect(it.limit).toBe(LIMITS.storeInFlightMax);
  });
});
