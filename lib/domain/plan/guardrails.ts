import { formatCount, formatMs } from '../units';

/** What was counted of a table over the last window; guardrails read this and nothing else. */
export interface WindowCounts {
  windowMs: number;
  /** Reads that the routing sends to the target at all: below a share above 0 % an absence of reads is missing data. */
  readShareMilli: number;
  readsTarget: number;
  readsFallback: number;
  readsSource: number;
  writes: number;
  mirrored: number;
  mirrorFailed: number;
  targetErrors: number;
  sourceErrors: number;
  dirtyCount: number;
  dirtyOldestMs: number | null;
  mismatchesOpen: number;
  /** Age of the oldest report of a registered gateway; null: no gateway is registered. */
  telemetryAgeMs: number | null;
  gatewaysRegistered: number;
  gatewaysAcknowledged: number;
  /** How long the epoch of this table has been in force. */
  epochAgeMs: number;
}

export interface Guardrail {
  name: string;
  state: 'ok' | 'warn' | 'tripped' | 'no_data';
  sentence: string;
  observed: string;
  limit: string;
}

export const GUARDRAIL_WINDOW_MS = 60_000;
/** Below this many attempts one failure is no rate: a rail trips only from `FAILURES_MIN` on. */
export const ATTEMPTS_MIN = 200;
export const FAILURES_MIN = 3;
export const DIRTY_AGE_WARN_MS = 10_000;
export const DIRTY_AGE_TRIP_MS = 60_000;
export const TELEMETRY_AGE_WARN_MS = 20_000;
export const TELEMETRY_AGE_TRIP_MS = 60_000;
export const MISMATCHES_TRIP = 3;
export const EPOCH_LAG_MS = 30_000;
/** Below this share a table of few partition keys may have none in it; then no read can reach the target. */
export const SPARSE_SHARE_MILLI = 10_000;

interface RateRail {
  name: string;
  what: string;
  failed: number;
  attempts: number;
  warnPpm: number;
  tripPpm: number;
  /** What it means that nothing was attempted. */
  idle: 'ok' | 'no_data';
  idleSentence: string;
}

const percent = (ppm: number): string => `${Number((ppm / 10_000).toFixed(3))} %`;

function rateRail(rail: RateRail): Guardrail {
  const limit = `at most ${percent(rail.tripPpm)}`;
  if (rail.attempts <= 0)
    return { name: rail.name, state: rail.idle, sentence: rail.idleSentence, observed: 'nothing counted', limit };
  const ppm = (rail.failed / rail.attempts) * 1_000_000;
  const observed = `${formatCount(rail.failed)} of ${formatCount(rail.attempts)}, ${percent(ppm)}`;
  const isEnough = rail.attempts >= ATTEMPTS_MIN || rail.failed >= FAILURES_MIN;
  const state = ppm > rail.tripPpm && isEnough ? 'tripped' : ppm > rail.warnPpm ? 'warn' : 'ok';
  return { name: rail.name, state, sentence: `${rail.what}: ${observed}.`, observed, limit };
}

interface AgeRail {
  name: string;
  what: string;
  ageMs: number | null;
  warnMs: number;
  tripMs: number;
  idle: 'ok' | 'no_data';
  idleSentence: string;
}

function ageRail(rail: AgeRail): Guardrail {
  const limit = `at most ${formatMs(rail.tripMs)}`;
  if (rail.ageMs === null)
    return { name: rail.name, state: rail.idle, sentence: rail.idleSentence, observed: 'none', limit };
  const state = rail.ageMs > rail.tripMs ? 'tripped' : rail.ageMs > rail.warnMs ? 'warn' : 'ok';
  const observed = formatMs(rail.ageMs);
  return { name: rail.name, state, sentence: `${rail.what}: ${observed}.`, observed, limit };
}

function mismatchRail(open: number): Guardrail {
  const observed = formatCount(open);
  const state = open >= MISMATCHES_TRIP ? 'tripped' : open > 0 ? 'warn' : 'ok';
  return {
    name: 'mismatches',
    state,
    sentence: open === 0 ? 'No mismatch is open.' : `Open mismatches: ${observed}.`,
    observed,
    limit: `fewer than ${MISMATCHES_TRIP}`,
  };
}

