/** The real code over stores, disk and database in memory: nothing is lost with every rule on, something is with one off. */
import { describe, expect, it } from 'vitest';
import { type Safeguard, without } from '@/lib/domain/safeguards';
import { runSchedule } from './schedule';

/** A bound for a machine that does much else; a schedule takes some ten milliseconds. */
const timeout = 120_000;
/** The first of many: `npm run simulate` runs as many as are asked for. */
const SEEDS = 120;

describe('with every rule on', { timeout }, () => {
  it('both sides end equal, nothing acknowledged is lost, and no read is older than it may be', async () => {
    const sums = { asked: 0, acknowledged: 0, marks: 0, kills: 0 };
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const result = await runSchedule(seed);
      expect(result.problems, `seed ${seed}`).toEqual([]);
      for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += result[name];
    }
    // A simulation in which nothing happens proves nothing.
    for (const count of Object.values(sums)) expect(count).toBeGreaterThan(SEEDS);
  });

  it('goes the same way each time from the same seed', async () => {
    expect(await runSchedule(17)).toEqual(await runSchedule(17));
  });
});

/** A seed that shows what becomes of it without the rule. */
const WITHOUT: [Safeguard, number][] = [
  ['authorityFirst', 26],
  ['images', 56],
  ['confirm', 5],
  ['mirrorOutlivesWait', 9],
  ['intents', 9],
  ['unknownOutcomes', 1],
  ['holdUntil', 28],
  ['settleConfirm', 264],
  ['consistentScan', 6],
  ['pageKeys', 1483],
  ['expiredAbsent', 1],
  ['recheck', 68],
  ['restartMarks', 2],
  ['dirtyToAuthority', 431],
];

describe('with one rule off', { timeout }, () => {
  it.each(WITHOUT)('a schedule fails: %s', async (rule, seed) => {
    expect((await runSchedule(seed, without(rule))).problems).not.toEqual([]);
  });
});
