import { err, ok, type Result } from '../result';
import { sha256 } from '../sha256';
import { base64Bytes, base64Url, canonicalBase64, utf8, utf8Bytes } from './bytes';
import { canonicalNumber } from './decimal';
import {
  type AttributeValue,
  attributeOf,
  type KeyAttribute,
  type KeySchema,
  setAttribute,
  typeOf,
  type WireItem,
} from './item';

export const PARTITION_KEY_BYTES_MAX = 2048;
export const SORT_KEY_BYTES_MAX = 1024;

/** Why something is not a key of the table. Names the attribute, never its value. */
export interface KeyFault {
  reason: 'missing' | 'type' | 'empty' | 'too_long' | 'malformed';
  attribute: string;
}

/** The key attributes of an item, as they were spelt, in the order of the schema. */
export function keyOf(item: WireItem, schema: KeySchema): Result<WireItem, KeyFault> {
  const key: WireItem = {};
  for (const attribute of attributesOf(schema)) {
    const value = attributeOf(item, attribute.name);
    if (value === undefined) return err({ reason: 'missing', attribute: attribute.name });
    setAttribute(key, attribute.name, value);
  }
  const id = keyId(key, schema);
  return id.ok ? ok(key) : id;
}

/**
 * Identity of a key within its table: a JSON text of one or two typed units, e.g. `["S#USER#1","N#42"]`. Two spellings of
 * one key (`1e3`, `1000`) have one id; different keys never share one. Takes a key or a whole item. It holds key values,
 * so it is kept out of logs; `keyHash` is what may be said aloud. JSON escapes NUL and lone surrogates, so any id can
 * be stored as text.
 */
export function keyId(item: WireItem, schema: KeySchema): Result<string, KeyFault> {
  const partition = unitOf(item, schema.partition, PARTITION_KEY_BYTES_MAX);
  if (!partition.ok) return partition;
  if (schema.sort === null) return ok(JSON.stringify([partition.value]));
  const sort = unitOf(item, schema.sort, SORT_KEY_BYTES_MAX);
  return sort.ok ? ok(JSON.stringify([partition.value, sort.value])) : sort;
}

/** The typed partition key that reads are bucketed by: `S#…`, `N#<canonical decimal>`, `B#<base64>`. */
export function partitionUnit(item: WireItem, schema: KeySchema): Result<string, KeyFault> {
  return unitOf(item, schema.partition, PARTITION_KEY_BYTES_MAX);
}

/** The partition unit inside a key id. */
export function partitionUnitOfId(id: string): string {
  return (JSON.parse(id) as string[])[0] as string;
}

/** The key in canonical spelling, from its id: the inverse of `keyId`. */
export function keyFromId(id: string, schema: KeySchema): WireItem {
  const units = JSON.parse(id) as string[];
  const key: WireItem = {};
  attributesOf(schema).forEach((attribute, at) => {
    const unit = units[at] as string;
    setAttribute(key, attribute.name, { [attribute.type]: unit.slice(attribute.type.length + 1) });
  });
  return key;
}

/** 128 bits of SHA-256 over the id, 22 characters: for NOTIFY payloads, indexes and logs. */
export const keyHash = (id: string): string => base64Url(sha256(utf8(id)).subarray(0, 16));

const fault = (reason: KeyFault['reason'], attribute: KeyAttribute) => err({ reason, attribute: attribute.name });

/** One key attribute as typed text, or why it is none. */
export function unitOfValue(value: AttributeValue, attribute: KeyAttribute): Result<string, KeyFault> {
  const text = value[attribute.type];
  if (typeOf(value) !== attribute.type || typeof text !== 'string') return fault('type', attribute);
  if (text === '') return fault('empty', attribute);
  const canonical = SPELLING[attribute.type](text);
  return canonical === null ? fault('malformed', attribute) : ok(`${attribute.type}#${canonical}`);
}

function unitOf(item: WireItem, attribute: KeyAttribute, bytesMax: number): Result<string, KeyFault> {
  const value = attributeOf(item, attribute.name);
  if (value === undefined) return err({ reason: 'missing', attribute: attribute.name });
  const unit = unitOfValue(value, attribute);
  if (!unit.ok) return unit;
  const bytes = BYTES[attribute.type](unit.value.slice(2));
  return bytes > bytesMax ? err({ reason: 'too_long', attribute: attribute.name }) : unit;
}

const SPELLING = { S: (text: string) => text, N: canonicalNumber, B: canonicalBase64 };
const BYTES = { S: utf8Bytes, N: () => 0, B: base64Bytes };

const attributesOf = (schema: KeySchema): KeyAttribute[] =>
  schema.sort === null ? [schema.partition] : [schema.partition, schema.sort];