function epochRail(counts: WindowCounts): Guardrail {
  const observed = `${counts.gatewaysAcknowledged} of ${counts.gatewaysRegistered}`;
  const isBehind = counts.gatewaysAcknowledged < counts.gatewaysRegistered;
  const state = !isBehind ? 'ok' : counts.epochAgeMs > EPOCH_LAG_MS ? 'tripped' : 'warn';
  return {
    name: 'routing_epoch',
    state,
    sentence: `Gateways on the routing in force: ${observed}.`,
    observed,
    limit: `all within ${formatMs(EPOCH_LAG_MS)}`,
  };
}

/**
 * Looks at every guardrail of a table whose target takes part. Missing data is a state of its own and holds a move just
 * as a tripped rail does; it never passes. A rail that cannot apply yet (reads at a share of 0 %) is left out.
 */
export function evaluateGuardrails(counts: WindowCounts): Guardrail[] {
  const window = `in the last ${formatMs(counts.windowMs)}`;
  const targetReads = counts.readsTarget + counts.readsFallback;
  const isReading = counts.readShareMilli > 0;
  // Reads were counted and none of their keys is in the share: an absence that is explained is not missing data.
  const isExplained = counts.readShareMilli < SPARSE_SHARE_MILLI && counts.readsSource >= ATTEMPTS_MIN;
  const none = `None of the keys read ${window} is in the share, so this stop proves nothing of TerraScale's reads.`;
  const rails: Guardrail[] = [
    rateRail({
      name: 'target_errors',
      what: `Errors of TerraScale ${window}`,
      failed: counts.targetErrors,
      attempts: Math.max(targetReads + counts.mirrored + counts.mirrorFailed, counts.targetErrors),
      warnPpm: 5_000,
      tripPpm: 10_000,
      idle: isReading && !isExplained ? 'no_data' : 'ok',
      idleSentence:
        isReading && !isExplained
          ? `Nothing was asked of TerraScale ${window}, so its errors cannot be judged.`
          : `Nothing was asked of TerraScale ${window}.`,
    }),
    rateRail({
      name: 'source_errors',
      what: `Errors of DynamoDB ${window}`,
      failed: counts.sourceErrors,
      attempts: Math.max(counts.readsSource + counts.readsFallback + counts.writes, counts.sourceErrors),
      warnPpm: 5_000,
      tripPpm: 10_000,
      idle: 'ok',
      idleSentence: `Nothing was asked of DynamoDB ${window}.`,
    }),
    rateRail({
      name: 'mirror_failures',
      what: `Mirrored writes that failed ${window}`,
      failed: counts.mirrorFailed,
      attempts: counts.mirrored + counts.mirrorFailed,
      warnPpm: 0,
      tripPpm: 10_000,
      idle: 'ok',
      idleSentence: `No write was mirrored ${window}.`,
    }),
    ageRail({
      name: 'dirty_age',
      what: 'Oldest dirty key',
      ageMs: counts.dirtyOldestMs,
      warnMs: DIRTY_AGE_WARN_MS,
      tripMs: DIRTY_AGE_TRIP_MS,
      idle: 'ok',
      idleSentence: 'No key is dirty.',
    }),
    ageRail({
      name: 'telemetry_age',
      what: 'Oldest report of a gateway',
      ageMs: counts.telemetryAgeMs,
      warnMs: TELEMETRY_AGE_WARN_MS,
      tripMs: TELEMETRY_AGE_TRIP_MS,
      idle: 'no_data',
      idleSentence: 'No gateway reports, so nothing can be judged.',
    }),
    mismatchRail(counts.mismatchesOpen),
    epochRail(counts),
  ];
  if (!isReading) return rails;
  const fallback = rateRail({
    name: 'fallback',
    what: `Reads that fell back to DynamoDB ${window}`,
    failed: counts.readsFallback,
    attempts: targetReads,
    warnPpm: 1_000,
    tripPpm: 10_000,
    idle: isExplained ? 'ok' : 'no_data',
    idleSentence: isExplained ? none : `No read went to TerraScale ${window}, so fall-back cannot be judged.`,
  });
  return [...rails, fallback];
}
