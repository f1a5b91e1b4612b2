/**
 * Answers are parsed once: whether one can be read at all and what it says are asked in two places, and parsing a page
 * of a megabyte twice was a fifth of a backfill's processor time. Kept on the body itself and as long as it: a WeakMap
 * beside it cost a gateway more than parsing a small body, and its collector a walk through all of it.
 */
const PARSED = Symbol('parsed');
type Body = Buffer & { [PARSED]?: Record<string, unknown> };

/** The JSON object of a body, or null where it is none. */
export function parseObject(body: Body): Record<string, unknown> | null {
  const known = body[PARSED];
  if (known !== undefined) return known;
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    body[PARSED] = value as Record<string, unknown>;
    return value as Record<string, unknown>;
  } catch {
    return null;
  }
}
