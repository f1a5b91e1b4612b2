import { utf8 } from '../item/bytes';
import { parseDecimal } from '../item/decimal';
import { type KeyAttribute, type KeySchema, setAttribute, type WireItem } from '../item/item';
import { sha256 } from '../sha256';

const PREFIX = 'landfall-canary-';
const DIGITS = 20;

/**
 * The key of a canary: one that no application has. A partition of type S is `landfall-canary-<id>`, of type B the
 * same in base64, of type N a number near the lowest that the stores take, with digits of the id's hash.
 */
export function canaryKey(schema: KeySchema, id: string): WireItem {
  const key: WireItem = {};
  setAttribute(key, schema.partition.name, keyValue(schema.partition, id));
  if (schema.sort) setAttribute(key, schema.sort.name, keyValue(schema.sort, id));
  return key;
}

function keyValue(attribute: KeyAttribute, id: string): { [type: string]: string } {
  const text = `${PREFIX}${id}`;
  switch (attribute.type) {
    case 'S':
      return { S: text };
    case 'B':
      return { B: base64(utf8(text)) };
    case 'N':
      return { N: `-9.9${digitsOf(text)}E+124` };
  }
}

/** Whether a key is one of a canary, however a store spells its number. */
export function isCanaryKey(schema: KeySchema, key: WireItem): boolean {
  const { name, type } = schema.partition;
  const value = Object.hasOwn(key, name) ? key[name]?.[type] : undefined;
  if (typeof value !== 'string') return false;
  switch (type) {
    case 'S':
      return value.startsWith(PREFIX);
    case 'B':
      // The prefix has 16 bytes; 15 of them fill whole groups of base64.
      return value.startsWith(base64(utf8(PREFIX)).slice(0, 20));
    case 'N': {
      const decimal = parseDecimal(value);
      return decimal?.isNegative === true && decimal.exponent === 124 && decimal.digits.startsWith('99');
    }
  }
}

const digitsOf = (text: string): string =>
  Array.from(sha256(utf8(text)), (byte) => byte % 10)
    .slice(0, DIGITS)
    .join('');

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    for (let part = 0; part < 4; part += 1)
      text += at + part > bytes.length ? '=' : ALPHABET[(group >> (18 - part * 6)) & 63];
  }
  return text;
}
