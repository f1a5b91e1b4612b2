import { describe, expect, it } from 'vitest';
import type { WireOutcome } from '@/lib/adapters/ports';
import { Breaker } from './breaker';

const LIMITS = {
  ...{ failuresMax: 3, waitMsMin: 100, waitMsMax: 350, probesToClose: 2, probeMsMax: 1_000 },
  ...{ throttlePauseMs: 50, retryAfterMsMax: 10_000 },
};
const ok: WireOutcome = { kind: 'ok', status: 200, headers: {}, body: Buffer.alloc(0) };
const refused = (status: number, retryAfterMs: number | null): WireOutcome => ({
  ...{ kind: 'refused', status, headers: {}, body: Buffer.alloc(0), errorType: 'Refused', message: '' },
  retryAfterMs,
});
const unknown = (cause: 'timeout' | 'aborted' | 'server_error', headers = {}): WireOutcome => ({
  ...{ kind: 'unknown', cause, status: null, headers, body: null, message: '' },
});

function scene() {
  let nowMs = 0;
  const breaker = new Breaker({ nowMs: () => nowMs, monotonicMs: () => nowMs }, LIMITS);
  return { breaker, pass: (ms: number) => (nowMs += ms), fail: (times: number) => repeat(times, breaker) };
}
function repeat(times: number, breaker: Breaker) {
  for (let at = 0; at < times; at += 1) breaker.record(unknown('timeout'));
}

describe('the breaker of a store', () => {
  it('opens after failures in a row and not after as many with an answer between', () => {
    const { breaker, fail } = scene();
    fail(2);
    breaker.record(refused(400, null));
    fail(2);
    expect(breaker.admits()).toBe(true);
    fail(1);
    expect([breaker.state(), breaker.admits()]).toEqual(['open', false]);
  });

  it('lets one probe at a time through after its wait, and closes after enough successes', () => {
    const { breaker, fail, pass } = scene();
    fail(3);
    pass(100);
    expect(breaker.state()).toBe('half_open');
    expect([breaker.admits(), breaker.admits()]).toEqual([true, false]);
    breaker.record(ok);
    expect([breaker.admits(), breaker.admits()]).toEqual([true, false]);
    breaker.record(ok);
    expect([breaker.state(), breaker.admits(), breaker.admits()]).toEqual(['closed', true, true]);
  });

  it('waits twice as long after each failed probe, up to its bound', () => {
    const { breaker, fail, pass } = scene();
    fail(3);
    for (const waitMs of [100, 200, 350, 350]) {
      pass(waitMs - 1);
      expect(breaker.admits()).toBe(false);
      pass(1);
      expect(breaker.admits()).toBe(true);
      fail(1);
    }
  });

  it('learns nothing from requests that were under way when it opened', () => {
    const { breaker, fail, pass } = scene();
    fail(20);
    pass(100);
    expect(breaker.admits()).toBe(true);
  });

  it('gives the probe to another one when the first says nothing', () => {
    const { breaker, fail, pass } = scene();
    fail(3);
    pass(100);
    expect(breaker.admits()).toBe(true);
    pass(LIMITS.probeMsMax);
    expect(breaker.admits()).toBe(true);
  });

  it('leaves a store alone exactly as long as it asks, and counts that as no failure', () => {
    const { breaker, pass } = scene();
    for (let at = 0; at < 5; at += 1) breaker.record(refused(429, 5_000));
    expect([breaker.state(), breaker.admits(), breaker.pausedForMs()]).toEqual(['closed', false, 5_000]);
    pass(4_999);
    expect(breaker.admits()).toBe(false);
    pass(1);
    expect(breaker.admits()).toBe(true);
    breaker.record(unknown('server_error', { 'retry-after': '2' }));
    expect(breaker.pausedForMs()).toBe(2_000);
    breaker.record(refused(429, 86_400_000));
    expect(breaker.pausedForMs()).toBe(LIMITS.retryAfterMsMax);
  });

  it('does not count what a caller gave up', () => {
    const { breaker } = scene();
    for (let at = 0; at < 10; at += 1) breaker.record(unknown('aborted'));
    expect(breaker.state()).toBe('closed');
  });
});
