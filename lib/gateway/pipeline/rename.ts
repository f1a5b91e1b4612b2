/**
 * Tables that have another name on the other side: named for the store in requests, for the application in answers.
 * Names are changed in the bytes, so that all else stays as it was written.
 */
import type { TableRouting } from '@/lib/contracts/routing';
import { type Edit, edited, elementsAt, membersAt, type Place, placeOf, whole } from './json-bytes';
import type { Store } from './stores';

/** From one name to the other. */
export type Names = ReadonlyMap<string, string>;

/** The body of a single-table request for a store, with further edits; null where its bytes may go as they are. */
export function bodyFor(
  store: Store,
  body: Buffer,
  of: { table: TableRouting; edits?: readonly Edit[] },
): Buffer | null {
  const { table, edits = [] } = of;
  // An ARN names the account of the source; TerraScale knows names alone.
  if (store.kind === 'dynamodb' && store.tableName === null) return edits.length === 0 ? null : edited(body, edits);
  const name = store.tableName ?? table.tableName;
  const renames = textEdits(body, whole(body), { field: 'TableName', rename: () => name });
  const all = [...renames, ...edits];
  return all.length === 0 ? null : edited(body, all);
}

/** A request on several tables, under the store's names of them. */
export function namedForStore(body: Buffer, names: Names): Buffer {
  const members = membersAt(body, whole(body));
  const edits: Edit[] = [];
  const items = placeOf(members, 'RequestItems');
  if (items !== null) edits.push(...nameEdits(body, items, names));
  const transacted = placeOf(members, 'TransactItems');
  for (const element of transacted === null ? [] : elementsAt(body, transacted)) {
    for (const action of membersAt(body, element)) {
      edits.push(...textEdits(body, action, { field: 'TableName', rename: (name) => names.get(name) }));
    }
  }
  return edited(body, edits);
}

/** An answer, under the application's names of the tables. */
export function namedForApplication(body: Buffer, names: Names): Buffer {
  const members = membersAt(body, whole(body));
  const edits: Edit[] = [];
  for (const field of ['Responses', 'UnprocessedKeys', 'UnprocessedItems', 'ItemCollectionMetrics']) {
    const place = placeOf(members, field);
    if (place !== null) edits.push(...nameEdits(body, place, names));
  }
  const consumed = placeOf(members, 'ConsumedCapacity');
  if (consumed !== null) {
    const list = elementsAt(body, consumed);
    for (const one of list.length > 0 ? list : [consumed]) {
      edits.push(...textEdits(body, one, { field: 'TableName', rename: (name) => names.get(name) }));
    }
  }
  return edited(body, edits);
}

/** The other way round. */
export const turned = (names: Names): Names => new Map([...names].map(([ours, theirs]) => [theirs, ours]));

function textEdits(
  body: Buffer,
  place: Place,
  of: { field: string; rename(name: string): string | undefined },
): Edit[] {
  return membersAt(body, place).flatMap(({ name, start, end }) => {
    if (name !== of.field) return [];
    const value: unknown = JSON.parse(body.toString('utf8', start, end));
    const other = typeof value === 'string' ? of.rename(value) : undefined;
    return other === undefined || other === value ? [] : [{ start, end, text: JSON.stringify(other) }];
  });
}

function nameEdits(body: Buffer, place: Place, names: Names): Edit[] {
  return membersAt(body, place).flatMap(({ name, nameStart, nameEnd }) => {
    const other = names.get(name);
    return other === undefined || other === name
      ? []
      : [{ start: nameStart, end: nameEnd, text: JSON.stringify(other) }];
  });
}
