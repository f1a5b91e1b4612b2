import { formatCount, formatMs, formatShare } from '../units';

/** What a copy, its verifications and a month of dual writes cost, against the limits of both stores. */
export interface ForecastInput {
  itemCount: number;
  sizeBytes: number;
  /** Writes of the application, measured by gateways; null: not measured yet. */
  liveWritesPerSecond: number | null;
  source: StoreLimits;
  target: StoreLimits;
}

export interface StoreLimits {
  requestsPerSecond: number;
  itemsPerSecond: number;
  readUnitsPerSecond: number | null;
  requestsPerMonth: number | null;
  /** Share of the rate that is kept for live traffic. */
  liveReserveMilli: number;
}

export interface Forecast {
  requestsPerMonth: number;
  requestsQuotaPerMonth: number | null;
  hours: number;
  bindsFirst: string;
  copyRequests: number;
  verifyRequests: number;
  liveRequestsPerMonth: number;
  readUnits: number;
  /** List price of the reads of DynamoDB, on demand, us-east-1, 2026-05; a table on provisioned capacity pays less. */
  readCostUsd: number;
}

/** TerraScale and DynamoDB alike: entries a batch write and keys a batch read. */
export const BATCH_WRITE_ITEMS = 25;
export const BATCH_READ_ITEMS = 100;
export const REQUEST_BYTES_MAX = 4 * 1024 * 1024;
const PAGE_BYTES = 1024 * 1024;
/** One verification after the backfill and one before the flip. */
export const VERIFICATIONS = 2;
/** A consistent read unit. */
const UNIT_BYTES = 4 * 1024;
const USD_PER_READ_UNIT = 0.125e-6;
const MONTH_S = 30 * 86_400;

/** A forecast from counts that DynamoDB refreshes every six hours: an estimate, and said to be one. */
export function forecastOf(input: ForecastInput): Forecast {
  const { itemCount: items, sizeBytes } = input;
  const itemBytes = items === 0 ? 0 : sizeBytes / items;
  // A batch is full by count or by bytes, whichever comes first.
  const perWrite = Math.max(1, Math.min(BATCH_WRITE_ITEMS, Math.floor(REQUEST_BYTES_MAX / Math.max(1, itemBytes))));
  const perRead = Math.max(1, Math.min(BATCH_READ_ITEMS, Math.floor(REQUEST_BYTES_MAX / Math.max(1, itemBytes))));
  const copyRequests = Math.ceil(items / perWrite);
  const targetPages = Math.ceil(sizeBytes / PAGE_BYTES);
  const verifyRequests = VERIFICATIONS * (Math.ceil(items / perRead) + targetPages);
  const liveRequestsPerMonth = Math.round((input.liveWritesPerSecond ?? 0) * MONTH_S);
  const requestsPerMonth = copyRequests + verifyRequests + liveRequestsPerMonth;
  const scanUnits = Math.ceil(sizeBytes / UNIT_BYTES);
  const confirmUnits = items * Math.max(1, Math.ceil(itemBytes / UNIT_BYTES));
  const readUnits = scanUnits * (1 + VERIFICATIONS) + confirmUnits;
  const limits = limitsOf(input, { copyRequests, verifyRequests, scanUnits, confirmUnits });
  const slowest = limits.reduce((worst, one) => (one.seconds > worst.seconds ? one : worst));
  const quota = input.target.requestsPerMonth;
  return {
    requestsPerMonth,
    requestsQuotaPerMonth: quota,
    hours: slowest.seconds / 3_600,
    bindsFirst:
      quota !== null && requestsPerMonth > quota
        ? `the monthly quota of TerraScale (${formatCount(requestsPerMonth)} of ${formatCount(quota)} requests)`
        : slowest.sentence,
    copyRequests,
    verifyRequests,
    liveRequestsPerMonth,
    readUnits,
    readCostUsd: readUnits * USD_PER_READ_UNIT,
  };
}

interface Limit {
  seconds: number;
  sentence: string;
}

function limitsOf(
  input: ForecastInput,
  work: { copyRequests: number; verifyRequests: number; scanUnits: number; confirmUnits: number },
): Limit[] {
  const { source, target, itemCount } = input;
  const free = (rate: number, limits: StoreLimits) => Math.max(0.001, rate * (1 - limits.liveReserveMilli / 100_000));
  const passes = 1 + VERIFICATIONS;
  const limits: Limit[] = [
    {
      seconds: (work.copyRequests + work.verifyRequests) / free(target.requestsPerSecond, target),
      sentence: `the request rate of TerraScale (${formatCount(target.requestsPerSecond)}/s, ${formatShare(target.liveReserveMilli)} kept for live traffic)`,
    },
    {
      seconds: (itemCount * passes) / free(target.itemsPerSecond, target),
      sentence: `the item rate of TerraScale (${formatCount(target.itemsPerSecond)} items/s)`,
    },
    {
      seconds: (itemCount * passes) / free(source.itemsPerSecond, source),
      sentence: `the item rate of DynamoDB (${formatCount(source.itemsPerSecond)} items/s)`,
    },
  ];
  if (source.readUnitsPerSecond !== null)
    limits.push({
      seconds: (work.scanUnits * passes + work.confirmUnits) / free(source.readUnitsPerSecond, source),
      sentence: `the read units of DynamoDB (${formatCount(source.readUnitsPerSecond)}/s)`,
    });
  return limits;
}

/** The forecast in one sentence with its numbers. */
export function sayForecast(forecast: Forecast): string {
  const live =
    forecast.liveRequestsPerMonth === 0 ? '' : ` and ${formatCount(forecast.liveRequestsPerMonth)} live writes`;
  const cost = forecast.readCostUsd < 0.01 ? 'below $0.01' : `about $${forecast.readCostUsd.toFixed(2)}`;
  return (
    `${formatCount(forecast.copyRequests)} requests to copy, ${formatCount(forecast.verifyRequests)} to verify twice${live}; ` +
    `about ${formatMs(forecast.hours * 3_600_000)} of copying and verifying; ` +
    `${formatCount(forecast.readUnits)} read units of DynamoDB (${cost}).`
  );
}
