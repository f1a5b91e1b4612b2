/**
 * Mapped attributes in requests to the target and in its answers, changed in the bytes: all else stays as it was written
 * (json-bytes.ts). Requests get the form of the target, answers that of the source, refusals that carry an item too.
 */
import type { AttributeValue } from '@/lib/domain/item/item';
import { type MappingKind, type Mappings, mapValue, unmapValue } from '@/lib/domain/mapping/mapping';
import {
  type Edit,
  edited,
  elementsAt,
  type MemberPlace,
  membersAt,
  type Place,
  placeOf,
  whole,
} from '../pipeline/json-bytes';
import { tableNameOf } from '../pipeline/parse';

/** By a table's name on the target; none: nothing of it is mapped. */
export type MappingsOf = (table: string) => Mappings | undefined;

type By = (value: AttributeValue, kind: MappingKind) => AttributeValue;

/** The body as the target is to get it; the same buffer where nothing changes. */
export function bodyForTarget(operation: string, body: Buffer, of: MappingsOf): Buffer {
  const members = membersAt(body, whole(body));
  switch (operation) {
    case 'PutItem':
      return edited(
        body,
        itemEdits(body, placeOf(members, 'Item'), { mappings: tableOf(body, members, of), by: mapValue }),
      );
    case 'BatchWriteItem':
      return edited(body, putEdits(body, placeOf(members, 'RequestItems'), { of, by: mapValue }));
    case 'TransactWriteItems':
      return edited(
        body,
        listOf(body, members, 'TransactItems').flatMap((element) =>
          membersAt(body, element)
            .filter((action) => action.name === 'Put')
            .flatMap((put) => {
              const fields = membersAt(body, put);
              return itemEdits(body, placeOf(fields, 'Item'), { mappings: tableOf(body, fields, of), by: mapValue });
            }),
        ),
      );
    default:
      return body;
  }
}

/** What the target said, as the source would have said it; `request` is the body that was asked with. */
export function bodyFromTarget(operation: string, body: Buffer, ask: { request: Buffer; of: MappingsOf }): Buffer {
  const { request, of } = ask;
  const members = membersAt(body, whole(body));
  const asked = membersAt(request, whole(request));
  const back = (place: Place | null, mappings: Mappings | undefined) =>
    itemEdits(body, place, { mappings, by: unmapValue });
  switch (operation) {
    case 'BatchGetItem':
      return edited(
        body,
        tablesAt(body, placeOf(members, 'Responses')).flatMap((table) =>
          elementsAt(body, table).flatMap((item) => back(item, of(table.name))),
        ),
      );
    case 'BatchWriteItem':
      return edited(body, putEdits(body, placeOf(members, 'UnprocessedItems'), { of, by: unmapValue }));
    case 'TransactGetItems':
    case 'TransactWriteItems': {
      const tables = listOf(request, asked, 'TransactItems').map((element) => {
        const [action] = membersAt(request, element);
        return action === undefined ? undefined : tableOf(request, membersAt(request, action), of);
      });
      const results = [...listOf(body, members, 'Responses'), ...listOf(body, members, 'CancellationReasons')];
      return edited(
        body,
        results.flatMap((one, at) => back(placeOf(membersAt(body, one), 'Item'), tables[at])),
      );
    }
    default: {
      const mappings = tableOf(request, asked, of);
      if (mappings === undefined) return body;
      const items = listOf(body, members, 'Items').flatMap((item) => back(item, mappings));
      return edited(body, [
        ...items,
        ...back(placeOf(members, 'Item'), mappings),
        ...back(placeOf(members, 'Attributes'), mappings),
      ]);
    }
  }
}

function tableOf(body: Buffer, members: readonly MemberPlace[], of: MappingsOf): Mappings | undefined {
  const place = placeOf(members, 'TableName');
  const name: unknown = place === null ? null : JSON.parse(body.toString('utf8', place.start, place.end));
  return typeof name === 'string' ? of(tableNameOf(name)) : undefined;
}

const tablesAt = (body: Buffer, place: Place | null): MemberPlace[] => (place === null ? [] : membersAt(body, place));

function listOf(body: Buffer, members: readonly MemberPlace[], name: string): Place[] {
  const place = placeOf(members, name);
  return place === null ? [] : elementsAt(body, place);
}

/** Items of put requests by table, as they stand in a batch and in what it left over. */
function putEdits(body: Buffer, place: Place | null, how: { of: MappingsOf; by: By }): Edit[] {
  return tablesAt(body, place).flatMap((table) => {
    const mappings = how.of(tableNameOf(table.name));
    if (mappings === undefined) return [];
    return elementsAt(body, table)
      .flatMap((entry) => membersAt(body, entry).filter((request) => request.name === 'PutRequest'))
      .flatMap((request) => itemEdits(body, placeOf(membersAt(body, request), 'Item'), { mappings, by: how.by }));
  });
}

function itemEdits(
  body: Buffer,
  place: Place | null,
  { mappings, by }: { mappings: Mappings | undefined; by: By },
): Edit[] {
  if (place === null || mappings === undefined) return [];
  const edits: Edit[] = [];
  for (const { name, start, end } of membersAt(body, place)) {
    const mapping = mappings.find((one) => one.attribute === name);
    if (mapping === undefined) continue;
    const value: unknown = JSON.parse(body.toString('utf8', start, end));
    // What is no attribute value is the store's to refuse.
    if (typeof value !== 'object' || value === null || Array.isArray(value)) continue;
    const after = by(value as AttributeValue, mapping.kind);
    if (after !== value) edits.push({ start, end, text: JSON.stringify(after) });
  }
  return edits;
}
