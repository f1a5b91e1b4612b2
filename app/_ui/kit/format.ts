/** The domain's words for numbers, with a dash where nothing is known, and the few that only screens need. */
import * as units from '@/lib/domain/units';

const oneDecimal = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const NO_VALUE = '–';

type Known = number | null | undefined;
const orDash =
  (say: (value: number) => string) =>
  (value: Known): string =>
    typeof value === 'number' && Number.isFinite(value) ? say(value) : NO_VALUE;

/** 12345 → "12,345". */
export const formatCount = orDash(units.formatCount);
/** 3565158 → "3.4 MB", powers of 1024. */
export const formatBytes = orDash(units.formatBytes);
/** Thousandths of a percent: 10000 → "10 %", 1 → "0.001 %". */
export const formatShare = orDash(units.formatShare);
/** 252000 → "4m 12s", 340 → "340 ms". */
export const formatDuration = orDash(units.formatMs);
/** 12345 → "12.3K", for axes and tiles. */
export const formatCompact = orDash((value) => compact.format(value));
/** A rate a second: one decimal below 100. */
export const formatRate = orDash((value) =>
  Math.abs(value) < 100 ? oneDecimal.format(value) : units.formatCount(value),
);
/** A ratio of 0 to 1 as a percentage of one decimal. */
export const formatRatio = orDash((ratio) => `${(ratio * 100).toFixed(1)} %`);

/** "12 s ago", "in 3 h". Whole units, the largest that fits. */
export const formatAgo = (atMs: number, nowMs: number): string => {
  const delta = nowMs - atMs;
  const span = Math.abs(delta);
  if (span < SECOND_MS) return 'now';
  const words =
    span < MINUTE_MS
      ? `${Math.floor(span / SECOND_MS)} s`
      : span < HOUR_MS
        ? `${Math.floor(span / MINUTE_MS)} min`
        : span < 2 * DAY_MS
          ? `${Math.floor(span / HOUR_MS)} h`
          : `${Math.floor(span / DAY_MS)} d`;
  return delta >= 0 ? `${words} ago` : `in ${words}`;
};

/** Exact instant: "2026-11-22 13:51:25 UTC". */
export const formatUtc = (at: Date | string | number): string =>
  `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
