import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fullJitterMs } from './backoff';
import {
  type BudgetState,
  charge,
  FACTOR_MIN,
  giveBack,
  openBudget,
  refill,
  take,
  throttled,
  withoutReserve,
} from './budget';
import { packBatches, REQUEST_FRAME_BYTES } from './pack';
import { limitReason, throttleReason } from './reason';

const limits = { requestsPerSecond: 100, itemsPerSecond: 1000 };
const one = { requests: 1, items: 1 };

/** Sends as fast as the budget lets it and returns the times of sending. */
function drive(
  start: BudgetState,
  options: { untilMs: number; items: number },
): { times: number[]; state: BudgetState } {
  let state = start;
  let nowMs = start.atMs;
  const times: number[] = [];
  while (nowMs < options.untilMs) {
    const grant = take(state, limits, { cost: { requests: 1, items: options.items }, nowMs });
    state = grant.state;
    if (grant.waitMs === 0) times.push(nowMs);
    nowMs += grant.waitMs;
  }
  return { times, state };
}

describe('budget', () => {
  test('holds both rates over any ten seconds', () => {
    expect(drive(openBudget(limits, 0), { untilMs: 10_000, items: 1 }).times.length).toBeLessThanOrEqual(1025);
    expect(drive(openBudget(limits, 0), { untilMs: 10_000, items: 1 }).times.length).toBeGreaterThan(950);
    const batches = drive(openBudget(limits, 0), { untilMs: 10_000, items: 25 }).times.length;
    expect(batches).toBeLessThanOrEqual(411);
    expect(batches).toBeGreaterThan(390);
  });

  test('a cost above the bucket waits for a full bucket and is paid back', () => {
    const first = take(openBudget(limits, 0), limits, { cost: { requests: 1, items: 2000 }, nowMs: 0 });
    expect(first.waitMs).toBe(0);
    const second = take(first.state, limits, { cost: one, nowMs: 0 });
    expect(second.waitMs).toBeGreaterThanOrEqual(1751);
  });

  test('obeys Retry-After exactly', () => {
    const state = throttled(openBudget(limits, 0), limits, { retryAfterMs: 5_000, nowMs: 100 });
    expect(take(state, limits, { cost: one, nowMs: 100 }).waitMs).toBe(5_000);
    expect(take(state, limits, { cost: one, nowMs: 5_099 }).waitMs).toBe(1);
    expect(take(state, limits, { cost: one, nowMs: 5_100 }).waitMs).toBe(0);
    const shorter = throttled(state, limits, { retryAfterMs: 1_000, nowMs: 200 });
    expect(shorter.blockedUntilMs).toBe(5_100);
  });

  test('goes down by half once a second and never to nothing', () => {
    let state = openBudget(limits, 0);
    for (let nowMs = 0; nowMs < 900; nowMs += 100) state = throttled(state, limits, { retryAfterMs: null, nowMs });
    expect(state.factor).toBe(0.5);
    expect(state.throttles).toBe(9);
    for (let nowMs = 1_000; nowMs < 60_000; nowMs += 1_000)
      state = throttled(state, limits, { retryAfterMs: 0, nowMs });
    expect(state.factor).toBe(FACTOR_MIN);
    expect(take(state, limits, { cost: one, nowMs: 70_000 }).waitMs).toBe(0);
  });

  test('rises slowly, and only after the pause of the store', () => {
    const state = throttled(openBudget(limits, 0), limits, { retryAfterMs: null, nowMs: 0 });
    expect(refill(state, limits, 1_000).factor).toBe(0.5);
    expect(refill(state, limits, 6_000).factor).toBeCloseTo(0.6);
    expect(refill(state, limits, 27_000).factor).toBe(1);
  });

  test('after a time that the store named it is back soon at nine tenths of what was taken, then slow', () => {
    const state = throttled(openBudget(limits, 0), limits, { retryAfterMs: 10_000, nowMs: 0 });
    expect(refill(state, limits, 10_000).factor).toBe(0.5);
    expect(refill(state, limits, 12_000).factor).toBeCloseTo(0.9);
    expect(refill(state, limits, 14_500).factor).toBeCloseTo(0.95);
    expect(refill(state, limits, 17_100).factor).toBe(1);
    // Refused again on the way up: what is known is less, so that a store that takes half is not asked for the whole.
    const again = throttled(state, limits, { retryAfterMs: 1_000, nowMs: 10_000 });
    expect(again.factor).toBe(0.25);
    expect(refill(again, limits, 12_000).factor).toBeCloseTo(0.45);
    expect(refill(again, limits, 17_000).factor).toBeCloseTo(0.55);
  });

  test('grows the same in one step and in many', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 2_000 }), { minLength: 1, maxLength: 20 }), (steps) => {
        const start = throttled(openBudget(limits, 0), limits, { retryAfterMs: 700, nowMs: 0 });
        let state = start;
        for (const step of steps) state = refill(state, limits, state.atMs + step);
        expect(state.factor).toBeCloseTo(refill(start, limits, state.atMs).factor, 9);
      }),
    );
  });

  test('a clock that goes back gives nothing', () => {
    const state = openBudget(limits, 1_000);
    expect(refill(state, limits, 0)).toBe(state);
  });

  test('read units are paid back before the next request', () => {
    const units = { ...limits, readUnitsPerSecond: 100 };
    const state = charge(openBudget(units, 0), 128);
    expect(take(state, units, { cost: one, nowMs: 0 }).waitMs).toBe(1_280);
    expect(take(state, units, { cost: one, nowMs: 1_280 }).waitMs).toBe(0);
    expect(take(state, limits, { cost: one, nowMs: 1 }).waitMs).toBe(0);
    expect(charge(state, null)).toBe(state);
  });

  test('the share of live traffic is not the workers’', () => {
    const units = { ...limits, readUnitsPerSecond: 50 };
    expect(withoutReserve(units, 20_000)).toEqual({
      requestsPerSecond: 80,
      itemsPerSecond: 800,
      readUnitsPerSecond: 40,
    });
    const nothing = withoutReserve(limits, 100_000);
    expect(take(openBudget(nothing, 0), nothing, { cost: one, nowMs: 0 }).waitMs).toBe(Number.POSITIVE_INFINITY);
  });

  test('says why it is slow, with its numbers', () => {
    const state = throttled(openBudget(limits, 0), limits, { retryAfterMs: 5_000, nowMs: 0 });
    const at = (nowMs: number) => throttleReason(state, limits, { name: 'Target', nowMs });
    expect(at(2_000)).toBe('Target asked to wait: 3 s left, then 50 of 100 requests/s.');
    expect(at(7_000)).toBe('Target throttled: 90 of 100 requests/s, back at the limit in 5 s.');
    expect(at(60_000)).toBeNull();
    expect(limitReason(limits, { name: 'Target', waitMs: 10 })).toBe(
      'At the limit of Target: 100 requests/s, 1,000 items/s; next request in 10 ms.',
    );
  });

  test('what a page was granted and did not hold is there for the next', () => {
    const page = { requests: 1, items: 1_000 };
    const first = take(openBudget(limits, 0), limits, { cost: page, nowMs: 0 });
    expect(take(giveBack(first.state, 1_000), limits, { cost: { requests: 1, items: 1 }, nowMs: 0 }).waitMs).toBe(0);
    const full = take(giveBack(first.state, 1_000_000), limits, { cost: page, nowMs: 1 });
    expect(take(full.state, limits, { cost: page, nowMs: 1 }).waitMs).toBeGreaterThan(0);
    expect(giveBack(first.state, 0)).toBe(first.state);
  });
});

