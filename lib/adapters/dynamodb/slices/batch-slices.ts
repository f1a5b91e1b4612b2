/** Batch reads and writes whose items stay bytes, by key id. The decoded forms are in batch.ts. */
import type { KeySchema } from '@/lib/domain/item/item';
import { keyId } from '@/lib/domain/item/key';
import { invariant } from '@/lib/domain/result';
import type { StoreWire, WireItem } from '../../ports';
import { BATCH_GET_KEYS_MAX, BATCH_WRITE_ENTRIES_MAX } from '../batch';
import { type CallOptions, isJson, type Json, type Trouble, undecodable } from '../call';
import { type ReadOptions, unitsOf } from '../items';
import { giveRoomBack, HEAD_ROOM_BYTES, takeRoom } from './body-room';
import { callForBytes } from './call-bytes';
import { cutItems } from './cut-items';
import { ItemImage } from './item-image';
import { type KeyPlaces, KeyWriter } from './item-key';
import { memberOf } from './scan-slices';
import { type SlicedItem, sliceItems } from './sliced-item';

export interface SlicedBatch {
  /** Items that the store has, by key id. */
  found: Map<string, SlicedItem>;
  /** Key ids that were left over: without an answer, never taken for absent. */
  left: ReadonlySet<string>;
  /** Why nothing was answered; null where the store answered. Then what is neither found nor left is absent. */
  trouble: Trouble | null;
  consumedUnits: number | null;
}

const NONE: ReadonlySet<string> = new Set();

/** Reads up to 100 distinct keys in one request; asking again for what is left over is the caller's. */
export async function readSlices(
  wire: StoreWire,
  request: { table: string; places: KeyPlaces; keyIds: readonly string[] },
  options: ReadOptions = {},
): Promise<SlicedBatch> {
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
  const answer = await callForBytes(wire, { operation: 'BatchGetItem', body }, rest);
  if (answer.kind !== 'ok') return { found: new Map(), left: NONE, trouble: answer, consumedUnits: null };
  return (
    readBatch(answer.value, request) ?? {
      found: new Map(),
      left: NONE,
      trouble: undecodable('BatchGetItem'),
      consumedUnits: null,
    }
  );
}

/** What an answer holds, or null where it is unreadable or speaks of keys that were not asked for. */
export function readBatch(
  body: Buffer,
  request: { table: string; places: KeyPlaces; keyIds: readonly string[] },
): SlicedBatch | null {
  const { table, places, keyIds } = request;
  const cut = cutItems(body, { responsesOf: table }, places.wanted);
  if (cut === null) return null;
  const items = sliceItems(body, cut.items, places);
  if (items === null) return null;
  const asked = new Set(keyIds);
  const found = new Map<string, SlicedItem>();
  for (const item of items) {
    if (!asked.has(item.keyId)) return null;
    found.set(item.keyId, item);
  }
  const unprocessed = memberOf(body, cut, 'UnprocessedKeys');
  const left = isJson(unprocessed) ? leftKeys(unprocessed, { table, schema: places.schema, asked }) : NONE;
  if (left === null) return null;
  const consumed = memberOf(body, cut, 'ConsumedCapacity');
  const consumedUnits = Array.isArray(consumed) ? unitsOf(consumed[0]) : null;
  if (left.size === 0) return { found, left, trouble: null, consumedUnits };
  return { found, left: new Set([...left].filter((id) => !found.has(id))), trouble: null, consumedUnits };
}

function leftKeys(
  unprocessed: Json,
  of: { table: string; schema: KeySchema; asked: ReadonlySet<string> },
): Set<string> | null {
  const table = Object.hasOwn(unprocessed, of.table) ? unprocessed[of.table] : undefined;
  const keys = isJson(table) ? table.Keys : [];
  if (!Array.isArray(keys)) return null;
  const left = new Set<string>();
  for (const key of keys) {
    const id = isJson(key) ? keyId(key as WireItem, of.schema) : null;
    if (id === null || !id.ok || !of.asked.has(id.value)) return null;
    left.add(id.value);
  }
  return left;
}

/** An image, or null for a delete. */
export interface SliceEntry {
  keyId: string;
  image: ItemImage | null;
}

export interface SliceWriteResult {
  /** Key ids that the store left over: not applied. Everything else was written, unless there is `trouble`. */
  unprocessed: ReadonlySet<string>;
  /** What became of every entry, where the request was not answered with 200. */
  trouble: Trouble | null;
}

const PUT = '{"PutRequest":{"Item":';
const DELETE = '{"DeleteRequest":{"Key":';
const END = '}}';
/** Between two puts: what ends one and begins the other, copied at once. */
const BETWEEN_PUTS = Buffer.from(`${END},${PUT}`);
const TAIL = Buffer.from(`${END}]}}`);
/** What a store says where it has written everything and nothing else was asked. */
const ALL_WRITTEN = Buffer.from('{"UnprocessedItems":{}}');

/**
 * Writes up to 25 entries on distinct keys in one request, never repeated. The body is put together from the images'
 * bytes. HTTP 200 with entries left over is not success: those are `unprocessed`.
 */
