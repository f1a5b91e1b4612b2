/** TerraScale's plans: requests a second (a bucket that holds one second) and requests a month. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

export interface QuotaProfile {
  requestsPerSecond: number;
  requestsPerMonth: number;
}
export const QUOTA_PROFILES = {
  demo: { requestsPerSecond: 1_000, requestsPerMonth: 100_000_000 },
  free: { requestsPerSecond: 100, requestsPerMonth: 10_000 },
  pro: { requestsPerSecond: 1_000, requestsPerMonth: 1_000_000 },
} as const satisfies Record<string, QuotaProfile>;
export type QuotaName = keyof typeof QUOTA_PROFILES;

export type QuotaVerdict =
  | { ok: true; remaining: number }
  | { ok: false; retryAfterS: number; limit: number; resetAtS: number; detail: string };

const SAVE_EVERY_MS = 1_000;

const monthOf = (nowMs: number) => new Date(nowMs).toISOString().slice(0, 7);
const nextMonthS = (nowMs: number) => {
  const at = new Date(nowMs);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1) / 1000;
};

export class Quota {
  #profile: QuotaProfile;
  #tokens: number;
  #filledAtMs: number;
  #month: string;
  #usedThisMonth = 0;
  #savedAtMs = 0;

  constructor(
    profile: QuotaProfile,
    private readonly file: string | null = null,
    private readonly nowMs: () => number = Date.now,
  ) {
    this.#profile = profile;
    this.#tokens = profile.requestsPerSecond;
    this.#filledAtMs = nowMs();
    this.#month = monthOf(nowMs());
    if (file === null || !existsSync(file)) return;
    const kept = JSON.parse(readFileSync(file, 'utf8')) as { month: string; used: number };
    if (kept.month === this.#month) this.#usedThisMonth = kept.used;
  }

  get profile(): QuotaProfile {
    return this.#profile;
  }
  get usedThisMonth(): number {
    return this.#usedThisMonth;
  }

  setProfile(profile: QuotaProfile): void {
    this.#profile = profile;
    this.#tokens = Math.min(this.#tokens, profile.requestsPerSecond);
  }

  /** Takes one request from the quota, or says when to come again. Refused requests cost nothing. */
  take(): QuotaVerdict {
    const nowMs = this.nowMs();
    const { requestsPerSecond, requestsPerMonth } = this.#profile;
    if (monthOf(nowMs) !== this.#month) {
      this.#month = monthOf(nowMs);
      this.#usedThisMonth = 0;
    }
    const gained = ((nowMs - this.#filledAtMs) / 1000) * requestsPerSecond;
    this.#tokens = Math.min(requestsPerSecond, this.#tokens + Math.max(0, gained));
    this.#filledAtMs = nowMs;
    if (this.#usedThisMonth >= requestsPerMonth) {
      const resetAtS = nextMonthS(nowMs);
      const retryAfterS = Math.max(1, Math.ceil(resetAtS - nowMs / 1000));
      return { ok: false, retryAfterS, limit: requestsPerMonth, resetAtS, detail: 'The monthly quota is used up' };
    }
    if (this.#tokens < 1) {
      const resetAtS = Math.ceil(nowMs / 1000) + 1;
      return { ok: false, retryAfterS: 1, limit: requestsPerSecond, resetAtS, detail: 'Too many requests a second' };
    }
    this.#tokens -= 1;
    this.#usedThisMonth += 1;
    if (nowMs - this.#savedAtMs > SAVE_EVERY_MS) this.save();
    return { ok: true, remaining: Math.floor(this.#tokens) };
  }

  save(): void {
    if (this.file === null) return;
    this.#savedAtMs = this.nowMs();
    writeFileSync(`${this.file}.new`, JSON.stringify({ month: this.#month, used: this.#usedThisMonth }));
    renameSync(`${this.file}.new`, this.file);
  }
}
