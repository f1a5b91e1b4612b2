/** Keys of cut items: their ids from bytes, and the JSON of a key from its id, both without parsing where it is plain. */
import { type KeyAttribute, type KeySchema, setAttribute, type WireItem } from '@/lib/domain/item/item';
import { keyFromId, keyId, PARTITION_KEY_BYTES_MAX, SORT_KEY_BYTES_MAX } from '@/lib/domain/item/key';
import { type Cut, STRIDE, WantedNames } from './cut-items';

/** Where the attributes of a table's key, and its TTL attribute, stand among an item's noted places. */
export interface KeyPlaces {
  readonly schema: KeySchema;
  readonly wanted: WantedNames;
  /** Index of the TTL attribute among the wanted names, or -1; it may be the sort key itself. */
  readonly ttl: number;
}

const known = new WeakMap<KeySchema, Map<string | null, KeyPlaces>>();

/** Made once a schema, which nobody changes. */
export function keyPlacesOf(schema: KeySchema, ttlAttribute: string | null): KeyPlaces {
  const ofSchema = known.get(schema) ?? new Map<string | null, KeyPlaces>();
  known.set(schema, ofSchema);
  const places = ofSchema.get(ttlAttribute) ?? makePlaces(schema, ttlAttribute);
  ofSchema.set(ttlAttribute, places);
  return places;
}

function makePlaces(schema: KeySchema, ttlAttribute: string | null): KeyPlaces {
  const names = schema.sort === null ? [schema.partition.name] : [schema.partition.name, schema.sort.name];
  if (ttlAttribute !== null && !names.includes(ttlAttribute)) names.push(ttlAttribute);
  return { schema, wanted: new WantedNames(names), ttl: ttlAttribute === null ? -1 : names.indexOf(ttlAttribute) };
}

/** The place of the `which`th wanted attribute of the item whose numbers begin at `first`, or null where it has none. */
export function placeOf(offsets: Uint32Array, first: number, which: number): Cut | null {
  const end = offsets[first + 3 + 2 * which] as number;
  return end === 0 ? null : [offsets[first + 2 + 2 * which] as number, end];
}

/** Key id (see lib/domain/item/key.ts) of the `at`th cut item, or null where it has no key of the table. */
export function keyIdAt(body: Buffer, cut: { offsets: Uint32Array; at: number }, places: KeyPlaces): string | null {
  const { schema } = places;
  const first = cut.at * STRIDE;
  const plain = plainId(body, cut.offsets, { first, schema });
  if (plain !== null) return plain;
  const item: WireItem = {};
  const attributes = schema.sort === null ? [schema.partition] : [schema.partition, schema.sort];
  for (let which = 0; which < attributes.length; which += 1) {
    const place = placeOf(cut.offsets, first, which);
    if (place === null) return null;
    const value: unknown = JSON.parse(body.toString('utf8', place[0], place[1]));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    setAttribute(item, (attributes[which] as KeyAttribute).name, value as WireItem[string]);
  }
  const id = keyId(item, schema);
  return id.ok ? id.value : null;
}

/** Bytes of a key's attribute that are hashed, from its end: that is where keys differ. */
const HASHED_BYTES = 12;

/**
 * A number from the bytes of the key's values as they are spelt: equal bytes, equal number. It only says where to look;
 * two keys may share one, and one key has two where it is spelt in two ways.
 */
export function keyHashAt(body: Buffer, cut: { offsets: Uint32Array; at: number }, places: KeyPlaces): number {
  const first = cut.at * STRIDE;
  let hash = 0x1505;
  for (let which = places.schema.sort === null ? 0 : 1; which >= 0; which -= 1) {
    const start = cut.offsets[first + 2 + 2 * which] as number;
    const end = cut.offsets[first + 3 + 2 * which] as number;
    for (let at = Math.max(start, end - TAIL - HASHED_BYTES); at < end - TAIL; at += 1) {
      hash = (Math.imul(hash, 31) + (body[at] as number)) | 0;
    }
  }
  return (hash ^ (hash >>> 15)) & 0x3fff_ffff;
}

/** Node's own reader of one encoding: `toString` looks the encoding's name up each time, which was 2 % of a copy. */
const latin1 = (body: Buffer, from: number, to: number): string =>
  (body as Buffer & { latin1Slice(start: number, end: number): string }).latin1Slice(from, to);

/** Bytes of `{"S":"` and of `"}`. */
const HEAD = 6;
const TAIL = 2;
/** Integers of up to 15 digits are spelt in one way. */
const PLAIN_DIGITS_MAX = 15;

