import { canonicalBase64 } from './bytes';
import { canonicalNumber } from './decimal';
import { type AttributeValue, ITEM_DEPTH_MAX, typeOf, type WireItem } from './item';

/**
 * The canonical form of a value or an item: two are equal exactly when their canonical texts are. Sets are unordered,
 * lists ordered, numbers decimals, binaries bytes; absent, NULL and empty are three things; `{N:"1"}` is not `{S:"1"}`.
 * Total: what is no valid value (an unknown type, a broken number) is equal only to itself, so nothing is ever taken for
 * equal because it could not be read.
 */
export function canonicalItem(item: WireItem): string {
  return canonicalMap(item, 0);
}

export function canonicalValue(value: AttributeValue): string {
  return canonicalAt(value, 0);
}

function canonicalAt(value: unknown, depth: number): string {
  if (!isRecord(value) || depth > ITEM_DEPTH_MAX) return opaque(value);
  const type = typeOf(value as AttributeValue);
  const inner = type === null ? undefined : value[type];
  switch (type) {
    case 'S':
      return typeof inner === 'string' ? `S${JSON.stringify(inner)}` : opaque(value);
    case 'N':
      return scalar('N', inner, canonicalNumber) ?? opaque(value);
    case 'B':
      return scalar('B', inner, canonicalBase64) ?? opaque(value);
    case 'BOOL':
      return typeof inner === 'boolean' ? `BOOL${inner}` : opaque(value);
    case 'NULL':
      return inner === true ? 'NULL' : opaque(value);
    case 'M':
      return isRecord(inner) ? `M${canonicalMap(inner, depth + 1)}` : opaque(value);
    case 'L':
      return Array.isArray(inner) ? `L[${inner.map((one) => canonicalAt(one, depth + 1)).join()}]` : opaque(value);
    case 'SS':
      return set('SS', inner, JSON.stringify) ?? opaque(value);
    case 'NS':
      return set('NS', inner, canonicalNumber) ?? opaque(value);
    case 'BS':
      return set('BS', inner, canonicalBase64) ?? opaque(value);
    default:
      return opaque(value);
  }
}

function canonicalMap(map: Record<string, unknown>, depth: number): string {
  const names = Object.keys(map).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalAt(map[name], depth)}`).join()}}`;
}

type Spelling = (text: string) => string | null;

function scalar(tag: string, inner: unknown, spelling: Spelling): string | null {
  const text = typeof inner === 'string' ? spelling(inner) : null;
  return text === null ? null : tag + text;
}

function set(tag: string, inner: unknown, spelling: Spelling): string | null {
  if (!Array.isArray(inner)) return null;
  const members: string[] = [];
  for (const one of inner) {
    const text = typeof one === 'string' ? spelling(one) : null;
    if (text === null) return null;
    members.push(text);
  }
  return `${tag}[${members.sort().join()}]`;
}

/** `?` begins no other form, so an unreadable value never equals a readable one. */
function opaque(value: unknown): string {
  return `?${JSON.stringify(value)}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
