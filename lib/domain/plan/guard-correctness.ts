/** Guardrails about the data itself: items that differ, and items that TerraScale lacks. */
import { formatCount } from '../units';
import { percent, type Rail, rateOf } from './guard-rates';
import type { GuardAction } from './guard-rules';
import type { ShadowWindow, WindowCounts } from './guardrails';

export const MISMATCHES_TRIP = 3;
export const MISMATCHES_ROLL_BACK = 10;
/** Items compared from which a share of them counts beside the number. */
export const RATE_COMPARED_MIN = 10_000;
/** Items compared from which none that differs says something. */
export const COMPARED_MIN = 1_000;
/** Reads that should have been repeated, and none was compared: then something is wrong with the comparing. */
const EXPECTED_MIN = 50;

export const correctnessRails = (counts: WindowCounts): Rail[] => [mismatches(counts), missing(counts.shadow)];

const ratchet = (of: { back: boolean; pause: boolean; warn: boolean }): GuardAction =>
  of.back ? 'roll_back' : of.pause ? 'pause' : of.warn ? 'warn' : 'none';

/** Differences that shadow reads confirmed in the last ten minutes, and those of the last verification that are open. */
function mismatches({ shadow, mismatchesOpen: open }: WindowCounts): Rail {
  const name = 'mismatches';
  const limit = `fewer than ${MISMATCHES_TRIP}, reads go back from ${MISMATCHES_ROLL_BACK} in 10 min or above 0.1 %`;
  const isRate = shadow.compared >= RATE_COMPARED_MIN;
  const ppm = isRate ? (rateOf(shadow.differing, shadow.compared) ?? 0) : 0;
  const found = shadow.differing + open;
  const action = ratchet({
    back: shadow.differing >= MISMATCHES_ROLL_BACK || open >= MISMATCHES_ROLL_BACK || ppm > 1_000,
    pause: found >= MISMATCHES_TRIP || ppm > 100,
    warn: found > 0,
  });
  const verified = open === 0 ? 'No mismatch is open' : `Open mismatches: ${formatCount(open)}`;
  if (shadow.milli === 0) {
    const observed = `${formatCount(open)}, shadow reads off`;
    return { name, action, sentence: `${verified}; shadow reads are off.`, observed, limit };
  }
  const compared = `${formatCount(shadow.differing)} of ${formatCount(shadow.compared)} items that shadow reads compared in 10 min ${shadow.differing === 1 ? 'differs' : 'differ'}`;
  const observed = `${formatCount(found)}; ${formatCount(shadow.compared)} compared`;
  if (action !== 'none') return { name, action, sentence: `${verified}; ${compared}.`, observed, limit };
  if (isBlind(shadow)) {
    const sentence = `Shadow reads compared nothing in 10 min: ${formatCount(shadow.failed)} failed, ${formatCount(shadow.dropped)} were dropped.`;
    return { name, action, lacks: 'no_data', sentence, observed: 'nothing compared', limit };
  }
  const few = shadow.compared < COMPARED_MIN;
  const sentence = few
    ? `${verified}; ${compared}, and fewer than ${formatCount(COMPARED_MIN)} are not enough to judge.`
    : `${verified}; ${compared}.`;
  return { name, action, ...(few ? { lacks: 'not_enough' as const } : {}), sentence, observed, limit };
}

const isBlind = (shadow: ShadowWindow): boolean =>
  shadow.compared === 0 &&
  shadow.failed + shadow.dropped > 0 &&
  (shadow.reads * shadow.milli) / 100_000 >= EXPECTED_MIN;

/**
 * What TerraScale lacked and DynamoDB had. A read that fell back was not looked at twice: a write between its two
 * questions looks the same, so by itself it warns, and pauses only as a rate. What shadow reads found was rechecked.
 */
function missing(shadow: ShadowWindow): Rail {
  const { missing: real, missingCompared, fallbackMissing, fallbackReads } = shadow;
  const realPpm = missingCompared >= RATE_COMPARED_MIN ? (rateOf(real, missingCompared) ?? 0) : 0;
  const fallbackPpm = rateOf(fallbackMissing, fallbackReads) ?? 0;
  const action = ratchet({
    back: real >= MISMATCHES_ROLL_BACK || (real >= MISMATCHES_TRIP && realPpm > 100),
    pause: real >= MISMATCHES_TRIP || (fallbackMissing >= MISMATCHES_TRIP && fallbackPpm > 1_000),
    warn: real + fallbackMissing > 0,
  });
  const observed = `${formatCount(real)} by shadow reads, ${formatCount(fallbackMissing)} of ${formatCount(fallbackReads)} reads fell back`;
  return {
    name: 'missing',
    action,
    sentence:
      real + fallbackMissing === 0
        ? 'Nothing that was read was missing on TerraScale in the last 5 min.'
        : `Missing on TerraScale in the last 5 min: ${observed}${fallbackReads > 0 ? ` (${percent(fallbackPpm)})` : ''}.`,
    observed,
    limit: `fewer than ${MISMATCHES_TRIP}, reads go back from ${MISMATCHES_ROLL_BACK} confirmed in 5 min`,
  };
}
