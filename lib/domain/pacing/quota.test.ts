import { expect, test } from 'vitest';
import { burnDown, burnPoints, quotaLeft, quotaReason, quotaWarning } from './quota';

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

test('draws what was left at the end of each day, up to now, and forgets no request that has no day', () => {
  const nowMs = Date.UTC(2026, 10, 3, 12);
  const days = [
    { day: '2026-11-01', requests: 100 },
    { day: '2026-11-03', requests: 50 },
  ];
  expect(burnPoints({ ...quota, used: 170 }, { days, nowMs })).toEqual([
    { atMs: Date.UTC(2026, 10, 1), remaining: 980 },
    { atMs: Date.UTC(2026, 10, 2), remaining: 880 },
    { atMs: Date.UTC(2026, 10, 3), remaining: 880 },
    { atMs: nowMs, remaining: 830 },
  ]);
});

test('warns before the quota is used up: from its pace once a tenth is used, and from 80 % on', () => {
  const at = { name: 'Target', nowMs: tenth };
  expect(quotaWarning({ ...quota, used: 300 }, at)).toBeNull();
  expect(quotaWarning(quota, at)).toBe(
    "40 % of the monthly quota of Target is used, 600 requests are left; at this month's pace they end in 15d, before the month does.",
  );
  expect(quotaWarning({ ...quota, used: 90 }, { ...at, nowMs: Date.UTC(2026, 10, 1, 1) })).toBeNull();
  expect(quotaWarning({ ...quota, used: 820 }, { ...at, nowMs: Date.UTC(2026, 10, 30) })).toBe(
    '82 % of the monthly quota of Target is used, 180 requests are left.',
  );
});
