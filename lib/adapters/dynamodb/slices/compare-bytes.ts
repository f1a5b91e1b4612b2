import { CLOSE_MAP, COMMA, OPEN_MAP, pastColon, pastSpace, pastString, pastValue } from './json-bytes';

export interface Bytes {
  readonly body: Buffer;
  readonly start: number;
  readonly end: number;
}

/** Attributes of an item that are compared one by one; an item with more is decoded. */
const ATTRIBUTES_MAX = 1_024;
/** Numbers of an attribute: start and end of its name with quotes, start and end of its value. */
const STRIDE = 4;

const places = [new Uint32Array(ATTRIBUTES_MAX * STRIDE), new Uint32Array(ATTRIBUTES_MAX * STRIDE)] as const;

/**
 * Compares two items attribute by attribute, each where the other item has it. `isSameValue` is asked, with both values
 * as JSON, only where bytes differ. Null where this cannot tell: a name that is escaped or stands twice, an item that is
 * none or has too many attributes; then both must be decoded.
 */
export function sameAttributes(
  first: Bytes,
  second: Bytes,
  isSameValue: (first: string, second: string) => boolean,
): boolean | null {
  const [a, b] = places;
  const count = cutAttributes(first, a);
  const other = cutAttributes(second, b);
  if (count === -1 || other === -1) return null;
  if (count !== other) return hasDoubles(first, a, count) || hasDoubles(second, b, other) ? null : false;
  let names: Map<string, number> | null = null;
  for (let at = 0; at < count * STRIDE; at += STRIDE) {
    let there = at;
    if (!isSameRange(first.body, [a[at], a[at + 1]], second.body, [b[at], b[at + 1]])) {
      names ??= namesOf(second.body, b, other);
      if (names.size !== other || hasDoubles(first, a, count)) return null;
      const found = names.get(first.body.toString('latin1', a[at], a[at + 1]));
      if (found === undefined) return false;
      there = found;
    }
    const value = [a[at + 2] as number, a[at + 3] as number] as const;
    const counterpart = [b[there + 2] as number, b[there + 3] as number] as const;
    if (isSameRange(first.body, value, second.body, counterpart)) continue;
    if (names === null && (hasDoubles(first, a, count) || hasDoubles(second, b, other))) return null;
    if (!isSameValue(first.body.toString('utf8', ...value), second.body.toString('utf8', ...counterpart))) return false;
  }
  return true;
}

type Range = readonly [start: number | undefined, end: number | undefined];

function isSameRange(body: Buffer, [start, end]: Range, other: Buffer, [from, to]: Range): boolean {
  if ((end as number) - (start as number) !== (to as number) - (from as number)) return false;
  return body.compare(other, from, to, start, end) === 0;
}

function namesOf(body: Buffer, cuts: Uint32Array, count: number): Map<string, number> {
  const names = new Map<string, number>();
  for (let at = 0; at < count * STRIDE; at += STRIDE) names.set(body.toString('latin1', cuts[at], cuts[at + 1]), at);
  return names;
}

const hasDoubles = ({ body }: Bytes, cuts: Uint32Array, count: number): boolean =>
  namesOf(body, cuts, count).size !== count;

/** How many attributes the item has, their places in `cuts`; -1 where they cannot be told apart by their bytes. */
function cutAttributes({ body, start, end }: Bytes, cuts: Uint32Array): number {
  if (body[start] !== OPEN_MAP) return -1;
  let at = pastSpace(body, start + 1);
  if (body[at] === CLOSE_MAP) return 0;
  for (let count = 0; count < ATTRIBUTES_MAX; ) {
    const nameEnd = pastString(body, at);
    if (nameEnd === -1) return -1;
    for (let byte = at; byte < nameEnd; byte += 1) if (body[byte] === 0x5c) return -1;
    const valueAt = pastColon(body, nameEnd);
    const valueEnd = valueAt === -1 ? -1 : pastValue(body, valueAt);
    if (valueEnd === -1) return -1;
    cuts.set([at, nameEnd, valueAt, valueEnd], count * STRIDE);
    count += 1;
    at = pastSpace(body, valueEnd);
    if (body[at] === CLOSE_MAP) return at + 1 === end ? count : -1;
    if (body[at] !== COMMA) return -1;
    at = pastSpace(body, at + 1);
  }
  return -1;
}
