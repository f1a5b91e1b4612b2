import { describe, expect, it } from 'vitest';
import { isInSample, samplePpm, sampleSays, sayShare, upperBound } from './sample';

/** Binomial tail summed from its definition, by multiplication: shares no line with the code under test. */
function atMost(k: number, n: number, p: number): number {
  let sum = 0;
  for (let i = 0; i <= k; i += 1) {
    let choose = 1;
    for (let j = 0; j < i; j += 1) choose *= (n - j) / (j + 1);
    sum += choose * p ** i * (1 - p) ** (n - i);
  }
  return sum;
}

describe('the bound of a sample', () => {
  it('is the rule of three where nothing differs: 0 of 100,000 is at most 30 ppm', () => {
    expect(upperBound({ compared: 100_000, different: 0 }) * 1e6).toBeCloseTo(29.96, 1);
    expect(sampleSays({ compared: 100_000, different: 0, undecided: 0 })).toBe(
      '0 of 100,000 sampled items differ: with 95 % confidence at most 30 ppm of all items do.',
    );
  });

  it('meets published limits: 1 of 10, 5 of 50, 3 of 1,000 at 95 % one-sided', () => {
    expect(upperBound({ compared: 10, different: 1 })).toBeCloseTo(0.3942, 3);
    expect(upperBound({ compared: 50, different: 5 })).toBeCloseTo(0.1991, 3);
    expect(upperBound({ compared: 1_000, different: 3 })).toBeCloseTo(0.00774, 4);
  });

  it('leaves exactly five in a hundred chances of so few at the bound itself', () => {
    for (const [n, k] of [
      [20, 0],
      [20, 7],
      [300, 2],
      [400, 30],
    ] as const) {
      expect(atMost(k, n, upperBound({ compared: n, different: k }))).toBeCloseTo(0.05, 6);
    }
  });

  it('holds in at least 95 of 100 samples of a table whose share is known', () => {
    const share = 0.004;
    let [held, state] = [0, 12345];
    const next = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
    for (let sample = 0; sample < 2_000; sample += 1) {
      let different = 0;
      for (let at = 0; at < 500; at += 1) if (next() < share) different += 1;
      if (upperBound({ compared: 500, different }) >= share) held += 1;
    }
    expect(held / 2_000).toBeGreaterThanOrEqual(0.945);
  });

  it('says nothing of the rest where nothing was compared, and all where all differ', () => {
    expect(upperBound({ compared: 0, different: 0 })).toBe(1);
    expect(upperBound({ compared: 5, different: 5 })).toBe(1);
    expect(sampleSays({ compared: 0, different: 0, undecided: 2 })).toContain('nothing is known');
  });

  it('is never rounded down', () => {
    expect(sayShare(29.01e-6)).toBe('30 ppm');
    expect(sayShare(0.012_301)).toBe('1.24 %');
  });
});

describe('the keys of a sample', () => {
  it('are about the share asked for, other ones under another salt', () => {
    const ids = Array.from({ length: 20_000 }, (_, at) => `["S#user-${at}"]`);
    const of = (salt: string) => ids.filter((id) => isInSample({ ppm: 50_000, salt }, id));
    const [first, second] = [of('a'), of('b')];
    // Four standard deviations around a thousand.
    for (const drawn of [first, second]) expect(Math.abs(drawn.length - 1_000)).toBeLessThan(4 * Math.sqrt(950));
    expect(first.filter((id) => second.includes(id)).length).toBeLessThan(100);
  });

  it('are all of a table that has hardly more than was asked for', () => {
    expect(samplePpm(1_000, 500)).toBeNull();
    expect(samplePpm(1_000, 0)).toBeNull();
    expect(samplePpm(1_000, 1_000_000)).toBe(1_000);
    expect(samplePpm(300, 10_000_000_000)).toBe(1);
  });
});
