import type { PlanSettings } from './facts';

/** Settings that a person may change one by one, each with its bounds; durations are milliseconds. */
export const SETTING_BOUNDS = {
  deltaMs: { min: 1_000, max: 900_000, says: 'Δ, the longest life of an abandoned request' },
  mirrorWaitMsMax: { min: 0, max: 5_000, says: 'how long an application waits for the mirror' },
  holdMsMax: { min: 500, max: 30_000, says: 'the hold bound of a fence' },
  storeTimeoutMs: { min: 100, max: 14_000, says: 'the time-out of one store request' },
  fenceDirtyMax: { min: 0, max: 10_000, says: 'dirty keys at the start of a fence' },
  dirtyCountMax: { min: 0, max: 1_000_000, says: 'dirty keys at which reads may begin to shift' },
  recheckDelayMs: { min: 100, max: 60_000, says: 'the delay of a recheck' },
  routableReadsMin: { min: 1, max: 10_000_000, says: 'reads that a share must have been observed on' },
  verificationFreshMs: { min: 60_000, max: 7 * 86_400_000, says: 'how long a verification is fresh' },
  unroutableWindowMs: { min: 1_000, max: 7 * 86_400_000, says: 'the window without unroutable reads' },
  backupMs: { min: 1_000, max: 365 * 86_400_000, says: 'the backup clock' },
  feedAgeMsMax: { min: 1_000, max: 300_000, says: 'the oldest feed of dirty keys that a gateway trusts' },
  approvalMs: { min: 60_000, max: 7 * 86_400_000, says: 'how long an approval counts' },
} as const satisfies Partial<Record<keyof PlanSettings, { min: number; max: number; says: string }>>;
export type SettingName = keyof typeof SETTING_BOUNDS;
export const SETTING_NAMES = Object.keys(SETTING_BOUNDS) as SettingName[];

/** A rehearsal waits seconds; production may not be talked down to that. */
export const PRODUCTION_MIN: Partial<Record<SettingName, number>> = {
  deltaMs: 10_000,
  unroutableWindowMs: 600_000,
  backupMs: 86_400_000,
};

/** Sentences for settings out of bounds, by name; empty where all are right. */
export function settingFaults(settings: PlanSettings): Partial<Record<SettingName, string>> {
  const faults: Partial<Record<SettingName, string>> = {};
  for (const name of SETTING_NAMES) {
    const { max, says } = SETTING_BOUNDS[name];
    const least = settings.profile === 'production' ? PRODUCTION_MIN[name] : undefined;
    const min = Math.max(SETTING_BOUNDS[name].min, least ?? 0);
    const value = settings[name];
    if (!Number.isInteger(value) || value < min || value > max)
      faults[name] = `${says.charAt(0).toUpperCase()}${says.slice(1)} must be from ${min} to ${max}.`;
  }
  return faults;
}

/** A fence can end cleanly only when no request outlives half of its hold (PROTOCOL F1b). */
export const isTimeoutTooLong = (settings: Pick<PlanSettings, 'storeTimeoutMs' | 'holdMsMax'>): boolean =>
  settings.storeTimeoutMs * 2 >= settings.holdMsMax;
