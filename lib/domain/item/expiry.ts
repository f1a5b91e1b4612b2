import { canonicalNumber } from './decimal';
import { attributeOf, typeOf, type WireItem } from './item';

/** Clocks of a store and of Landfall may differ by this much before an expiry is believed (PROTOCOL C4). */
export const EXPIRY_TOLERANCE_MS = 5 * 60_000;
/**
 * A time more than five years past is ignored by DynamoDB, so such an item lives. 365-day years: within the odd days an
 * item is rather copied for nothing than left behind.
 */
export const EXPIRY_AGE_MAX_MS = 5 * 365 * 24 * 3_600_000;

export interface ExpiryRule {
  /** TTL attribute of the table, or null where TTL is off. */
  attribute: string | null;
  toleranceMs?: number;
}

/** Whether DynamoDB may delete the item at any moment: such an item counts as absent (PROTOCOL C4). */
export function isExpired(item: WireItem, rule: ExpiryRule, nowMs: number): boolean {
  if (rule.attribute === null) return false;
  const expiresAtMs = expiryMsOf(item, rule.attribute);
  if (expiresAtMs === null || expiresAtMs < nowMs - EXPIRY_AGE_MAX_MS) return false;
  return expiresAtMs + (rule.toleranceMs ?? EXPIRY_TOLERANCE_MS) < nowMs;
}

/** When an item expires, or null where its attribute is absent or no number (DynamoDB then never expires it). */
export function expiryMsOf(item: WireItem, attribute: string): number | null {
  const value = attributeOf(item, attribute);
  if (value === undefined || typeOf(value) !== 'N' || typeof value.N !== 'string') return null;
  const seconds = canonicalNumber(value.N);
  return seconds === null ? null : Number(seconds) * 1000;
}
