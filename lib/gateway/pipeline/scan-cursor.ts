/**
 * The mark of its store in a Scan's LastEvaluatedKey (PROTOCOL R4): one attribute more, taken off on return. Cursors are
 * marked where a Scan may be overtaken by a change of its store: in shift and target first, and in a freeze. Elsewhere a
 * Scan ends in the store in which it began, and a cursor stays the bytes that the store wrote.
 */
import type { TableRouting } from '@/lib/contracts/routing';
import { type Edit, edited, membersAt, placeOf, removeEdits, setEdits, whole } from './json-bytes';
import type { Json } from './parse';
import type { Side } from './stores';

const MARK = 'landfall:store';

export const mayChangeStore = (table: TableRouting): boolean =>
  table.stage === 'shift' || table.stage === 'target_first' || table.writes === 'held' || table.writes === 'refused';

/** The answer with the mark in its cursor; the same bytes where it has none. */
export function withMark(body: Buffer, side: Side): Buffer {
  const cursor = placeOf(membersAt(body, whole(body)), 'LastEvaluatedKey');
  if (cursor === null) return body;
  return edited(body, setEdits(body, cursor, { name: MARK, text: `{"S":"${side}"}` }));
}

/** The store that a cursor is of; null: it has no mark. */
export function markOf(cursor: Json): Side | null {
  const mark = Object.hasOwn(cursor, MARK) ? (cursor[MARK] as { S?: unknown } | null)?.S : null;
  return mark === 'source' || mark === 'target' ? mark : null;
}

/** What takes the mark out of a request. */
export function unmarkEdits(body: Buffer): Edit[] {
  const cursor = placeOf(membersAt(body, whole(body)), 'ExclusiveStartKey');
  return cursor === null ? [] : removeEdits(body, cursor, MARK);
}
