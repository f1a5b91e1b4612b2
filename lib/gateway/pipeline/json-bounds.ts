/**
 * Whether a JSON text is larger in its parts than any request can be. Sixteen megabytes of `[`, or of a million names,
 * keep JSON.parse and the collector busy for a second or many, in which a gateway answers nobody; this walk over the
 * bytes stops at the first part too many.
 */

/** An item nests 32 levels, each of two brackets; what stands around it in a request takes less than ten. */
export const JSON_DEPTH_MAX = 128;
/** An item of 400 KB holds at most 204,800 elements of a list, two bytes each, and fewer attributes. */
export const JSON_MEMBERS_MAX = 205_000;
/**
 * Of the whole request, at every depth: one for each comma and each bracket that opens. An item at its bound, all small numbers, has
 * 273,000; a batch of 25 with lists of 20,000 numbers a million. Sixteen megabytes of `{}` would be over ten million.
 */
export const JSON_VALUES_MAX = 1_500_000;

/** A text below this keeps nobody busy, whatever it is, and is not looked through. */
export const LOOKED_THROUGH_BYTES_MIN = 16 * 1024;

export type Excess = 'depth' | 'members' | 'values';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;

/** What there is too much of, or null. Of texts that are no JSON too: then what is found first. */
export function excessIn(body: Buffer): Excess | null {
  if (body.length < LOOKED_THROUGH_BYTES_MIN) return null;
  const members = new Uint32Array(JSON_DEPTH_MAX + 1);
  let depth = 0;
  let values = 0;
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at] as number;
    if (byte === QUOTE) at = endOfString(body, at);
    else if (byte === COMMA) {
      values += 1;
      if (values > JSON_VALUES_MAX) return 'values';
      const count = (members[depth] as number) + 1;
      if (count > JSON_MEMBERS_MAX) return 'members';
      members[depth] = count;
    }
    // `[` 0x5b and `{` 0x7b, `]` 0x5d and `}` 0x7d: one bit apart.
    else if ((byte | 0x20) === 0x7b) {
      depth += 1;
      values += 1;
      if (depth > JSON_DEPTH_MAX) return 'depth';
      if (values > JSON_VALUES_MAX) return 'values';
      members[depth] = 0;
    } else if ((byte | 0x20) === 0x7d && depth > 0) depth -= 1;
  }
  return null;
}

/** Where the string that begins at `from` has its last quote; the end of the text where it has none. */
function endOfString(body: Buffer, from: number): number {
  // Short strings, which most are, are quicker walked than searched.
  for (let at = from + 1; at < body.length; at += 1) {
    const byte = body[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at += 1;
  }
  return body.length;
}
