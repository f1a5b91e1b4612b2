/** A store's monthly quota: what is left of it, when it ends at this pace, and who may still spend of it. */
import { formatCount, formatMs, formatShare } from '../units';

export interface MonthlyQuota {
  requestsPerMonth: number;
  /** Of this calendar month (UTC), by all workers and gateways. */
  used: number;
  /** Share kept for live traffic and what serves it, in thousandths of a percent. */
  liveReserveMilli: number;
}

/** Kept from bulk work even where no reserve is set: workers hear of each other's requests a second late. */
export const QUOTA_RESERVE_MILLI_MIN = 1_000;

const monthStartMs = (nowMs: number, ahead: number): number => {
  const now = new Date(nowMs);
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead, 1);
};

/** Requests that bulk work (backfill, verification) may still send this month; what settles writes may use all. */
export function quotaLeft(quota: MonthlyQuota, isBulk: boolean): number {
  const reserve = isBulk ? Math.max(QUOTA_RESERVE_MILLI_MIN, quota.liveReserveMilli) : 0;
  return Math.max(0, Math.floor(quota.requestsPerMonth * Math.max(0, 1 - reserve / 100_000)) - quota.used);
}

export interface BurnDown {
  remaining: number;
  /** When the quota ends at the month's average pace so far; null: not before the month does. */
  endsAtMs: number | null;
  monthEndsAtMs: number;
}

export function burnDown(quota: MonthlyQuota, nowMs: number): BurnDown {
  const monthEndsAtMs = monthStartMs(nowMs, 1);
  const remaining = Math.max(0, quota.requestsPerMonth - quota.used);
  const perMs = quota.used / Math.max(1, nowMs - monthStartMs(nowMs, 0));
  const endsAtMs = perMs > 0 ? nowMs + remaining / perMs : Number.POSITIVE_INFINITY;
  return { remaining, monthEndsAtMs, endsAtMs: endsAtMs < monthEndsAtMs ? Math.round(endsAtMs) : null };
}

/** One sentence once bulk work has nothing left to spend; null before. */
export function quotaReason(quota: MonthlyQuota, at: { name: string; nowMs: number }): string | null {
  if (quotaLeft(quota, true) > 0) return null;
  const { remaining, monthEndsAtMs } = burnDown(quota, at.nowMs);
  const reserve = formatShare(Math.max(QUOTA_RESERVE_MILLI_MIN, quota.liveReserveMilli));
  const of = `${formatCount(remaining)} of ${formatCount(quota.requestsPerMonth)} requests are left`;
  return `Monthly quota of ${at.name}: ${of}, and ${reserve} is kept for live traffic; the next month begins in ${formatMs(monthEndsAtMs - at.nowMs)}.`;
}

/** Share of the quota from which somebody is told, however slow the month runs. */
const TELL_MILLI = 80_000;
/** A month's pace means little before so much of the quota is used. */
const PACE_MILLI_MIN = 10_000;

/** One sentence while the quota ends before its month does, or is nearly used; null while it lasts. */
export function quotaWarning(quota: MonthlyQuota, at: { name: string; nowMs: number }): string | null {
  const { endsAtMs, remaining } = burnDown(quota, at.nowMs);
  const usedMilli = (quota.used / Math.max(1, quota.requestsPerMonth)) * 100_000;
  const isShort = endsAtMs !== null && usedMilli >= PACE_MILLI_MIN;
  if (!isShort && usedMilli < TELL_MILLI) return null;
  const used = `${formatShare(Math.floor(usedMilli / 100) * 100)} of the monthly quota of ${at.name} is used, ${formatCount(remaining)} requests are left`;
  if (endsAtMs === null) return `${used}.`;
  return `${used}; at this month's pace they end in ${formatMs(endsAtMs - at.nowMs)}, before the month does.`;
}

export interface BurnPoint {
  /** The end of the day, or now. */
  atMs: number;
  remaining: number;
}

const DAY_MS = 86_400_000;

/**
 * What was left at the end of each day of this month, from the month's first instant to now. What the month knows and no
 * day does (counted before days were) was used at its beginning.
 */
export function burnPoints(
  quota: MonthlyQuota,
  of: { days: readonly { day: string; requests: number }[]; nowMs: number },
): BurnPoint[] {
  const byDay = new Map(of.days.map(({ day, requests }) => [day, requests]));
  const undated = Math.max(0, quota.used - of.days.reduce((sum, { requests }) => sum + requests, 0));
  let used = undated;
  const left = () => Math.max(0, quota.requestsPerMonth - used);
  const points: BurnPoint[] = [{ atMs: monthStartMs(of.nowMs, 0), remaining: left() }];
  for (let fromMs = monthStartMs(of.nowMs, 0); fromMs <= of.nowMs; fromMs += DAY_MS) {
    used += byDay.get(new Date(fromMs).toISOString().slice(0, 10)) ?? 0;
    points.push({ atMs: Math.min(fromMs + DAY_MS, of.nowMs), remaining: left() });
  }
  return points;
}
