import { base64Bytes, utf8Bytes } from './bytes';
import { parseDecimal } from './decimal';
import { type AttributeValue, ITEM_DEPTH_MAX, typeOf, type WireItem } from './item';

/**
 * Size of an item in bytes as DynamoDB counts it for the 400 KB limit and for capacity: names in UTF-8 plus values
 * (developer guide, "DynamoDB item sizes and formats"; numbers as AWS's own item size calculator counts them).
 */
export function itemBytes(item: WireItem): number {
  let bytes = 0;
  for (const name of Object.keys(item)) bytes += utf8Bytes(name) + valueBytes(item[name] as AttributeValue, 0);
  return bytes;
}

function valueBytes(value: AttributeValue, depth: number): number {
  const type = typeOf(value);
  const inner = type === null ? undefined : value[type];
  if (depth > ITEM_DEPTH_MAX) return unreadableBytes(value);
  if (typeof inner === 'string') return scalarBytes(type as string, inner);
  if (typeof inner === 'boolean') return 1;
  if (Array.isArray(inner)) {
    if (type === 'L') return inner.reduce<number>((sum, one) => sum + 1 + valueBytes(one, depth + 1), 3);
    const member = (type as string).slice(0, 1);
    return inner.reduce<number>((sum, one) => sum + scalarBytes(member, String(one)), 0);
  }
  if (type === 'M' && typeof inner === 'object' && inner !== null) {
    const map = inner as WireItem;
    const sizes = Object.keys(map).map(
      (name) => utf8Bytes(name) + 1 + valueBytes(map[name] as AttributeValue, depth + 1),
    );
    return sizes.reduce((sum, one) => sum + one, 3);
  }
  return unreadableBytes(value);
}

function scalarBytes(type: string, text: string): number {
  if (type === 'N') return numberBytes(text);
  return type === 'B' ? base64Bytes(text) : utf8Bytes(text);
}

/** One byte and one for every pair of digits, pairs aligned on the decimal point; one more for a sign; 21 at most. */
export function numberBytes(text: string): number {
  const decimal = parseDecimal(text);
  if (decimal === null) return utf8Bytes(text);
  if (decimal.digits === '') return 1;
  const last = decimal.exponent - decimal.digits.length + 1;
  const pairs = Math.floor(decimal.exponent / 2) - Math.floor(last / 2) + 1;
  return Math.min(21, 1 + pairs + (decimal.isNegative ? 1 : 0));
}

/** A value of no known type counts as its JSON: never less than what it costs on the wire. */
const unreadableBytes = (value: unknown): number => utf8Bytes(JSON.stringify(value));
