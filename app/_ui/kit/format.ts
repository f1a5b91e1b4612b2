/** Words for numbers. Every figure on a screen goes through here, so that one quantity looks one way everywhere. */
const whole = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });
const oneDecimal = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat('en-GB', { notation: 'compact', maximumFractionDigits: 1 });

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const NO_VALUE = '–';

const isNumber = (value: number | null | undefined): value is number =>
  typeof value === 'number' && Number.isFinite(value);

/** 12345 → "12,345"; nothing known → "–". */
export const formatCount = (value: number | null | undefined): string =>
  isNumber(value) ? whole.format(value) : NO_VALUE;

/** 12345 → "12.3K", for axes and tiles. */
export const formatCompact = (value: number | null | undefined): string =>
  isNumber(value) ? compact.format(value) : NO_VALUE;

/** A rate a second: one decimal below 100. */
export const formatRate = (value: number | null | undefined): string =>
  isNumber(value) ? (Math.abs(value) < 100 ? oneDecimal : whole).format(value) : NO_VALUE;

/** Bytes in powers of 1024: "3.4 MiB". */
export const formatBytes = (bytes: number | null | undefined): string => {
  if (!isNumber(bytes)) return NO_VALUE;
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${oneDecimal.format(bytes / 1024 ** power)} ${units[power]}`;
};

/** A read share of 0 to 100,000 thousandths of a percent: 10000 → "10 %", 1 → "0.001 %". */
export const formatShare = (milli: number | null | undefined): string =>
  isNumber(milli) ? `${Number((milli / 1000).toFixed(3))} %` : NO_VALUE;

/** A ratio of 0 to 1 as a percentage. */
export const formatRatio = (ratio: number | null | undefined, digits = 1): string =>
  isNumber(ratio) ? `${(ratio * 100).toFixed(digits)} %` : NO_VALUE;

/** 252000 → "4m 12s"; below a second "340 ms". At most two units. */
export const formatDuration = (ms: number | null | undefined): string => {
  if (!isNumber(ms)) return NO_VALUE;
  const span = Math.max(0, ms);
  if (span < SECOND_MS) return `${Math.round(span)} ms`;
  if (span < 10 * SECOND_MS) return `${oneDecimal.format(span / SECOND_MS)} s`;
  if (span < MINUTE_MS) return `${Math.floor(span / SECOND_MS)}s`;
  if (span < HOUR_MS) return `${Math.floor(span / MINUTE_MS)}m ${Math.floor((span % MINUTE_MS) / SECOND_MS)}s`;
  if (span < DAY_MS) return `${Math.floor(span / HOUR_MS)}h ${Math.floor((span % HOUR_MS) / MINUTE_MS)}m`;
  return `${Math.floor(span / DAY_MS)}d ${Math.floor((span % DAY_MS) / HOUR_MS)}h`;
};

/** "12 s ago", "in 3 h". Whole units, the largest that fits. */
export const formatAgo = (atMs: number, nowMs: number): string => {
  const delta = nowMs - atMs;
  const span = Math.abs(delta);
  const words =
    span < MINUTE_MS
      ? `${Math.floor(span / SECOND_MS)} s`
      : span < HOUR_MS
        ? `${Math.floor(span / MINUTE_MS)} min`
        : span < 2 * DAY_MS
          ? `${Math.floor(span / HOUR_MS)} h`
          : `${Math.floor(span / DAY_MS)} d`;
  if (span < SECOND_MS) return 'now';
  return delta >= 0 ? `${words} ago` : `in ${words}`;
};

/** Exact instant: "2026-11-22 13:51:25 UTC". */
export const formatUtc = (at: Date | string | number): string =>
  `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
