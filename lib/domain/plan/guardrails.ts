/**
 * Guardrails of a table: what was counted against fixed limits, as sentences. Each goes up a ratchet (warn, pause, roll
 * back), needs its least sample, and says when it has too little or no data; missing data holds and never passes. What is
 * done about it is the services' (lib/services/table/guard.ts).
 */
import { formatCount, formatMs } from '../units';
import { correctnessRails } from './guard-correctness';
import { ageRail, healthRails, type Rail } from './guard-rates';
import { GUARDS, type GuardAction, type GuardMode, type GuardModes, type GuardRule, guardModeOf } from './guard-rules';

/** What was counted in one window of a minute. */
export interface RateCounts {
  readsTarget: number;
  readsFallback: number;
  readsSource: number;
  /** Requests of applications of any kind. */
  requests: number;
  writes: number;
  mirrored: number;
  mirrorFailed: number;
  targetErrors: number;
  sourceErrors: number;
  userErrors: number;
  /** Medians of the gateways' p99, of shadowed reads where there are any; null: not measured. */
  targetP99Ms: number | null;
  sourceP99Ms: number | null;
}

/** What shadow reads found, in items, over ten minutes; `missing` over five. */
export interface ShadowWindow {
  milli: number;
  compared: number;
  differing: number;
  dropped: number;
  failed: number;
  /** Reads that could have been repeated. */
  reads: number;
  missing: number;
  missingCompared: number;
  fallbackMissing: number;
  fallbackReads: number;
}

/** What was counted of a table over the last window; guardrails read this and nothing else. */
export interface WindowCounts extends RateCounts {
  windowMs: number;
  /** Reads that the routing sends to the target at all: below a share above 0 % an absence of reads is missing data. */
  readShareMilli: number;
  /** The windows before this one, newest first: one bad minute pauses, and only more of them take reads back. */
  earlier: readonly RateCounts[];
  shadow: ShadowWindow;
  dirtyCount: number;
  dirtyCountMax: number;
  dirtyOldestMs: number | null;
  mismatchesOpen: number;
  /** Age of the oldest report of a registered gateway; null: no gateway is registered. */
  telemetryAgeMs: number | null;
  gatewaysRegistered: number;
  gatewaysAcknowledged: number;
  /** How long the epoch of this table has been in force. */
  epochAgeMs: number;
  modes: GuardModes;
}

export type GuardState = 'ok' | 'warn' | 'tripped' | 'not_enough' | 'no_data' | 'off';

export interface Guardrail {
  name: GuardRule;
  state: GuardState;
  /** How far the ratchet is, whatever the mode. */
  action: GuardAction;
  mode: GuardMode;
  sentence: string;
  observed: string;
  limit: string;
  windowMs: number;
}

export const GUARDRAIL_WINDOW_MS = 60_000;
export const DIRTY_AGE_WARN_MS = 10_000;
export const DIRTY_AGE_TRIP_MS = 60_000;
export const DIRTY_AGE_ROLL_BACK_MS = 600_000;
export const TELEMETRY_AGE_WARN_MS = 20_000;
export const TELEMETRY_AGE_TRIP_MS = 60_000;
export const TELEMETRY_AGE_ROLL_BACK_MS = 300_000;
export const EPOCH_LAG_MS = 30_000;
export { MISMATCHES_TRIP } from './guard-correctness';
export { ATTEMPTS_MIN, FAILURES_MIN, SPARSE_SHARE_MILLI } from './guard-rates';

function dirtyRail(counts: WindowCounts): Rail {
  const rail = ageRail({
    name: 'dirty_age',
    what: 'Oldest dirty key',
    ageMs: counts.dirtyOldestMs,
    warnMs: DIRTY_AGE_WARN_MS,
    pauseMs: DIRTY_AGE_TRIP_MS,
    rollBackMs: DIRTY_AGE_ROLL_BACK_MS,
    idle: 'ok',
    idleSentence: 'No key is dirty.',
  });
  if (counts.dirtyCount <= counts.dirtyCountMax) return rail;
  const observed = `${formatCount(counts.dirtyCount)} keys`;
  const limit = `at most ${formatCount(counts.dirtyCountMax)}`;
  return { ...rail, action: 'roll_back', observed, limit, sentence: `Dirty keys: ${observed}, ${limit}.` };
}

function epochRail(counts: WindowCounts): Rail {
  const observed = `${counts.gatewaysAcknowledged} of ${counts.gatewaysRegistered}`;
  const isBehind = counts.gatewaysAcknowledged < counts.gatewaysRegistered;
  return {
    name: 'routing_epoch',
    action: !isBehind ? 'none' : counts.epochAgeMs > EPOCH_LAG_MS ? 'pause' : 'warn',
    sentence: `Gateways on the routing in force: ${observed}.`,
    observed,
    limit: `all within ${formatMs(EPOCH_LAG_MS)}`,
  };
}

const telemetryRail = (counts: WindowCounts): Rail =>
  ageRail({
    name: 'telemetry_age',
    what: 'Oldest report of a gateway',
    ageMs: counts.telemetryAgeMs,
    warnMs: TELEMETRY_AGE_WARN_MS,
    pauseMs: TELEMETRY_AGE_TRIP_MS,
    rollBackMs: TELEMETRY_AGE_ROLL_BACK_MS,
    idle: 'no_data',
    idleSentence: 'No gateway reports, so nothing can be judged.',
  });

/**
 * Looks at every guardrail of a table whose target takes part. Missing data is a state of its own and holds a move just
 * as a tripped rail does; it never passes. A rail that cannot apply yet (reads at a share of 0 %) is left out.
 */
export function evaluateGuardrails(counts: WindowCounts): Guardrail[] {
  const rails = [
    ...correctnessRails(counts),
    ...healthRails(counts),
    dirtyRail(counts),
    telemetryRail(counts),
    epochRail(counts),
  ];
  return rails.map((rail) => judged(rail, counts.modes));
}

/** A rule never goes further than its row says: one that only pauses does not roll back. */
function judged(rail: Rail, modes: GuardModes): Guardrail {
  const mode = guardModeOf(rail.name, modes);
  const { windowMs } = GUARDS[rail.name];
  if (mode === 'off') return { ...rail, mode, windowMs, action: 'none', state: 'off' };
  const state = rail.lacks ?? (rail.action === 'none' ? 'ok' : rail.action === 'warn' ? 'warn' : 'tripped');
  const { lacks: _, ...rest } = rail;
  return { ...rest, mode, windowMs, state };
}

/** The rails that would take reads back now, those that may do it by themselves first. */
export const rollBacks = (rails: readonly Guardrail[]): Guardrail[] =>
  rails
    .filter((rail) => rail.action === 'roll_back' && rail.state === 'tripped')
    .sort((a, b) => Number(b.mode === 'on') - Number(a.mode === 'on'));
