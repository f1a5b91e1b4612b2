/**
 * Batch reads whose items stay bytes. Whoever reads to compare says what it expects: an answered item of the same bytes is
 * found by a number made of its key's bytes and one comparison, and neither its key nor anything else of it is made anew.
 */
import type { KeySchema } from '@/lib/domain/item/item';
import { keyId } from '@/lib/domain/item/key';
import { invariant } from '@/lib/domain/result';
import type { StoreWire, WireItem } from '../../ports';
import { BATCH_GET_KEYS_MAX } from '../batch';
import { isJson, type Json, type Trouble, undecodable } from '../call';
import { type ReadOptions, unitsOf } from '../items';
import { giveAnswerRoomBack, takeAnswerRoom } from './answer-room';
import { callForBytes } from './call-bytes';
import { type CutAnswer, cutItems, STRIDE } from './cut-items';
import { type KeyPlaces, KeyWriter, keyHashAt } from './item-key';
import { memberOf } from './scan-slices';
import { type SlicedItem, sliceItem } from './sliced-item';

export interface BatchRead {
  table: string;
  places: KeyPlaces;
  /** Distinct, up to 100. */
  keyIds: readonly string[];
  /** What may stand under the keys, in their order; undefined: nothing is expected. */
  expected?: readonly (SlicedItem | undefined)[];
}

export interface SlicedBatch {
  /**
   * In the order of the keys: the item, the expected one itself where the store's has its bytes; null where the store has
   * none; undefined for a key without an answer, never to be taken for absent.
   */
  items: (SlicedItem | null | undefined)[];
  /** Why nothing was answered; null where the store answered. */
  trouble: Trouble | null;
  consumedUnits: number | null;
}

/** Reads up to 100 distinct keys in one request; asking again for what is left over is the caller's. */
export async function readSlices(wire: StoreWire, request: BatchRead, options: ReadOptions = {}): Promise<SlicedBatch> {
  const { isConsistent = true, ...rest } = options;
  const { table, places, keyIds } = request;
  invariant(keyIds.length <= BATCH_GET_KEYS_MAX, `a batch read takes ${BATCH_GET_KEYS_MAX} keys`);
  wire.know?.(table, places.schema);
  const writer = new KeyWriter(places.schema);
  let keys = '';
  for (const id of keyIds) keys += keys === '' ? writer.json(id) : `,${writer.json(id)}`;
  const body = Buffer.from(
    `{"RequestItems":{${JSON.stringify(table)}:{"Keys":[${keys}],"ConsistentRead":${isConsistent}}},` +
      '"ReturnConsumedCapacity":"TOTAL"}',
  );
  const answer = await callForBytes(wire, { operation: 'BatchGetItem', body, answerRoom: takeAnswerRoom }, rest);
  if (answer.kind !== 'ok') return unanswered(keyIds, answer);
  const batch = readBatch(answer.value, request);
  if (batch === null) return unanswered(keyIds, undecodable('BatchGetItem'));
  // Nothing was cut out of the answer: every item of it is one that the caller has.
  if (batch.items.every((item) => item?.body !== answer.value)) giveAnswerRoomBack(answer.value);
  return batch;
}

const unanswered = (keyIds: readonly string[], trouble: Trouble): SlicedBatch => ({
  items: new Array<undefined>(keyIds.length).fill(undefined),
  trouble,
  consumedUnits: null,
});

/** What an answer holds, or null where it is unreadable or speaks of keys that were not asked for. */
export function readBatch(body: Buffer, request: BatchRead): SlicedBatch | null {
  const { table, places, keyIds } = request;
  const cut = cutItems(body, { responsesOf: table }, places.wanted);
  if (cut === null) return null;
  const items = new Array<SlicedItem | null | undefined>(keyIds.length).fill(null);
  const asked = new Asked(keyIds);
  if (!takeItems(body, { cut, request, asked }, items)) return null;
  const unprocessed = memberOf(body, cut, 'UnprocessedKeys');
  const left = isJson(unprocessed) ? leftKeys(unprocessed, { table, schema: places.schema, asked }) : [];
  if (left === null) return null;
  for (const which of left) if (items[which] === null) items[which] = undefined;
  const consumed = memberOf(body, cut, 'ConsumedCapacity');
  return { items, trouble: null, consumedUnits: Array.isArray(consumed) ? unitsOf(consumed[0]) : null };
}

/** The places of keys among those asked for; made when a key is first looked for by its id. */
class Asked {
  #places: Map<string, number> | null = null;

  constructor(private readonly keyIds: readonly string[]) {}

  at(keyId: string): number | undefined {
    this.#places ??= new Map(this.keyIds.map((id, at) => [id, at]));
    return this.#places.get(keyId);
  }
}

/** False where an item has no key of the table, or one that nobody asked for. */
function takeItems(
  body: Buffer,
  of: { cut: CutAnswer; request: BatchRead; asked: Asked },
  items: (SlicedItem | null | undefined)[],
): boolean {
  const { request, asked } = of;
  const { count, offsets } = of.cut.items;
  const { expected = [], places } = request;
  if (expected.length > 0) noteExpected(expected);
  for (let at = 0; at < count; at += 1) {
    const same = expected.length === 0 ? -1 : expectedAt(body, { offsets, at }, { expected, places });
    if (same !== -1) {
      items[same] = expected[same];
      continue;
    }
    const item = sliceItem(body, { offsets, at }, places);
    const which = item === null ? undefined : asked.at(item.keyId);
    if (which === undefined) return false;
    items[which] = item;
  }
  return true;
}

/** First expected item of each remainder of a key's number, and the next one of each; written anew for every answer. */
const HEADS = 512;
const heads = new Int16Array(HEADS);
const nexts = new Int16Array(BATCH_GET_KEYS_MAX);

function noteExpected(expected: readonly (SlicedItem | undefined)[]): void {
  heads.fill(-1);
  for (let which = 0; which < expected.length; which += 1) {
    const item = expected[which];
    if (item === undefined) continue;
    const head = item.keyHash % HEADS;
    nexts[which] = heads[head] as number;
    heads[head] = which;
  }
}

/** Which expected item has the bytes of this one, and so its key; -1: none has. */
function expectedAt(
  body: Buffer,
  cut: { offsets: Uint32Array; at: number },
  of: { expected: readonly (SlicedItem | undefined)[]; places: KeyPlaces },
): number {
  const hash = keyHashAt(body, cut, of.places);
  const start = cut.offsets[cut.at * STRIDE] as number;
  const end = cut.offsets[cut.at * STRIDE + 1] as number;
  for (let which = heads[hash % HEADS] as number; which !== -1; which = nexts[which] as number) {
    const item = of.expected[which] as SlicedItem;
    if (item.keyHash !== hash || item.bytesLength !== end - start) continue;
    if (body.compare(item.body, item.start, item.end, start, end) === 0) return which;
  }
  return -1;
}

function leftKeys(unprocessed: Json, of: { table: string; schema: KeySchema; asked: Asked }): number[] | null {
  const table = Object.hasOwn(unprocessed, of.table) ? unprocessed[of.table] : undefined;
  const keys = isJson(table) ? table.Keys : [];
  if (!Array.isArray(keys)) return null;
  const left: number[] = [];
  for (const key of keys) {
    const id = isJson(key) ? keyId(key as WireItem, of.schema) : null;
    const which = id?.ok ? of.asked.at(id.value) : undefined;
    if (which === undefined) return null;
    left.push(which);
  }
  return left;
}
