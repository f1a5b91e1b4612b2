/**
 * Mappings: chosen top-level attributes that are an epoch number on DynamoDB and an ISO 8601 text on TerraScale. Off unless
 * a person chooses one.
 *
 * `mapValue` is a bijection from all values onto its image, and `unmapValue` its inverse, so nothing is lost and nothing
 * guessed:
 * - a number that is a whole second (millisecond) of the years 0001 to 9999 becomes `2023-11-14T22:13:20Z`
 *   (`2023-11-14T22:13:20.000Z`), whatever its spelling; negative ones are before 1970;
 * - a text that has that very form already, or that form with zeros behind it, gets one more zero (`…:20Z` → `…:20.0Z`,
 *   `…:20.0Z` → `…:20.00Z`; `….000Z` → `….0000Z`): the same instant in ISO 8601, and never taken for a number;
 * - everything else stays as it is: fractions, numbers out of range, other texts, all other types.
 *
 * A number that would be mapped is not in the image: a target that holds one was written past Landfall, and a comparison in
 * the target's form says so.
 */

import { canonicalNumber } from '../item/decimal';
import { type AttributeValue, attributeOf, setAttribute, typeOf, type WireItem } from '../item/item';

export const MAPPING_KINDS = ['epoch_seconds', 'epoch_milliseconds'] as const;
export type MappingKind = (typeof MAPPING_KINDS)[number];

export interface Mapping {
  /** Name at the top level of an item. */
  attribute: string;
  kind: MappingKind;
}
export type Mappings = readonly Mapping[];

export const NO_MAPPINGS: Mappings = Object.freeze([]);

/** 0001-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z: years of four digits, as ISO 8601 writes them. */
const INSTANT_MS_MIN = -62_135_596_800_000;
const INSTANT_MS_MAX = 253_402_300_799_999;
const WHOLE = /^-?\d{1,15}$/;

const FORM: Record<MappingKind, RegExp> = {
  epoch_seconds: /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(|\.0+)Z$/,
  epoch_milliseconds: /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})(0*)Z$/,
};

/** The instant of an epoch number in milliseconds; null where it is no whole one of the years 0001 to 9999. */
export function instantMsOf(number: string, kind: MappingKind): number | null {
  const canonical = canonicalNumber(number);
  if (canonical === null || !WHOLE.test(canonical)) return null;
  const ms = kind === 'epoch_seconds' ? Number(canonical) * 1_000 : Number(canonical);
  return ms < INSTANT_MS_MIN || ms > INSTANT_MS_MAX ? null : ms;
}

function textOf(ms: number, kind: MappingKind): string {
  const text = new Date(ms).toISOString();
  return kind === 'epoch_seconds' ? `${text.slice(0, 19)}Z` : text;
}

/** The instant and the zeros behind its canonical text; null where a text is of another form or names no day. */
function readForm(text: string, kind: MappingKind): { ms: number; head: string; zeros: string } | null {
  const match = FORM[kind].exec(text);
  if (match === null) return null;
  const [, head = '', zeros = ''] = match;
  const ms = Date.parse(`${head}Z`);
  if (Number.isNaN(ms) || ms < INSTANT_MS_MIN || ms > INSTANT_MS_MAX) return null;
  // 30 February and 24:00 are parsed as other instants, or not at all.
  return textOf(ms, kind) === `${head}Z` ? { ms, head, zeros } : null;
}

/** What stands on TerraScale for a value of DynamoDB. The same object where nothing changes. */
export function mapValue(value: AttributeValue, kind: MappingKind): AttributeValue {
  const type = typeOf(value);
  if (type === 'N' && typeof value.N === 'string') {
    const ms = instantMsOf(value.N, kind);
    return ms === null ? value : { S: textOf(ms, kind) };
  }
  if (type !== 'S' || typeof value.S !== 'string') return value;
  const form = readForm(value.S, kind);
  if (form === null) return value;
  const more = kind === 'epoch_seconds' && form.zeros === '' ? '.0' : '0';
  return { S: `${form.head}${form.zeros}${more}Z` };
}

/** The inverse of `mapValue`: what stands on DynamoDB for a value of TerraScale. */
export function unmapValue(value: AttributeValue, kind: MappingKind): AttributeValue {
  if (typeOf(value) !== 'S' || typeof value.S !== 'string') return value;
  const form = readForm(value.S, kind);
  if (form === null) return value;
  const { ms, head, zeros } = form;
  if (zeros === '') return { N: String(kind === 'epoch_seconds' ? ms / 1_000 : ms) };
  const fewer = kind === 'epoch_seconds' && zeros === '.0' ? '' : zeros.slice(0, -1);
  return { S: `${head}${fewer}Z` };
}

/** Whether a value of DynamoDB is carried over as it is, because it is no epoch number of the mapping. */
export const isLeft = (value: AttributeValue, kind: MappingKind): boolean =>
  typeOf(value) !== 'N' || typeof value.N !== 'string' || instantMsOf(value.N, kind) === null;

/** An item in the form of TerraScale; the same object where nothing changes. */
export const mapItem = (item: WireItem, mappings: Mappings): WireItem => change(item, mappings, mapValue);

/** An item in the form of DynamoDB; the same object where nothing changes. */
export const unmapItem = (item: WireItem, mappings: Mappings): WireItem => change(item, mappings, unmapValue);

function change(item: WireItem, mappings: Mappings, one: typeof mapValue): WireItem {
  let changed: WireItem | null = null;
  for (const { attribute, kind } of mappings) {
    const before = attributeOf(item, attribute);
    if (before === undefined) continue;
    const after = one(before, kind);
    if (after === before) continue;
    // A copy by spread keeps an own `__proto__`, and names keep their order.
    changed ??= { ...item };
    setAttribute(changed, attribute, after);
  }
  return changed ?? item;
}

/** Mapped attributes that an item of DynamoDB has and that are left as they are. */
export function leftIn(item: WireItem, mappings: Mappings): number {
  let left = 0;
  for (const { attribute, kind } of mappings) {
    const value = attributeOf(item, attribute);
    if (value !== undefined && isLeft(value, kind)) left += 1;
  }
  return left;
}