describe('back-off', () => {
  test('is uniform below a doubling bound and never above the cap', () => {
    const rule = { baseMs: 100, capMs: 1_000 };
    expect([1, 2, 3, 4, 5, 99].map((attempt) => fullJitterMs(attempt, rule, 0.9999))).toEqual([
      99, 199, 399, 799, 999, 999,
    ]);
    expect(fullJitterMs(5, rule, 0)).toBe(0);
  });
});

describe('packing', () => {
  const entry = fc.record({
    keyId: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz'),
    bytes: fc.integer({ min: 1, max: 900 }),
  });

  test('no batch exceeds either limit, no key is in it twice, the last entry of a key wins, nothing is lost', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 60 }), (entries) => {
        const limits = { itemsMax: 5, bytesMax: REQUEST_FRAME_BYTES + 800 };
        const { batches, oversized } = packBatches(entries, limits, (one) => one.bytes);
        for (const batch of batches) {
          expect(batch.length).toBeGreaterThan(0);
          expect(batch.length).toBeLessThanOrEqual(5);
          expect(batch.reduce((sum, one) => sum + one.bytes, 0)).toBeLessThanOrEqual(800);
        }
        const packed = [...batches.flat(), ...oversized];
        const latest = new Map(entries.map((one) => [one.keyId, one]));
        expect(packed.length).toBe(latest.size);
        for (const one of packed) expect(latest.get(one.keyId)).toBe(one);
        for (const one of oversized) expect(one.bytes).toBeGreaterThan(800);
      }),
    );
  });
});
