/** Guardrails that are rates or ages: errors, fall-back, pace. One bad window pauses; a roll-back needs more of them. */
import { formatCount, formatMs } from '../units';
import type { GuardAction, GuardRule } from './guard-rules';
import type { RateCounts, WindowCounts } from './guardrails';

/** A rule as it stands, before its mode is looked at. */
export interface Rail {
  name: GuardRule;
  action: GuardAction;
  /** Set where nothing can be said: no data holds, too little of it is only shown. */
  lacks?: 'no_data' | 'not_enough';
  sentence: string;
  observed: string;
  limit: string;
}

/** Below this many attempts one failure is no rate: a rail trips only from `FAILURES_MIN` on. */
export const ATTEMPTS_MIN = 200;
export const FAILURES_MIN = 3;
/** Below this share a table of few partition keys may have none in it; then no read can reach the target. */
export const SPARSE_SHARE_MILLI = 10_000;
/** Reads of a window from which percentiles of two stores are set against each other. */
export const LATENCY_READS_MIN = 500;
export const SLOW_EXTRA_MS = 20;

export const percent = (ppm: number): string => `${Number((ppm / 10_000).toFixed(3))} %`;

/** Failures in parts per million; null without an attempt. */
export const rateOf = (failed: number, attempts: number): number | null =>
  attempts <= 0 ? null : (failed / attempts) * 1_000_000;

interface Sample {
  failed: number;
  attempts: number;
}

interface RateRail {
  name: GuardRule;
  what: string;
  /** The window of now, then those before it. */
  samples: readonly Sample[];
  warnPpm: number;
  pausePpm: number;
  /** Taken back when so many windows in a row, this one included, are above; null: never. */
  rollBack: { ppm: number; windows: number } | null;
  /** What it means that nothing was attempted. */
  idle: 'ok' | 'no_data';
  idleSentence: string;
}

const isAbove = (sample: Sample | undefined, ppm: number): boolean =>
  sample !== undefined && sample.attempts >= ATTEMPTS_MIN && (rateOf(sample.failed, sample.attempts) ?? 0) > ppm;

function rateRail(rail: RateRail): Rail {
  const { name, what, rollBack } = rail;
  const { failed, attempts } = rail.samples[0] ?? { failed: 0, attempts: 0 };
  const back = rollBack
    ? `, reads go back above ${percent(rollBack.ppm)}${rollBack.windows > 1 ? ` for ${rollBack.windows} min` : ''}`
    : '';
  const limit = `at most ${percent(rail.pausePpm)}${back}`;
  const ppm = rateOf(failed, attempts);
  if (ppm === null) {
    const lacks = rail.idle === 'no_data' ? { lacks: rail.idle } : {};
    return { name, action: 'none', ...lacks, sentence: rail.idleSentence, observed: 'nothing counted', limit };
  }
  const observed = `${formatCount(failed)} of ${formatCount(attempts)}, ${percent(ppm)}`;
  const isEnough = attempts >= ATTEMPTS_MIN || failed >= FAILURES_MIN;
  const isBack =
    rollBack !== null && rail.samples.slice(0, rollBack.windows).filter((one) => isAbove(one, rollBack.ppm)).length;
  const action: GuardAction =
    rollBack !== null && isBack === rollBack.windows
      ? 'roll_back'
      : ppm > rail.pausePpm && isEnough
        ? 'pause'
        : ppm > rail.warnPpm
          ? 'warn'
          : 'none';
  const few = action === 'none' && !isEnough;
  const sentence = few
    ? `${what}: ${observed}; fewer than ${ATTEMPTS_MIN} attempts are not enough to judge.`
    : `${what}: ${observed}.`;
  return { name, action, ...(few ? { lacks: 'not_enough' as const } : {}), sentence, observed, limit };
}

interface AgeRail {
  name: GuardRule;
  what: string;
  ageMs: number | null;
  warnMs: number;
  pauseMs: number;
  rollBackMs: number;
  idle: 'ok' | 'no_data';
  idleSentence: string;
}

export function ageRail(rail: AgeRail): Rail {
  const { name, ageMs } = rail;
  const limit = `at most ${formatMs(rail.pauseMs)}, reads go back above ${formatMs(rail.rollBackMs)}`;
  if (ageMs === null) {
    const lacks = rail.idle === 'no_data' ? { lacks: rail.idle } : {};
    return { name, action: 'none', ...lacks, sentence: rail.idleSentence, observed: 'none', limit };
  }
  const action: GuardAction =
    ageMs > rail.rollBackMs ? 'roll_back' : ageMs > rail.pauseMs ? 'pause' : ageMs > rail.warnMs ? 'warn' : 'none';
  const observed = formatMs(ageMs);
  return { name, action, sentence: `${rail.what}: ${observed}.`, observed, limit };
}

const allOf = (counts: WindowCounts): RateCounts[] => [counts, ...counts.earlier];

function targetErrors(counts: WindowCounts, isHolding: boolean): Rail {
  const window = `in the last ${formatMs(counts.windowMs)}`;
  return rateRail({
    name: 'target_errors',
    what: `Errors of TerraScale ${window}`,
    samples: allOf(counts).map((one) => ({
      failed: one.targetErrors,
      attempts: Math.max(one.readsTarget + one.readsFallback + one.mirrored + one.mirrorFailed, one.targetErrors),
    })),
    warnPpm: 5_000,
    pausePpm: 10_000,
    rollBack: { ppm: 50_000, windows: 2 },
    idle: isHolding ? 'no_data' : 'ok',
    idleSentence: isHolding
      ? `Nothing was asked of TerraScale ${window}, so its errors cannot be judged.`
      : `Nothing was asked of TerraScale ${window}.`,
  });
}

