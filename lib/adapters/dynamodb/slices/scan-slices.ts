/** A page of a scan whose items stay bytes (PROTOCOL C2: consistent unless asked otherwise). */
import type { StoreWire, WireItem } from '../../ports';
import { type Answer, isJson, undecodable } from '../call';
import { type ReadOptions, type ScanRequest, scanInput, unitsOf } from '../items';
import { takeAnswerRoom } from './answer-room';
import { callForBytes } from './call-bytes';
import { type CutAnswer, cutItems } from './cut-items';
import type { KeyPlaces } from './item-key';
import { type SlicedItem, sliceItems } from './sliced-item';

export interface SlicedPage {
  items: SlicedItem[];
  /** Where the next page begins, or null at the end. An empty page may have one, a full one may have none. */
  cursor: WireItem | null;
  /** Read units, or null where the store does not count them. */
  consumedUnits: number | null;
  /** The answer that the items lie in, to be given back (answer-room.ts) when the page is done; null: other memory. */
  body: Buffer | null;
}

/** One page. An answer that cannot be read whole, or an item without the table's key, is `undecodable`, never a shorter page. */
export async function scanSlices(
  wire: StoreWire,
  request: ScanRequest & { places: KeyPlaces },
  options: ReadOptions = {},
): Promise<Answer<SlicedPage>> {
  const { isConsistent = true, ...rest } = options;
  wire.know?.(request.table, request.places.schema);
  const body = Buffer.from(JSON.stringify(scanInput(request, isConsistent)));
  const answer = await callForBytes(wire, { operation: 'Scan', body, answerRoom: takeAnswerRoom }, rest);
  if (answer.kind !== 'ok') return answer;
  const page = readPage(answer.value, request.places);
  return page === null ? undecodable('Scan') : { kind: 'ok', value: { ...page, body: answer.value } };
}

/** The page in a body, or null where it is none. */
export function readPage(body: Buffer, places: KeyPlaces): SlicedPage | null {
  const cut = cutItems(body, { member: 'Items' }, places.wanted);
  if (cut === null) return null;
  const cursor = memberOf(body, cut, 'LastEvaluatedKey');
  if (cursor !== undefined && !isJson(cursor)) return null;
  const count = memberOf(body, cut, 'Count');
  // Where the store says how many items it sent, fewer in the list is a truncated answer.
  if (typeof count === 'number' && count !== cut.items.count) return null;
  const items = sliceItems(body, cut.items, places);
  if (items === null) return null;
  const consumedUnits = unitsOf(memberOf(body, cut, 'ConsumedCapacity'));
  return { items, cursor: (cursor as WireItem | undefined) ?? null, consumedUnits, body: null };
}

/** A member of an answer that is small: everything but its items. */
export function memberOf(body: Buffer, answer: CutAnswer, name: string): unknown {
  const cut = answer.members.get(name);
  return cut === undefined ? undefined : JSON.parse(body.toString('utf8', cut[0], cut[1]));
}
