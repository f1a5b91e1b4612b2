/** The mark of its store in a Scan's LastEvaluatedKey (PROTOCOL R4): one attribute more, taken off on return. */
import type { Json } from './parse';
import type { Side } from './stores';

const MARK = 'landfall:store';

export const withMark = (cursor: Json, side: Side): Json => ({ ...cursor, [MARK]: { S: side } });

/** The store that a cursor is of; null: it has no mark. */
export function markOf(cursor: Json): Side | null {
  const mark = Object.hasOwn(cursor, MARK) ? (cursor[MARK] as { S?: unknown }).S : null;
  return mark === 'source' || mark === 'target' ? mark : null;
}

export function unmarked(cursor: Json): Json {
  const { [MARK]: _, ...rest } = cursor;
  return rest;
}