/** Where the source fails as well, taking reads back would only move more of them to what fails. */
function userErrors(counts: WindowCounts): Rail {
  const window = `in the last ${formatMs(counts.windowMs)}`;
  const rail = rateRail({
    name: 'user_errors',
    what: `Errors that users saw ${window}`,
    samples: allOf(counts).map((one) => ({ failed: one.userErrors, attempts: Math.max(one.requests, one.userErrors) })),
    warnPpm: 1_000,
    pausePpm: 5_000,
    rollBack: { ppm: 10_000, windows: 2 },
    idle: 'ok',
    idleSentence: `No request came ${window}.`,
  });
  const source = rateOf(counts.sourceErrors, Math.max(counts.readsSource + counts.readsFallback + counts.writes, 1));
  if (rail.action !== 'roll_back' || (source ?? 0) <= 10_000) return rail;
  return {
    ...rail,
    action: 'pause',
    sentence: `${rail.sentence} DynamoDB fails as well, so reads are not taken back by themselves.`,
  };
}

const sourceErrors = (counts: WindowCounts): Rail =>
  rateRail({
    name: 'source_errors',
    what: `Errors of DynamoDB in the last ${formatMs(counts.windowMs)}`,
    samples: [
      {
        failed: counts.sourceErrors,
        attempts: Math.max(counts.readsSource + counts.readsFallback + counts.writes, counts.sourceErrors),
      },
    ],
    warnPpm: 5_000,
    pausePpm: 10_000,
    rollBack: null,
    idle: 'ok',
    idleSentence: `Nothing was asked of DynamoDB in the last ${formatMs(counts.windowMs)}.`,
  });

const mirrorFailures = (counts: WindowCounts): Rail =>
  rateRail({
    name: 'mirror_failures',
    what: `Mirrored writes that failed in the last ${formatMs(counts.windowMs)}`,
    samples: [{ failed: counts.mirrorFailed, attempts: counts.mirrored + counts.mirrorFailed }],
    warnPpm: 0,
    pausePpm: 10_000,
    rollBack: null,
    idle: 'ok',
    idleSentence: `No write was mirrored in the last ${formatMs(counts.windowMs)}.`,
  });

function fallback(counts: WindowCounts, isExplained: boolean): Rail {
  const window = `in the last ${formatMs(counts.windowMs)}`;
  return rateRail({
    name: 'fallback',
    what: `Reads that fell back to DynamoDB ${window}`,
    samples: allOf(counts).map((one) => ({ failed: one.readsFallback, attempts: one.readsTarget + one.readsFallback })),
    warnPpm: 1_000,
    pausePpm: 10_000,
    rollBack: { ppm: 50_000, windows: 1 },
    idle: isExplained ? 'ok' : 'no_data',
    idleSentence: isExplained
      ? `None of the keys read ${window} is in the share, so this stop proves nothing of TerraScale's reads.`
      : `No read went to TerraScale ${window}, so fall-back cannot be judged.`,
  });
}

const readsOf = (one: RateCounts): number => one.readsTarget + one.readsFallback;
const isSlow = (one: RateCounts | undefined, times: number): boolean =>
  one !== undefined &&
  readsOf(one) >= LATENCY_READS_MIN &&
  one.targetP99Ms !== null &&
  one.sourceP99Ms !== null &&
  one.targetP99Ms > one.sourceP99Ms * times &&
  one.targetP99Ms > one.sourceP99Ms + SLOW_EXTRA_MS;

/** The pace of TerraScale against that of DynamoDB in the same minute, of the same reads where they were shadowed. */
function slow(counts: WindowCounts): Rail {
  const limit = `p99 at most 2 times DynamoDB's and ${SLOW_EXTRA_MS} ms more; above 4 times for 3 min reads go back`;
  const { targetP99Ms: target, sourceP99Ms: source } = counts;
  const name = 'slow';
  const reads = readsOf(counts);
  if (reads < LATENCY_READS_MIN || target === null || source === null) {
    const inWindow = `in the last ${formatMs(counts.windowMs)}`;
    const sentence =
      reads < LATENCY_READS_MIN
        ? `Pace: ${formatCount(reads)} reads of TerraScale ${inWindow}; at least ${LATENCY_READS_MIN} are needed to judge.`
        : `Pace: too few reads of ${source === null ? 'DynamoDB' : 'TerraScale'} were timed ${inWindow} to compare the two.`;
    return { name, action: 'none', lacks: 'not_enough', sentence, observed: `${formatCount(reads)} reads`, limit };
  }
  const three = allOf(counts).slice(0, 3);
  const isBack = three.length === 3 && three.every((one) => isSlow(one, 4));
  const action: GuardAction = isBack
    ? 'roll_back'
    : isSlow(counts, 2)
      ? 'pause'
      : isSlow({ ...counts, targetP99Ms: target + SLOW_EXTRA_MS / 2 }, 1.5)
        ? 'warn'
        : 'none';
  const observed = `p99 ${formatMs(target)} against ${formatMs(source)}`;
  return { name, action, sentence: `Pace of TerraScale: ${observed} of DynamoDB.`, observed, limit };
}

/** Rates of the last minute; those of a share only while there is one. */
export function healthRails(counts: WindowCounts): Rail[] {
  const isReading = counts.readShareMilli > 0;
  // Reads were counted and none of their keys is in the share: an absence that is explained is not missing data.
  const isExplained = counts.readShareMilli < SPARSE_SHARE_MILLI && counts.readsSource >= ATTEMPTS_MIN;
  const rails = [
    targetErrors(counts, isReading && !isExplained),
    userErrors(counts),
    sourceErrors(counts),
    mirrorFailures(counts),
  ];
  return isReading ? [...rails, fallback(counts, isExplained), slow(counts)] : rails;
}
