/**
 * Whether a JSON text is nested more deeply than any request can be. Sixteen megabytes of `[` keep JSON.parse busy for
 * many seconds, in which a gateway answers nobody; this walk stops at the first bracket too many.
 */

/** An item nests 32 levels, each of two brackets; what stands around it in a request takes less than ten. */
export const JSON_DEPTH_MAX = 128;

/** A text below this keeps nobody busy, however deep it is, and is not looked through. */
export const LOOKED_THROUGH_BYTES_MIN = 16 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

export function isTooDeep(body: Buffer): boolean {
  let depth = 0;
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at] as number;
    if (byte === QUOTE) at = endOfString(body, at);
    // `[` 0x5b and `{` 0x7b, `]` 0x5d and `}` 0x7d: one bit apart.
    else if ((byte | 0x20) === 0x7b) {
      depth += 1;
      if (depth > JSON_DEPTH_MAX) return true;
    } else if ((byte | 0x20) === 0x7d) depth -= 1;
  }
  return false;
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
