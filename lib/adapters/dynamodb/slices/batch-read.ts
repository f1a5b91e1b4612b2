/**
 * Batch reads whose items stay bytes. Whoever reads to compare says what it expects. An answer of nothing but expected items
 * is walked by comparing it with them, in whatever order they come; it is not cut at all. Of any other, an item of expected
 * bytes is found by a number made of its key's bytes and one comparison, and its key is not made anew.
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
import { CLOSE_LIST, CLOSE_MAP, COMMA, OPEN_LIST } from './json-bytes';
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
  const { table, places, keyIds, expected = [] } = request;
  const same: number[] = [];
  const pastKnown = (start: number) => pastExpected(body, start, { expected, same });
  const cut = cutItems(body, { responsesOf: table, pastKnown }, places.wanted);
  if (cut === null) return null;
  const items = new Array<SlicedItem | null | undefined>(keyIds.length).fill(null);
  for (const which of same) items[which] = expected[which];
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
  if (expected.length > 0 && count > 0) noteExpected(expected, (item) => item.keyHash);
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

/** First expected item of each remainder of its number, and the next one of each; written anew for every answer. */
const HEADS = 512;
const heads = new Int16Array(HEADS);
const nexts = new Int16Array(BATCH_GET_KEYS_MAX);

function noteExpected(expected: readonly (SlicedItem | undefined)[], numberOf: (item: SlicedItem) => number): void {
  heads.fill(-1);
  for (let which = 0; which < expected.length; which += 1) {
    const item = expected[which];
    if (item === undefined) continue;
    const head = numberOf(item) % HEADS;
    nexts[which] = heads[head] as number;
    heads[head] = which;
  }
}

/** Bytes of an item's beginning from which its other number is made. */
const START_BYTES = 48;
/** Comparisons of one item that found another: then items begin alike, and cutting them is quicker. */
const VAIN_MAX = 4;

function startNumber(body: Buffer, start: number): number {
  let hash = 0x1505;
  const end = Math.min(start + START_BYTES, body.length);
  for (let at = start; at < end; at += 1) hash = (Math.imul(hash, 31) + (body[at] as number)) | 0;
  return (hash ^ (hash >>> 15)) & 0x3fff_ffff;
}

/** The place behind the list that begins at `start` where it holds expected items alone, noted in `same`; else -1. */
function pastExpected(
  body: Buffer,
  start: number,
  of: { expected: readonly (SlicedItem | undefined)[]; same: number[] },
): number {
  const { expected, same } = of;
  if (expected.length === 0 || body[start] !== OPEN_LIST) return -1;
  noteExpected(expected, (item) => startNumber(item.body, item.start));
  for (let at = start + 1; ; ) {
    const which = sameAt(body, at, expected);
    if (which === -1) break;
    same.push(which);
    at += (expected[which] as SlicedItem).bytesLength + 1;
    const behind = body[at - 1];
    if (behind === CLOSE_LIST) return at;
    if (behind !== COMMA) break;
  }
  same.length = 0;
  return -1;
}

/** Which expected item stands at this place, byte by byte; -1: none, or too many begin like it. */
function sameAt(body: Buffer, at: number, expected: readonly (SlicedItem | undefined)[]): number {
  let vain = 0;
  let which = heads[startNumber(body, at) % HEADS] as number;
  for (; which !== -1 && vain < VAIN_MAX; which = nexts[which] as number) {
    const item = expected[which] as SlicedItem;
    const end = at + item.bytesLength;
    if (body[end - 1] !== CLOSE_MAP || end > body.length) continue;
    if (body.compare(item.body, item.start, item.end, at, end) === 0) return which;
    vain += 1;
  }
  return -1;
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
