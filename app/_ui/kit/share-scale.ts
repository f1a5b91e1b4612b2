/** Usual stops of a read share, in thousandths of a percent. */
export const STOPS_MILLI = [0, 1_000, 10_000, 50_000, 100_000] as const;
export const SHARE_MILLI_MAX = 100_000;

/** Where a share stands on the slider, 0 to 1. Stops are spread evenly, so that 1 % is not a hair beside 0. */
export function positionOf(milli: number): number {
  const share = Math.min(SHARE_MILLI_MAX, Math.max(0, milli));
  const upper = STOPS_MILLI.findIndex((stop) => stop >= share);
  if (upper <= 0) return 0;
  const [from, to] = [STOPS_MILLI[upper - 1]!, STOPS_MILLI[upper]!];
  return (upper - 1 + (share - from) / (to - from)) / (STOPS_MILLI.length - 1);
}

// A stop catches what comes this near, as a part of the track.
const CATCH = 0.03;

/** The share under a point of the slider, caught by a stop when near it, else whole percents (tenths below 1 %). */
export function shareAt(position: number): number {
  const spans = STOPS_MILLI.length - 1;
  const place = Math.min(1, Math.max(0, position)) * spans;
  const nearest = Math.round(place);
  if (Math.abs(place - nearest) / spans <= CATCH) return STOPS_MILLI[nearest]!;
  const lower = Math.floor(place);
  const [from, to] = [STOPS_MILLI[lower]!, STOPS_MILLI[lower + 1]!];
  const grain = lower === 0 ? 100 : 1_000;
  return Math.round((from + (place - lower) * (to - from)) / grain) * grain;
}

export const nextStop = (milli: number): number => STOPS_MILLI.find((stop) => stop > milli) ?? SHARE_MILLI_MAX;
export const previousStop = (milli: number): number => [...STOPS_MILLI].reverse().find((stop) => stop < milli) ?? 0;
export const highestStopWithin = (milliMax: number): number =>
  [...STOPS_MILLI].reverse().find((stop) => stop <= milliMax) ?? 0;
