/** Batch writes whose items stay bytes, by key id. The decoded form is in batch.ts. */
import type { KeySchema } from '@/lib/domain/item/item';
import { keyId } from '@/lib/domain/item/key';
import { invariant } from '@/lib/domain/result';
import type { StoreWire, WireItem } from '../../ports';
import { BATCH_WRITE_ENTRIES_MAX } from '../batch';
import { type CallOptions, isJson, type Trouble, undecodable } from '../call';
import { giveRoomBack, HEAD_ROOM_BYTES, takeRoom } from './body-room';
import { callForBytes } from './call-bytes';
import { ItemImage } from './item-image';
import { KeyWriter } from './item-key';

const NONE: ReadonlySet<string> = new Set();

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