export async function writeSlices(
  wire: StoreWire,
  request: WriteSlicesRequest,
  options: CallOptions = {},
): Promise<SliceWriteResult> {
  const { entries } = request;
  wire.know?.(request.table, request.schema);
  invariant(
    entries.length > 0 && entries.length <= BATCH_WRITE_ENTRIES_MAX,
    `a batch writes 1 to ${BATCH_WRITE_ENTRIES_MAX}`,
  );
  const body = writeBody(request, takeRoom);
  const sent = { operation: 'BatchWriteItem', body, headRoomBytes: HEAD_ROOM_BYTES };
  const answer = await callForBytes(wire, sent, options);
  if (answer.kind !== 'ok') return { unprocessed: NONE, trouble: answer };
  giveRoomBack(body);
  if (answer.value.equals(ALL_WRITTEN)) return EVERYTHING;
  return readWritten(answer.value, request) ?? { unprocessed: NONE, trouble: undecodable('BatchWriteItem') };
}

const EVERYTHING: SliceWriteResult = Object.freeze({ unprocessed: NONE, trouble: null });

type WriteSlicesRequest = { table: string; schema: KeySchema; entries: readonly SliceEntry[] };

/** The body of a BatchWriteItem, in memory from `room`. */
export function writeBody(request: WriteSlicesRequest, room: (bytes: number) => Buffer = Buffer.allocUnsafe): Buffer {
  return putsBody(request, room) ?? mixedBody(request, room);
}

let lastStart = { table: '', bytes: Buffer.alloc(0) };

/** All that stands before the first item of puts; batches of one table follow each other. */
function startOf(table: string): Buffer {
  if (lastStart.table !== table) {
    lastStart = { table, bytes: Buffer.from(`{"RequestItems":{${JSON.stringify(table)}:[${PUT}`) };
  }
  return lastStart.bytes;
}

/** Null where there is a delete among them. */
function putsBody({ table, entries }: WriteSlicesRequest, room: (bytes: number) => Buffer): Buffer | null {
  const start = startOf(table);
  let bytes = start.length + (entries.length - 1) * BETWEEN_PUTS.length + TAIL.length;
  for (const { image } of entries) {
    if (image === null) return null;
    bytes += image.bytesLength;
  }
  const body = room(bytes);
  body.set(start);
  let at = start.length;
  for (let which = 0; which < entries.length; which += 1) {
    if (which > 0) {
      body.set(BETWEEN_PUTS, at);
      at += BETWEEN_PUTS.length;
    }
    at = ((entries[which] as SliceEntry).image as ItemImage).copyTo(body, at);
  }
  body.set(TAIL, at);
  invariant(at + TAIL.length === bytes, 'a batch fills its body');
  return body;
}

function mixedBody(request: WriteSlicesRequest, room: (bytes: number) => Buffer): Buffer {
  const keys = new KeyWriter(request.schema);
  const parts: (Buffer | ItemImage)[] = [];
  let frame = `{"RequestItems":{${JSON.stringify(request.table)}:[`;
  let bytes = TAIL.length;
  for (const { keyId: id, image } of request.entries) {
    const isBetweenPuts = frame === '' && image !== null;
    const next = isBetweenPuts
      ? BETWEEN_PUTS
      : Buffer.from(frame + (parts.length === 0 ? '' : `${END},`) + (image === null ? DELETE + keys.json(id) : PUT));
    frame = '';
    parts.push(next);
    bytes += next.length;
    if (image === null) continue;
    parts.push(image);
    bytes += image.bytesLength;
  }
  parts.push(TAIL);
  const body = room(bytes);
  let at = 0;
  for (const part of parts) at = part instanceof ItemImage ? part.copyTo(body, at) : at + part.copy(body, at);
  invariant(at === bytes, 'a batch fills its body');
  return body;
}

function readWritten(body: Buffer, request: WriteSlicesRequest): SliceWriteResult | null {
  let answer: unknown;
  try {
    answer = JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
  // Always there, empty where all was written: an answer without it does not say that anything was.
  if (!isJson(answer) || !isJson(answer.UnprocessedItems)) return null;
  const names = Object.keys(answer.UnprocessedItems);
  if (names.length === 0) return EVERYTHING;
  if (names.some((name) => name !== request.table)) return null;
  const left = answer.UnprocessedItems[request.table];
  if (!Array.isArray(left)) return null;
  const sent = new Set(request.entries.map((entry) => entry.keyId));
  const unprocessed = new Set<string>();
  for (const entry of left) {
    const put = isJson(entry) && isJson(entry.PutRequest) ? entry.PutRequest.Item : undefined;
    const del = isJson(entry) && isJson(entry.DeleteRequest) ? entry.DeleteRequest.Key : undefined;
    const key = put ?? del;
    const id = isJson(key) ? keyId(key as WireItem, request.schema) : null;
    if (id === null || !id.ok || !sent.has(id.value)) return null;
    unprocessed.add(id.value);
  }
  return { unprocessed, trouble: null };
}
