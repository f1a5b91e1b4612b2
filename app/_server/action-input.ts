import { z } from 'zod';

const KEY_CHARS_MAX = 100;
const REASON_CHARS_MAX = 500;

export const reason = z.string().trim().max(REASON_CHARS_MAX, `At most ${REASON_CHARS_MAX} characters.`);
export const id = z.string().min(1).max(80);

/** The key that a browser sent along; empty, and so refused, when it sent none. Input of an action may be anything. */
export function keyOf(input: unknown): string {
  const key = (input as { idempotencyKey?: unknown } | null | undefined)?.idempotencyKey;
  return typeof key === 'string' && key.length <= KEY_CHARS_MAX ? key : '';
}
