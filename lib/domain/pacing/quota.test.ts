import { expect, test } from 'vitest';
import { burnDown, quotaLeft, quotaReason } from './quota';

const tenth = Date.UTC(2026, 10, 11);
const quota = { requestsPerMonth: 1_000, used: 400, liveReserveMilli: 20_000 };

test('bulk work stops at the reserve, and what settles writes goes on to the end of the quota', () => {
  expect(quotaLeft(quota, true)).toBe(400);
  expect(quotaLeft({ ...quota, used: 800 }, true)).toBe(0);
  expect(quotaLeft({ ...quota, used: 800 }, false)).toBe(200);
  expect(quotaLeft({ ...quota, used: 2_000 }, false)).toBe(0);
});

test('bulk work never takes the last hundredth, even where nothing is reserved', () => {
  expect(quotaLeft({ ...quota, used: 989, liveReserveMilli: 0 }, true)).toBe(1);
  expect(quotaLeft({ ...quota, used: 990, liveReserveMilli: 0 }, true)).toBe(0);
});

test('projects the end of the quota from the pace of this month, and none where the month ends first', () => {
  // 400 of 1,000 in ten days: the other 600 last fifteen more.
  expect(burnDown(quota, tenth)).toEqual({
    remaining: 600,
    endsAtMs: Date.UTC(2026, 10, 26),
    monthEndsAtMs: Date.UTC(2026, 11, 1),
  });
  expect(burnDown({ ...quota, used: 100 }, tenth).endsAtMs).toBeNull();
  expect(burnDown({ ...quota, used: 0 }, tenth).endsAtMs).toBeNull();
});

test('says why bulk work waits, with its numbers', () => {
  expect(quotaReason(quota, { name: 'Target', nowMs: tenth })).toBeNull();
  expect(quotaReason({ ...quota, used: 850 }, { name: 'Target', nowMs: tenth })).toBe(
    'Monthly quota of Target: 150 of 1,000 requests are left, and 20 % is kept for live traffic; the next month begins in 20d.',
  );
});
