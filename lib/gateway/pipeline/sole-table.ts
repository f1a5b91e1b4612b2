/**
 * The table that a request of one table speaks of, found by one walk over the bytes: most requests go to a store as they
 * came, and then nothing else of them has to be known. Parsing a body of a kilobyte costs four times as much.
 *
 * It names a table only where every reader of the bytes would name the same one: one member `TableName` at the top, spelt
 * plainly, and outside of strings nothing that is not JSON's (a reader that knows comments or other quotes could see other
 * members). Values below the top are not checked further; a body that is broken there is the store's to refuse. Where
 * anything is in doubt the answer is null, and the body is parsed.
 */
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

const FIELD = 'TableName';
const STRONG = 'ConsistentRead';
/** Other members by which an operation may name a table; see `tablesIn`. */
const OTHERS = new Set(['ResourceArn', 'SourceTableName', 'TargetTableName', 'TableArn']);
/** A name of a table has 255 characters at most, its ARN some more. */
const NAME_BYTES_MAX = 1_024;

/** What may stand outside of strings. */
const PLAIN = 1;
const SPACE = 2;
const UP = 3;
const DOWN = 4;
const KINDS = new Uint8Array(256);
for (const byte of Buffer.from('0123456789+-.eEtrufalsn,:')) KINDS[byte] = PLAIN;
for (const byte of Buffer.from(' \t\r\n')) KINDS[byte] = SPACE;
for (const byte of Buffer.from('{[')) KINDS[byte] = UP;
for (const byte of Buffer.from('}]')) KINDS[byte] = DOWN;

export interface SoleTable {
  /** The table's name or ARN as it is written. */
  name: string;
  /** The request says how strong its read is to be, whatever it says. */
  saysConsistentRead: boolean;
}

/** Null where it takes a parser to tell. */
export function soleTable(body: Buffer): SoleTable | null {
  let at = afterSpace(body, 0);
  if (body[at] !== OPEN) return null;
  at = afterSpace(body, at + 1);
  let name: string | null = null;
  let saysConsistentRead = false;
  for (;;) {
    const keyEnd = body[at] === QUOTE ? endOfString(body, at) : -1;
    if (keyEnd === -1) return null;
    const key = isOfInterest(body[at + 1] as number) ? plainText(body, at, keyEnd) : '';
    if (key === null || OTHERS.has(key)) return null;
    if (key === STRONG) saysConsistentRead = true;
    at = afterSpace(body, keyEnd + 1);
    if (body[at] !== COLON) return null;
    at = afterSpace(body, at + 1);
    const valueEnd = afterValue(body, at);
    if (valueEnd === -1) return null;
    if (key === FIELD) {
      if (name !== null || body[at] !== QUOTE || valueEnd - at > NAME_BYTES_MAX) return null;
      name = plainText(body, at, valueEnd - 1);
      if (name === null) return null;
    }
    at = afterSpace(body, valueEnd);
    if (body[at] === CLOSE) {
      return name === null || afterSpace(body, at + 1) !== body.length ? null : { name, saysConsistentRead };
    }
    if (body[at] !== COMMA) return null;
    at = afterSpace(body, at + 1);
  }
}

/** First letters of the members that are looked for (T, R, S, C); and an escape may spell any letter. */
const isOfInterest = (byte: number): boolean =>
  byte === 0x54 || byte === 0x52 || byte === 0x53 || byte === 0x43 || byte === BACKSLASH;

/** The text between two quotes, or null where it has an escape or anything beyond ASCII. */
function plainText(body: Buffer, from: number, quote: number): string | null {
  for (let at = from + 1; at < quote; at += 1) {
    const byte = body[at] as number;
    if (byte === BACKSLASH || byte >= 0x80) return null;
  }
  return body.toString('latin1', from + 1, quote);
}

function afterSpace(body: Buffer, from: number): number {
  let at = from;
  while (at < body.length && KINDS[body[at] as number] === SPACE) at += 1;
  return at;
}

/** Behind the value that begins here, or -1. */
function afterValue(body: Buffer, from: number): number {
  if (body[from] === QUOTE) return endOfString(body, from) + 1 || -1;
  let depth = 0;
  for (let at = from; at < body.length; at += 1) {
    const byte = body[at] as number;
    if (byte === QUOTE) {
      if (depth === 0) return -1;
      at = endOfString(body, at);
      if (at === -1) return -1;
      continue;
    }
    const kind = KINDS[byte];
    if (kind === UP) depth += 1;
    else if (kind === DOWN) {
      if (depth === 0) return at > from ? at : -1;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (kind === 0) return -1;
    else if (depth === 0 && (byte === COMMA || byte === COLON || kind === SPACE)) return at > from ? at : -1;
  }
  return -1;
}

/** Short strings, which most are, are quicker walked than searched. */
const WALKED_BYTES = 24;

/** Where the string that begins at `from` has its last quote, or -1. */
function endOfString(body: Buffer, from: number): number {
  let at = from + 1;
  const walkTo = Math.min(body.length, at + WALKED_BYTES);
  for (; at < walkTo; at += 1) {
    const byte = body[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at += 1;
  }
  // A step over an escape may have passed the border, so what begins here is behind a whole character.
  for (;;) {
    const quote = body.indexOf(QUOTE, at);
    if (quote === -1) return -1;
    let slashes = 0;
    while (quote - 1 - slashes >= at && body[quote - 1 - slashes] === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return quote;
    at = quote + 1;
  }
}
