import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { highestStopWithin, nextStop, positionOf, previousStop, STOPS_MILLI, shareAt } from './share-scale';

const share = fc.integer({ min: 0, max: 100_000 });

describe('the scale of the read-share slider', () => {
  it('spreads the stops evenly and gives each back', () => {
    expect(STOPS_MILLI.map(positionOf)).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(STOPS_MILLI.map((stop) => shareAt(positionOf(stop)))).toEqual([...STOPS_MILLI]);
  });

  it('rises with the share', () => {
    fc.assert(fc.property(share, share, (a, b) => a >= b || positionOf(a) < positionOf(b)));
  });

  it('never leaves 0 to 100 %, wherever the pointer is', () => {
    fc.assert(
      fc.property(fc.double({ min: -5, max: 5, noNaN: true }), (position) => {
        const milli = shareAt(position);
        return Number.isInteger(milli) && milli >= 0 && milli <= 100_000;
      }),
    );
  });

  it('goes stop to stop by arrows, from any share', () => {
    expect([0, 1, 1_000, 12_345, 100_000].map(nextStop)).toEqual([1_000, 1_000, 10_000, 50_000, 100_000]);
    expect([0, 1, 1_000, 12_345, 100_000].map(previousStop)).toEqual([0, 0, 0, 10_000, 50_000]);
  });

  it('ends at the highest allowed stop and not above', () => {
    expect([0, 999, 1_000, 99_999, 100_000].map(highestStopWithin)).toEqual([0, 0, 1_000, 50_000, 100_000]);
  });
});