/** Where ids are put together, so that each is made as one flat text: of several texts it took twice the memory. */
const idRoom = Buffer.allocUnsafeSlow(PARTITION_KEY_BYTES_MAX + SORT_KEY_BYTES_MAX + 16);
const [QUOTE, SHARP] = [0x22, 0x23];

/**
 * The id of a key whose values are spelt `{"S":"…"}` in printable ASCII without escapes, or `{"N":"…"}` with a plain
 * integer: they stand in it as they are. Null: ask the domain.
 */
function plainId(body: Buffer, offsets: Uint32Array, of: { first: number; schema: KeySchema }): string | null {
  const { first, schema } = of;
  idRoom[0] = 0x5b;
  let to = putUnit(body, offsets, { place: first + 2, attribute: schema.partition, isSort: false, to: 1 });
  if (to === -1) return null;
  if (schema.sort !== null) {
    idRoom[to] = 0x2c;
    to = putUnit(body, offsets, { place: first + 4, attribute: schema.sort, isSort: true, to: to + 1 });
    if (to === -1) return null;
  }
  idRoom[to] = 0x5d;
  return latin1(idRoom, 0, to + 1);
}

/** Writes `"S#…"` or `"N#…"` into the room; the place behind it, or -1 where the value is not plain. */
function putUnit(
  body: Buffer,
  offsets: Uint32Array,
  ask: { place: number; attribute: KeyAttribute; isSort: boolean; to: number },
): number {
  const start = offsets[ask.place] as number;
  const from = start + HEAD;
  const end = (offsets[ask.place + 1] as number) - TAIL;
  if (end <= from) return -1;
  const { type } = ask.attribute;
  if (body[start + 1] !== QUOTE || body[start + 2] !== type.charCodeAt(0) || body[start + 3] !== QUOTE) return -1;
  if (body[start + 4] !== 0x3a || body[start + 5] !== QUOTE || body[end] !== QUOTE) return -1;
  if (type === 'S') {
    if (end - from > (ask.isSort ? SORT_KEY_BYTES_MAX : PARTITION_KEY_BYTES_MAX)) return -1;
  } else if (type !== 'N' || !isPlainInteger(body, from, end)) return -1;
  let { to } = ask;
  idRoom[to] = QUOTE;
  idRoom[to + 1] = body[start + 2] as number;
  idRoom[to + 2] = SHARP;
  to += 3;
  for (let at = from; at < end; at += 1) {
    const byte = body[at] as number;
    if (byte < 0x20 || byte > 0x7e || byte === QUOTE || byte === 0x5c) return -1;
    idRoom[to] = byte;
    to += 1;
  }
  idRoom[to] = QUOTE;
  return to + 1;
}

function isPlainInteger(body: Buffer, from: number, to: number): boolean {
  const isNegative = body[from] === 0x2d;
  const first = isNegative ? from + 1 : from;
  if (to === first || to - first > PLAIN_DIGITS_MAX) return false;
  // Zero alone begins with a zero, and there is no minus zero.
  if (body[first] === 0x30) return to - first === 1 && !isNegative;
  for (let at = first; at < to; at += 1) {
    const byte = body[at] as number;
    if (byte < 0x30 || byte > 0x39) return false;
  }
  return true;
}

/** Writes keys of one table as JSON, from their ids. */
export class KeyWriter {
  readonly #partition: string;
  readonly #sort: string | null;

  constructor(private readonly schema: KeySchema) {
    this.#partition = `{${JSON.stringify(schema.partition.name)}:{"${schema.partition.type}":"`;
    this.#sort = schema.sort === null ? null : `"},${JSON.stringify(schema.sort.name)}:{"${schema.sort.type}":"`;
  }

  /** An id holds each unit as a JSON string, so its text goes into the key as it stands: `["S#a","N#1"]`. */
  json(id: string): string {
    if (id.includes('\\')) return JSON.stringify(keyFromId(id, this.schema));
    if (this.#sort === null) return `${this.#partition}${id.slice(4, -2)}"}}`;
    const split = id.indexOf('"', 4);
    return `${this.#partition}${id.slice(4, split)}${this.#sort}${id.slice(split + 5, -2)}"}}`;
  }
}

/** The cut value of an attribute as it stands in a parsed item. */
export function valueAt(body: Buffer, place: Cut, name: string): WireItem {
  const item: WireItem = {};
  const value: unknown = JSON.parse(body.toString('utf8', place[0], place[1]));
  if (typeof value === 'object' && value !== null) setAttribute(item, name, value as WireItem[string]);
  return item;
}
