/** No ETA before this share of the work is done: a rate from a few pages says nothing. */
const ETA_FROM_SHARE = 0.01;
/** A rate holds within about a quarter, seen on backfills under live traffic; so the ETA is a range. */
const ETA_SPREAD = 0.25;

/** Time left "if the rate holds", as a range; null without a rate, before 1 %, and at the end. */
export function etaRangeMs(run: {
  done: number;
  total: number;
  itemsPerSecond: number | null;
}): [number, number] | null {
  const { done, total, itemsPerSecond } = run;
  if (!itemsPerSecond || itemsPerSecond <= 0 || total <= 0 || done >= total || done < total * ETA_FROM_SHARE)
    return null;
  const middleMs = ((total - done) / itemsPerSecond) * 1_000;
  return [Math.round(middleMs * (1 - ETA_SPREAD)), Math.round(middleMs * (1 + ETA_SPREAD))];
}
