/** Times between attempts. Full jitter, because many workers that back off together would come back together. */
export interface BackoffRule {
  baseMs: number;
  capMs: number;
}

export const WORKER_BACKOFF: BackoffRule = { baseMs: 50, capMs: 20_000 };

/**
 * A wait before attempt `attempt` (1 is the first repetition), uniform between 0 and min(cap, base · 2^(attempt-1)).
 * `random` is in [0, 1) and is passed in, because the domain has none.
 */
export function fullJitterMs(attempt: number, rule: BackoffRule, random: number): number {
  const exponent = Math.min(Math.max(attempt, 1) - 1, 30);
  return Math.floor(random * Math.min(rule.capMs, rule.baseMs * 2 ** exponent));
}
