/**
 * Items as the JSON of TerraScale's REST API: `{pk, sk?, data}`. Text, booleans, null, lists and maps are what they are in
 * JSON, and a number is a JSON number where a double holds it exactly and it is no larger than 2^53. What JSON cannot
 * carry is a tagged object, `{"$landfall": "B", "value": "…"}`, and a map that has such a name itself is tagged as a map:
 * so every item has exactly one form, and every form gives back the item. Nothing is dropped, nothing rounded.
 *
 * A key's attributes stand in `pk` and `sk` alone, as text: a number in its canonical spelling, bytes in base64. Text
 * sorts otherwise than numbers and bytes do, which the proof of a target finds out.
 */
import { err, ok, type Result } from '../result';
import { canonicalNumber } from './decimal';
import {
  type AttributeValue,
  attributeOf,
  ITEM_DEPTH_MAX,
  type KeyAttribute,
  type KeySchema,
  setAttribute,
  typeOf,
  type WireItem,
} from './item';
import { keyFromId, keyId } from './key';

export const TAG = '$landfall';
/** Types that JSON has no word for. */
export const TAGGED_TYPES = ['B', 'SS', 'NS', 'BS'] as const;

export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue };
export interface JsonKey {
  pk: string;
  sk?: string;
}
export interface JsonItem extends JsonKey {
  data: { [name: string]: JsonValue };
}

/** Whether a number may stand as a JSON number, read by whoever reads numbers as doubles. */
export function isDouble(text: string): boolean {
  const canonical = canonicalNumber(text);
  const value = Number(text);
  if (canonical === null || !Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER + 1) return false;
  return canonicalNumber(String(value)) === canonical;
}

/** The key of an item or a key, as the API spells it; the fault names the attribute. */
export function jsonKeyOf(item: WireItem, schema: KeySchema): Result<JsonKey, string> {
  const id = keyId(item, schema);
  if (!id.ok) return err(`the key attribute ${id.error.attribute} is ${id.error.reason}`);
  const units = JSON.parse(id.value) as string[];
  const [pk = '', sk] = units.map((unit) => unit.slice(2));
  return ok(sk === undefined ? { pk } : { pk, sk });
}

/** A key back from the API's spelling, or null where it is no key of the table. */
export function keyOfJson({ pk, sk }: { pk: unknown; sk?: unknown }, schema: KeySchema): WireItem | null {
  const key: WireItem = {};
  const given: [KeyAttribute, unknown][] = [[schema.partition, pk]];
  const hasSk = sk !== undefined && sk !== null;
  if (hasSk !== (schema.sort !== null)) return null;
  if (schema.sort) given.push([schema.sort, sk]);
  for (const [attribute, text] of given) {
    if (typeof text !== 'string') return null;
    setAttribute(key, attribute.name, { [attribute.type]: text });
  }
  const id = keyId(key, schema);
  return id.ok ? keyFromId(id.value, schema) : null;
}

export function jsonItemOf(item: WireItem, schema: KeySchema): Result<JsonItem, string> {
  const key = jsonKeyOf(item, schema);
  if (!key.ok) return key;
  const data: JsonItem['data'] = {};
  for (const name of Object.keys(item)) {
    if (name === schema.partition.name || name === schema.sort?.name) continue;
    setMember(data, name, encode(item[name] as AttributeValue, 0));
  }
  return ok({ ...key.value, data });
}

/** The item, or null where it has no key of the table or a tag that nobody gave. */
export function itemOfJson(given: { pk: unknown; sk?: unknown; data: unknown }, schema: KeySchema): WireItem | null {
  const item = keyOfJson(given, schema);
  if (item === null || !isObject(given.data)) return null;
  for (const name of Object.keys(given.data)) {
    // A native writer may repeat the key among the data; the key itself is the truth.
    if (attributeOf(item, name) !== undefined) continue;
    const value = decode(given.data[name] as JsonValue, 0);
    if (value === null) return null;
    setAttribute(item, name, value);
  }
  return item;
}

/** Whether a value is in JSON what it is in DynamoDB, without a tag. */
export const isPlainJson = (value: AttributeValue): boolean => !JSON.stringify(encode(value, 0)).includes(`"${TAG}"`);

const isObject = (value: unknown): value is { [name: string]: JsonValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** As `setAttribute`: a name may be `__proto__`. */
function setMember(object: { [name: string]: JsonValue }, name: string, value: JsonValue): void {
  Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
}

const tagged = (type: string, value: unknown): JsonValue => ({ [TAG]: type, value: value as JsonValue });

function encode(value: AttributeValue, depth: number): JsonValue {
  const type = typeOf(value);
  const inner = type === null ? undefined : value[type];
  if (depth > ITEM_DEPTH_MAX) return tagged('raw', value);
  if (type === 'S' && typeof inner === 'string') return inner;
  if (type === 'N' && typeof inner === 'string')
    return isDouble(inner) ? Number(inner) : tagged('N', canonicalNumber(inner) ?? inner);
  if (type === 'BOOL' && typeof inner === 'boolean') return inner;
  if (type === 'NULL' && inner === true) return null;
  if (type === 'L' && Array.isArray(inner)) return inner.map((one) => encode(one as AttributeValue, depth + 1));
  if (type === 'M' && isObject(inner)) return encodeMap(inner as WireItem, depth);
  if (type === 'B' || type === 'SS' || type === 'NS' || type === 'BS') return tagged(type, inner);
  return tagged('raw', value);
}

function encodeMap(map: WireItem, depth: number): JsonValue {
  const object: { [name: string]: JsonValue } = {};
  for (const name of Object.keys(map)) setMember(object, name, encode(map[name] as AttributeValue, depth + 1));
  return Object.hasOwn(map, TAG) ? tagged('M', object) : object;
}

function decode(value: JsonValue, depth: number): AttributeValue | null {
  if (depth > 2 * ITEM_DEPTH_MAX) return null;
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: canonicalNumber(String(value)) ?? String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (value === null) return { NULL: true };
  if (Array.isArray(value)) {
    const list = value.map((one) => decode(one, depth + 1));
    return list.includes(null) ? null : { L: list };
  }
  if (!Object.hasOwn(value, TAG)) return decodeMap(value, depth);
  const inner = value.value;
  switch (value[TAG]) {
    case 'M':
      return isObject(inner) ? decodeMap(inner, depth) : null;
    case 'N':
    case 'B':
      return typeof inner === 'string' ? { [value[TAG]]: inner } : null;
    case 'SS':
    case 'NS':
    case 'BS':
      return Array.isArray(inner) ? { [value[TAG]]: inner } : null;
    case 'raw':
      return isObject(inner) ? (inner as AttributeValue) : null;
    default:
      return null;
  }
}

function decodeMap(object: { [name: string]: JsonValue }, depth: number): AttributeValue | null {
  const map: WireItem = {};
  for (const name of Object.keys(object)) {
    const value = decode(object[name] as JsonValue, depth + 1);
    if (value === null) return null;
    setAttribute(map, name, value);
  }
  return { M: map };
}
