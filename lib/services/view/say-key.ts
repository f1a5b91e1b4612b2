import { keyHash } from '@/lib/domain/item/key';
import { KEY_SEPARATOR } from '@/lib/domain/item/key-search';

const KEY_CHARS_MAX = 120;

/**
 * A key as a person reads it: `USER#1 · 42`. A key is the customer's data: whoever may not see values gets its hash,
 * which is the same on every screen and in every log.
 */
export function sayKey(keyId: string, mayReadValues: boolean): string {
  if (!mayReadValues) return `key ${keyHash(keyId)}`;
  const units = unitsOf(keyId);
  const text = units === null ? keyId : units.map((unit) => unit.slice(unit.indexOf('#') + 1)).join(KEY_SEPARATOR);
  return text.length > KEY_CHARS_MAX ? `${text.slice(0, KEY_CHARS_MAX)}…` : text;
}

function unitsOf(keyId: string): string[] | null {
  try {
    const parsed: unknown = JSON.parse(keyId);
    return Array.isArray(parsed) && parsed.every((unit) => typeof unit === 'string') ? parsed : null;
  } catch {
    return null;
  }
}
