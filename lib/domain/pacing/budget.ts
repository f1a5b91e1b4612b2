/**
 * The rate of one connection as arithmetic over explicit time: token buckets of requests, of items and of read units,
 * whose rate is lowered by half when the store throttles and raised slowly afterwards (AIMD). State is a plain value, so it can be
 * kept in memory or in a row and shared by all workers; every function returns the next one.
 */
export interface BudgetLimits {
  requestsPerSecond: number;
  itemsPerSecond: number;
  /** Read units, known only from the answer and so charged afterwards; null or absent: not limited. */
  readUnitsPerSecond?: number | null;
}

/** What is left for workers when a share, in thousandths of a percent, is kept for live traffic. */
export function withoutReserve(limits: BudgetLimits, liveReserveMilli: number): BudgetLimits {
  const share = Math.min(1, Math.max(0, 1 - liveReserveMilli / 100_000));
  const units = limits.readUnitsPerSecond ?? null;
  return {
    requestsPerSecond: limits.requestsPerSecond * share,
    itemsPerSecond: limits.itemsPerSecond * share,
    readUnitsPerSecond: units === null ? null : units * share,
  };
}

export interface BudgetState {
  /** Tokens may go below zero: a request larger than the bucket is let through and paid back by waiting. */
  requestTokens: number;
  itemTokens: number;
  /** Below zero by what answers have cost; requests wait until it is paid back. */
  unitTokens: number;
  /** Time of the last refill. */
  atMs: number;
  /** Share of the limits in use, `FACTOR_MIN` to 1. */
  factor: number;
  /** Nothing is sent before: the store's own Retry-After. */
  blockedUntilMs: number;
  /** Up to this share the rate comes back quickly: a store that says when to come back takes about what it took. */
  knownShare: number;
  /** Last decrease; throttles that follow within `DECREASE_EVERY_MS` speak of the same overload. */
  decreasedAtMs: number | null;
  throttles: number;
}

export const FACTOR_MIN = 1 / 64;
export const DECREASE_TO = 0.5;
/** One decrease a second: answers to requests already sent do not halve the rate again. */
export const DECREASE_EVERY_MS = 1_000;
/** Increase a second without throttling: from a half back to the whole in 25 s. */
export const INCREASE_PER_SECOND = 0.02;
/** The same below what the store took when it last named a time. Feeling further is slow, coming back is not. */
export const RETURN_PER_SECOND = 0.2;
/** Of the rate at which the store last named a time, what is taken for known. */
export const KNOWN_SHARE = 0.9;
/** Tokens that may gather while nothing is sent, in time. */
export const BURST_MS = 250;
/** Pause where the store throttles without saying for how long. */
export const THROTTLE_PAUSE_MS = 100;

export interface BudgetCost {
  requests: number;
  items: number;
}

export function openBudget(limits: BudgetLimits, nowMs: number): BudgetState {
  return {
    requestTokens: burstOf(limits.requestsPerSecond),
    itemTokens: burstOf(limits.itemsPerSecond),
    unitTokens: 0,
    atMs: nowMs,
    factor: 1,
    blockedUntilMs: 0,
    knownShare: 0,
    decreasedAtMs: null,
    throttles: 0,
  };
}

/** At least one whole token, or a rate below four a second could never send anything. */
const burstOf = (perSecond: number): number => Math.max(1, (perSecond * BURST_MS) / 1000);

/** Lets tokens and the factor grow up to now. A clock that went back changes nothing. */
export function refill(state: BudgetState, limits: BudgetLimits, nowMs: number): BudgetState {
  const elapsedMs = nowMs - state.atMs;
  if (elapsedMs <= 0) return state;
  const recoveredMs = Math.max(0, nowMs - Math.max(state.atMs, recoveryFrom(state)));
  const factor = recoveredTo(state, recoveredMs / 1000);
  const grow = (tokens: number, perSecond: number): number =>
    Math.min(burstOf(perSecond * factor), tokens + (perSecond * state.factor * elapsedMs) / 1000);
  return {
    ...state,
    requestTokens: grow(state.requestTokens, limits.requestsPerSecond),
    itemTokens: grow(state.itemTokens, limits.itemsPerSecond),
    unitTokens: Math.min(0, grow(state.unitTokens, limits.readUnitsPerSecond ?? Number.POSITIVE_INFINITY)),
    atMs: nowMs,
    factor,
  };
}

