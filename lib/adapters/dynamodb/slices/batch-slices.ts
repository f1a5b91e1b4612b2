/** Batch reads and writes whose items stay bytes, by key id. The decoded forms are in batch.ts. */
import type { KeySchema } from '@/lib/domain/item/item';
import { keyId } from '@/lib/domain/item/key';
import { invariant } from '@/lib/domain/result';
import type { StoreWire, WireItem } from '../../ports';
import { BATCH_GET_KEYS_MAX, BATCH_WRITE_ENTRIES_MAX } from '../batch';
import { type CallOptions, isJson, type Json, type Trouble, undecodable } from '../call';
import { type ReadOptions, unitsOf } from '../items';
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
  consumedUnits: number | null;
}

const PUT = '{"PutRequest":{"Item":';
const DELETE = '{"DeleteRequest":{"Key":';
const END = '}}';
/** Between two puts: what ends one and begins the other, copied at once. */
const BETWEEN_PUTS = Buffer.from(`${END},${PUT}`);
const TAIL = Buffer.from(`${END}]},"ReturnConsumedCapacity":"TOTAL"}`);

/**
 * Writes up to 25 entries on distinct keys in one request, never repeated. The body is put together from the images'
 * bytes. HTTP 200 with entries left over is not success: those are `unprocessed`.
 */
export async function writeSlices(
  wire: StoreWire,
  request: { table: string; schema: KeySchema; entries: readonly SliceEntry[] },
  options: CallOptions = {},
): Promise<SliceWriteResult> {
  const { entries } = request;
  invariant(
    entries.length > 0 && entries.length <= BATCH_WRITE_ENTRIES_MAX,
    `a batch writes 1 to ${BATCH_WRITE_ENTRIES_MAX}`,
  );
  const answer = await callForBytes(wire, { operation: 'BatchWriteItem', body: writeBody(request) }, options);
  if (answer.kind !== 'ok') return { unprocessed: NONE, trouble: answer, consumedUnits: null };
  return (
    readWritten(answer.value, request) ?? {
      unprocessed: NONE,
      trouble: undecodable('BatchWriteItem'),
      consumedUnits: null,
    }
  );
}

/** The body of a BatchWriteItem. */
export function writeBody(request: { table: string; schema: KeySchema; entries: readonly SliceEntry[] }): Buffer {
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
  const body = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const part of parts) at = part instanceof ItemImage ? part.copyTo(body, at) : at + part.copy(body, at);
  invariant(at === bytes, 'a batch fills its body');
  return body;
}

function readWritten(
  body: Buffer,
  request: { table: string; schema: KeySchema; entries: readonly SliceEntry[] },
): SliceWriteResult | null {
  let answer: unknown;
  try {
    answer = JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
  // Always there, empty where all was written: an answer without it does not say that anything was.
  if (!isJson(answer) || !isJson(answer.UnprocessedItems)) return null;
  const consumed = answer.ConsumedCapacity;
  const consumedUnits = Array.isArray(consumed) ? unitsOf(consumed[0]) : null;
  const names = Object.keys(answer.UnprocessedItems);
  if (names.length === 0) return { unprocessed: NONE, trouble: null, consumedUnits };
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
  return { unprocessed, trouble: null, consumedUnits };
}
