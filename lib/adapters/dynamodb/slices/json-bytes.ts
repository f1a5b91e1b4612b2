/**
 * JSON as bytes: where values begin and end, without making one. The grammar is that of RFC 8259, whole: what
 * JSON.parse refuses is refused here, so a cut is never taken from an answer that nobody could read. Offsets are into
 * the buffer; a function that cannot go on returns -1. Bytes above 0x7f are parts of UTF-8 sequences and never
 * structure; whether they are well-formed is asked once for a whole answer (see cut-items.ts).
 */

/** Levels of arrays and objects that are followed: DynamoDB's 32 levels of M and L are 70 of JSON. */
export const JSON_DEPTH_MAX = 256;

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
export const QUOTE = 0x22;
const PLUS = 0x2b;
export const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
export const COLON = 0x3a;
export const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
export const CLOSE_LIST = 0x5d;
export const OPEN_MAP = 0x7b;
export const CLOSE_MAP = 0x7d;

const ESCAPES: ReadonlySet<number> = new Set([...'"\\/bfnrt'].map((one) => one.charCodeAt(0)));

/** The first byte at or after `at` that is no white space; the length of the buffer where there is none. */
export function pastSpace(bytes: Uint8Array, at: number): number {
  let next = at;
  for (; next < bytes.length; next += 1) {
    const byte = bytes[next] as number;
    if (byte > SPACE) return next;
    if (byte !== SPACE && byte !== NEWLINE && byte !== RETURN && byte !== TAB) return next;
  }
  return next;
}

/** Behind the string whose opening quote is at `at`. */
export function pastString(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== QUOTE) return -1;
  for (let next = at + 1; next < bytes.length; next += 1) {
    const byte = bytes[next] as number;
    if (byte === QUOTE) return next + 1;
    if (byte < SPACE) return -1;
    if (byte !== BACKSLASH) continue;
    next += 1;
    const escaped = bytes[next] as number;
    if (escaped === 0x75) {
      for (let digit = 1; digit <= 4; digit += 1) if (!isHex(bytes[next + digit])) return -1;
      next += 4;
    } else if (!ESCAPES.has(escaped)) return -1;
  }
  return -1;
}

const isHex = (byte: number | undefined): boolean =>
  byte !== undefined && (isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66));

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

/** From the opening quote of a member's name to the first byte of its value. */
export function pastName(bytes: Uint8Array, at: number): number {
  const end = pastString(bytes, at);
  return end === -1 ? -1 : pastColon(bytes, end);
}

/** From behind a member's name to the first byte of its value. */
export function pastColon(bytes: Uint8Array, at: number): number {
  const colon = pastSpace(bytes, at);
  return bytes[colon] === COLON ? pastSpace(bytes, colon + 1) : -1;
}

const kinds = new Uint8Array(JSON_DEPTH_MAX);

/** Behind the value that begins at `at`, whatever it is. */
export function pastValue(bytes: Uint8Array, at: number): number {
  let depth = 0;
  let next = at;
  for (;;) {
    const byte = bytes[next];
    if (byte === QUOTE) next = pastString(bytes, next);
    else if (byte === OPEN_MAP || byte === OPEN_LIST) {
      const inner = pastSpace(bytes, next + 1);
      // An ASCII bracket closes two places after it opens: { } and [ ].
      if (bytes[inner] === byte + 2) next = inner + 1;
      else {
        if (depth === JSON_DEPTH_MAX) return -1;
        kinds[depth] = byte;
        depth += 1;
        next = byte === OPEN_MAP ? pastName(bytes, inner) : inner;
        if (next === -1) return -1;
        continue;
      }
    } else next = pastScalar(bytes, next);
    if (next === -1) return -1;
    // A value has ended: it may have been the last of one or of several lists and maps.
    for (;;) {
      if (depth === 0) return next;
      const kind = kinds[depth - 1] as number;
      next = pastSpace(bytes, next);
      const after = bytes[next];
      if (after === COMMA) {
        next = pastSpace(bytes, next + 1);
        if (kind === OPEN_MAP) next = pastName(bytes, next);
        if (next === -1) return -1;
        break;
      }
      if (after !== kind + 2) return -1;
      depth -= 1;
      next += 1;
    }
  }
}

function pastScalar(bytes: Uint8Array, at: number): number {
  const byte = bytes[at];
  if (byte === 0x74) return isWord(bytes, at, 'true') ? at + 4 : -1;
  if (byte === 0x66) return isWord(bytes, at, 'false') ? at + 5 : -1;
  if (byte === 0x6e) return isWord(bytes, at, 'null') ? at + 4 : -1;
  return pastNumber(bytes, at);
}

function isWord(bytes: Uint8Array, at: number, word: string): boolean {
  for (let n = 0; n < word.length; n += 1) if (bytes[at + n] !== word.charCodeAt(n)) return false;
  return true;
}

function pastNumber(bytes: Uint8Array, at: number): number {
  let next = bytes[at] === MINUS ? at + 1 : at;
  const first = bytes[next];
  if (!isDigit(first)) return -1;
  next = first === 0x30 ? next + 1 : pastDigits(bytes, next);
  if (bytes[next] === POINT) {
    if (!isDigit(bytes[next + 1])) return -1;
    next = pastDigits(bytes, next + 1);
  }
  if (bytes[next] === 0x65 || bytes[next] === 0x45) {
    next += 1;
    if (bytes[next] === PLUS || bytes[next] === MINUS) next += 1;
    if (!isDigit(bytes[next])) return -1;
    next = pastDigits(bytes, next);
  }
  return next;
}

function pastDigits(bytes: Uint8Array, at: number): number {
  let next = at;
  while (isDigit(bytes[next])) next += 1;
  return next;
}
