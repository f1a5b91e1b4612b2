import { describe, expect, test } from 'vitest';
import { FakeClock } from '@/lib/testing/fake-clock';
import { Quota } from './quota';

const quotaOf = (profile: { requestsPerSecond: number; requestsPerMonth: number }, clock = new FakeClock()) => ({
  clock,
  quota: new Quota(profile, null, () => clock.nowMs()),
});
const take = (quota: Quota, times: number) => Array.from({ length: times }, () => quota.take().ok);

describe('a quota', () => {
  test('lets a second of requests through at once and then as many as come back with time', () => {
    const { clock, quota } = quotaOf({ requestsPerSecond: 10, requestsPerMonth: 1_000 });
    expect(take(quota, 11).filter(Boolean)).toHaveLength(10);
    expect(quota.take()).toMatchObject({ ok: false, retryAfterS: 1, limit: 10 });
    clock.advance(300);
    expect(take(quota, 5).filter(Boolean)).toHaveLength(3);
  });

  test('refused requests cost nothing of the month', () => {
    const { quota } = quotaOf({ requestsPerSecond: 2, requestsPerMonth: 1_000 });
    take(quota, 50);
    expect(quota.usedThisMonth).toBe(2);
  });

  test('a used-up month says when the next one begins, and begins anew then', () => {
    const { clock, quota } = quotaOf({ requestsPerSecond: 100, requestsPerMonth: 3 });
    take(quota, 3);
    const verdict = quota.take();
    expect(verdict).toMatchObject({ ok: false, limit: 3, resetAtS: Date.UTC(2026, 1, 1) / 1000 });
    clock.advance(31 * 86_400_000);
    expect(quota.take().ok).toBe(true);
  });
});
