/**
 * Answers are parsed once: whether one can be read at all and what it says are asked in two places, and parsing a page
 * of a megabyte twice was a fifth of a backfill's processor time. Kept as long as the body itself.
 */
const parsed = new WeakMap<Buffer, Record<string, unknown>>();

/** The JSON object of a body, or null where it is none. */
export function parseObject(body: Buffer): Record<string, unknown> | null {
  const known = parsed.get(body);
  if (known) return known;
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    parsed.set(body, value as Record<string, unknown>);
    return value as Record<string, unknown>;
  } catch {
    return null;
  }
}
