import { describe, expect, test } from 'vitest';
import { PROFILES } from './facts';
import { recommendStrategy } from './recommend-strategy';
import { isTimeoutTooLong, settingFaults } from './setting-bounds';

describe('settings', () => {
  test('of both profiles are within their own bounds', () => {
    for (const profile of Object.values(PROFILES)) {
      expect(settingFaults(profile)).toEqual({});
      expect(isTimeoutTooLong(profile)).toBe(false);
    }
  });

  test('of production cannot be talked down to those of a rehearsal', () => {
    const hasty = { ...PROFILES.production, deltaMs: 3_000, backupMs: 60_000 };
    expect(Object.keys(settingFaults(hasty)).sort()).toEqual(['backupMs', 'deltaMs']);
    expect(settingFaults({ ...hasty, profile: 'rehearsal' })).toEqual({});
  });

  test('are whole numbers', () => {
    expect(settingFaults({ ...PROFILES.rehearsal, holdMsMax: Number.NaN, deltaMs: 1_500.5 })).toMatchObject({
      holdMsMax: expect.any(String),
      deltaMs: expect.any(String),
    });
  });
});

describe('the recommended strategy', () => {
  const size = { tables: 1, itemCount: 1_000, sizeBytes: 100_000 };
  test('is dual write whenever writes may not stop', () => {
    expect(recommendStrategy({ ...size, mayStopWrites: false }).strategy).toBe('dual_write');
  });
  test('is big bang for a small copy where writes may stop', () => {
    expect(recommendStrategy({ ...size, mayStopWrites: true }).strategy).toBe('big_bang');
    expect(recommendStrategy({ ...size, itemCount: 10_000_000, mayStopWrites: true }).strategy).toBe('dual_write');
  });
  test('is in waves for many tables', () => {
    expect(recommendStrategy({ ...size, tables: 12, mayStopWrites: false }).strategy).toBe('incremental');
  });
});
