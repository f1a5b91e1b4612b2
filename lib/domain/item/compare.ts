import { canonicalItem, canonicalValue } from './canonical';
import { type AttributeValue, attributeOf, typeOf, type WireItem } from './item';

export const MISMATCH_CLASSES = ['missing', 'extra', 'different', 'type'] as const;
export type MismatchClass = (typeof MISMATCH_CLASSES)[number];

export interface Difference {
  attribute: string;
  /** `missing`: the second side lacks it; `extra`: only the second side has it; `type`: same name, other type. */
  class: MismatchClass;
  first: AttributeValue | null;
  second: AttributeValue | null;
}

/** Whether two items, or two absences, are the same (see canonical.ts). */
export function equal(first: WireItem | null, second: WireItem | null): boolean {
  if (first === second) return true;
  if (first === null || second === null) return false;
  const names = Object.keys(first);
  if (names.length !== Object.keys(second).length) return false;
  return names.every((name) => {
    const other = attributeOf(second, name);
    return other !== undefined && equalValue(first[name] as AttributeValue, other);
  });
}

/** Whether two values are the same; the common case, equal spelling of a scalar, needs no canonical text. */
export function equalValue(first: AttributeValue, second: AttributeValue): boolean {
  const type = typeOf(first);
  if (type !== typeOf(second)) return false;
  if (type !== null && typeof first[type] === 'string' && typeof second[type] === 'string') {
    if (first[type] === second[type]) return true;
    if (type === 'S') return false;
  }
  return canonicalValue(first) === canonicalValue(second);
}

/** Every top-level attribute in which two items differ, sorted by name. */
export function differences(first: WireItem, second: WireItem): Difference[] {
  const names = new Set([...Object.keys(first), ...Object.keys(second)]);
  const found: Difference[] = [];
  for (const attribute of [...names].sort()) {
    const a = attributeOf(first, attribute) ?? null;
    const b = attributeOf(second, attribute) ?? null;
    if (a !== null && b !== null && equalValue(a, b)) continue;
    found.push({ attribute, class: classOf(a, b), first: a, second: b });
  }
  return found;
}

function classOf(first: AttributeValue | null, second: AttributeValue | null): MismatchClass {
  if (second === null) return 'missing';
  if (first === null) return 'extra';
  return typeOf(first) === typeOf(second) ? 'different' : 'type';
}

/**
 * Class of a mismatch between the truth and the copy, or null where they are equal: `missing` and `extra` speak of the
 * copy's whole item, `type` of items that differ in nothing but types (`{N:"1"}` against `{S:"1"}`).
 */
export function classifyMismatch(truth: WireItem | null, copy: WireItem | null): MismatchClass | null {
  if (equal(truth, copy)) return null;
  if (copy === null) return 'missing';
  if (truth === null) return 'extra';
  return differences(truth, copy).every((one) => one.class === 'type') ? 'type' : 'different';
}

/** Canonical text of an item or of its absence, for digests and for "the image read at that time". */
export const canonicalImage = (item: WireItem | null): string => (item === null ? 'absent' : canonicalItem(item));