/** Quickly up to what is known, slowly above it. */
function recoveredTo({ factor, knownShare }: BudgetState, seconds: number): number {
  const quickS = Math.min(seconds, Math.max(0, knownShare - factor) / RETURN_PER_SECOND);
  return Math.min(1, factor + quickS * RETURN_PER_SECOND + (seconds - quickS) * INCREASE_PER_SECOND);
}

/** How long the whole rate is away when nothing is throttled meanwhile. */
export function recoveryMs({ factor, knownShare }: BudgetState): number {
  const quick = Math.max(0, knownShare - factor);
  return (quick / RETURN_PER_SECOND + Math.max(0, 1 - factor - quick) / INCREASE_PER_SECOND) * 1000;
}

/** The rate rises again only after the store's own pause and one second of quiet. */
const recoveryFrom = (state: BudgetState): number =>
  state.decreasedAtMs === null ? 0 : Math.max(state.blockedUntilMs, state.decreasedAtMs + DECREASE_EVERY_MS);

export type Grant = { state: BudgetState; waitMs: number };

/**
 * Takes what a request costs. `waitMs` 0: it may go now and is paid for. Otherwise nothing was taken, and asking again
 * after `waitMs` is worth it.
 */
export function take(state: BudgetState, limits: BudgetLimits, ask: { cost: BudgetCost; nowMs: number }): Grant {
  const { cost, nowMs } = ask;
  const next = refill(state, limits, nowMs);
  const waitMs = Math.max(
    next.blockedUntilMs - nowMs,
    waitFor(next.requestTokens, cost.requests, limits.requestsPerSecond * next.factor),
    waitFor(next.itemTokens, cost.items, limits.itemsPerSecond * next.factor),
    debtMs(next.unitTokens, (limits.readUnitsPerSecond ?? Number.POSITIVE_INFINITY) * next.factor),
  );
  if (waitMs > 0) return { state: next, waitMs: Math.ceil(waitMs) };
  const requestTokens = next.requestTokens - cost.requests;
  const itemTokens = next.itemTokens - cost.items;
  return { state: { ...next, requestTokens, itemTokens }, waitMs: 0 };
}

/** Returns what a request was granted and did not use, e.g. a page that ended before its limit. */
export const giveBack = (state: BudgetState, items: number): BudgetState =>
  items <= 0 ? state : { ...state, itemTokens: state.itemTokens + items };

/** Books the read units that an answer said it cost. */
export function charge(state: BudgetState, readUnits: number | null): BudgetState {
  return readUnits === null ? state : { ...state, unitTokens: state.unitTokens - readUnits };
}

const debtMs = (tokens: number, perSecond: number): number => {
  if (tokens >= -1e-9) return 0;
  return perSecond <= 0 ? Number.POSITIVE_INFINITY : (-tokens / perSecond) * 1000;
};

/** A cost above the bucket's size waits for a full bucket only and leaves it below zero. */
function waitFor(tokens: number, cost: number, perSecond: number): number {
  if (cost <= 0) return 0;
  if (perSecond <= 0) return Number.POSITIVE_INFINITY;
  const needed = Math.min(cost, burstOf(perSecond));
  return tokens >= needed - 1e-9 ? 0 : ((needed - tokens) / perSecond) * 1000;
}

/** The store throttled: its Retry-After is obeyed exactly, and the rate goes down by half once a second at most. */
export function throttled(
  state: BudgetState,
  limits: BudgetLimits,
  answer: { retryAfterMs: number | null; nowMs: number },
): BudgetState {
  const next = refill(state, limits, answer.nowMs);
  const pauseMs = answer.retryAfterMs ?? THROTTLE_PAUSE_MS;
  const blockedUntilMs = Math.max(next.blockedUntilMs, answer.nowMs + pauseMs);
  const isSame = next.decreasedAtMs !== null && answer.nowMs - next.decreasedAtMs < DECREASE_EVERY_MS;
  if (isSame) return { ...next, blockedUntilMs, throttles: next.throttles + 1 };
  const factor = Math.max(FACTOR_MIN, next.factor * DECREASE_TO);
  const knownShare = answer.retryAfterMs === null ? 0 : next.factor * KNOWN_SHARE;
  return { ...next, blockedUntilMs, knownShare, factor, decreasedAtMs: answer.nowMs, throttles: next.throttles + 1 };
}
