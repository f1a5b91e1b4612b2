import { formatCount, formatMs } from '../units';
import { type BudgetLimits, type BudgetState, recoveryMs, refill } from './budget';

/**
 * Why a connection goes slower than its limits, in one sentence with its numbers; null where nothing but the limits
 * themselves holds it back. `name` is the connection as the operator knows it.
 */
export function throttleReason(
  state: BudgetState,
  limits: BudgetLimits,
  at: { name: string; nowMs: number },
): string | null {
  const now = refill(state, limits, at.nowMs);
  const blockedMs = now.blockedUntilMs - at.nowMs;
  const rate = formatCount(limits.requestsPerSecond * now.factor);
  const limit = formatCount(limits.requestsPerSecond);
  if (blockedMs > 0) {
    return `${at.name} asked to wait: ${formatMs(blockedMs)} left, then ${rate} of ${limit} requests/s.`;
  }
  if (now.factor >= 1) return null;
  return `${at.name} throttled: ${rate} of ${limit} requests/s, back at the limit in ${formatMs(recoveryMs(now))}.`;
}

/** The sentence while a request waits for its turn under the limits that the operator set. */
export function limitReason(limits: BudgetLimits, at: { name: string; waitMs: number }): string {
  const requests = formatCount(limits.requestsPerSecond);
  const items = formatCount(limits.itemsPerSecond);
  return `At the limit of ${at.name}: ${requests} requests/s, ${items} items/s; next request in ${formatMs(at.waitMs)}.`;
}
