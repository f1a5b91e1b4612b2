/**
 * One HTTP/1.1 message at a time, from bytes split anywhere: what answers of stores and requests of applications share.
 * It refuses everything that two readers could understand differently, because what is framed in two ways can be
 * smuggled past one of them.
 *
 * Bytes are given as a stretch of a buffer that the caller may read into again afterwards, so each byte of a body is
 * copied once, to its final place, and nothing else is kept.
 */

/** Largest start line and headers of one message; stores send about 300 bytes, SDKs about 1,000. */
export const HEAD_BYTES_MAX = 16 * 1024;
export const HEADERS_MAX = 100;
/** Longest line of a chunk's size with its extensions. */
export const CHUNK_LINE_BYTES_MAX = 256;
/** Room for a body is made at once up to this, whatever length is declared; more as it arrives. */
export const BODY_ROOM_BYTES = 4 * 1024 * 1024;
const BODY_ROOM_BYTES_UNDECLARED = 16 * 1024;
const COPIED_SINGLY_MAX = 160;

/** `more`: feed it on. `whole`: the message is complete. Else it is unusable, and so is the connection. */
export type ParseState = 'more' | 'whole' | 'invalid' | 'large' | 'long_head';
export type Headers = Record<string, string>;

type Part = 'head' | 'length' | 'until_close' | 'chunk_line' | 'chunk' | 'chunk_end' | 'trailer' | 'over';

/** Lines of printable bytes, each ended by CRLF: a lone CR or LF, or a control character, is nowhere in it. */
const LINES = /^(?:[\t\x20-\x7e\x80-\xff]*\r\n)+$/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const DIGITS = /^\d{1,15}$/;
const CHUNK_LINE = /^([0-9A-Fa-f]{1,8})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/;
const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const HEAD_END = Buffer.from('\r\n\r\n');
const NOTHING = Buffer.alloc(0);

/** Headers by name without anything inherited, in the shape that the engine is quick with. */
const Bag = function Bag() {} as unknown as { new (): Headers; prototype: object };
Bag.prototype = Object.create(null);
export const noHeaders = (): Headers => new Bag();

export abstract class MessageParser {
  headers: Headers = noHeaders();
  /** Whether the connection may carry another message after this one. */
  isKept = false;
  /** What was wrong, for a log. */
  fault = '';
  /** Up to where the last `push` read its stretch. */
  consumedTo = 0;
  /** A byte of the message has come. */
  isBegun = false;
  /** Memory for a body whose length is declared. */
  bodyRoom: (bytes: number) => Buffer = Buffer.allocUnsafe;

  #part: Part = 'head';
  #stash: Buffer = NOTHING;
  #body: Buffer = NOTHING;
  #bytes = 0;
  /** Bytes still to come: of the body, or of the chunk under way. */
  #left = 0;
  #trailerBytes = 0;
  /**
   * The headers of the head before, as they were spelt. Heads on one connection are mostly alike in that, and then names
   * need not be cut out, looked up, or searched for a second one of the same name.
   */
  readonly #order: Spelt[] = [];

  constructor(protected readonly bodyBytesMax: number) {}

  /** Reads the start line; says what is wrong with it, `skip` for an interim message, or null. */
  protected abstract startLine(line: string): ParseState | 'skip' | null;
  /** Decides by the headers how the body is framed, by one of `length`, `chunked`, `untilClose`, `noBody`. */
  protected abstract frame(): ParseState | null;

  /** For the next message on the same connection. */
  reset(): void {
    this.headers = noHeaders();
    this.isKept = false;
    this.fault = '';
    this.isBegun = false;
    this.#part = 'head';
    this.#stash = NOTHING;
    this.#body = NOTHING;
    this.#bytes = 0;
    this.#left = 0;
    this.#trailerBytes = 0;
  }

  /** The body as far as it came. */
  body(): Buffer {
    return this.#bytes === this.#body.length ? this.#body : this.#body.subarray(0, this.#bytes);
  }

  get bodyBytes(): number {
    return this.#bytes;
  }

  get isHeadRead(): boolean {
    return this.#part !== 'head';
  }

  protected get endsWithConnection(): boolean {
    return this.#part === 'over' || this.#part === 'until_close';
  }

  /** Takes `bytes[start, end)`, which belong to the caller again when it returns. */
  push(bytes: Buffer, start: number, end: number): ParseState {
    let at = start;
    this.isBegun ||= end > start;
    while (at < end && this.#part !== 'over') {
      const next = this.#step(bytes, at, end);
      if (typeof next === 'string') return next;
      at = next;
    }
    this.consumedTo = at;
    return this.#part === 'over' ? 'whole' : 'more';
  }

  /** Consumes something and says up to where, or what is wrong. */
  #step(bytes: Buffer, at: number, end: number): number | ParseState {
    switch (this.#part) {
      case 'head':
        return this.#head(bytes, at, end);
      case 'length':
      case 'chunk': {
        const take = Math.min(end - at, this.#left);
        this.#keep(bytes, at, at + take);
        this.#left -= take;
        if (this.#left === 0) this.#part = this.#part === 'length' ? 'over' : 'chunk_end';
        return at + take;
      }
      case 'until_close':
        if (this.#bytes + end - at > this.bodyBytesMax) return this.large();
        this.#keep(bytes, at, end);
        return end;
      default:
        return this.#framing(bytes, at, end);
    }
  }

  #head(bytes: Buffer, at: number, end: number): number | ParseState {
    let source = bytes;
    let from = at;
    let to = end;
    const stashed = this.#stash.length;
    if (stashed > 0) {
      source = Buffer.concat([this.#stash, bytes.subarray(at, end)]);
      from = 0;
      to = source.length;
    }
    const found = source.indexOf(HEAD_END, Math.max(from, from + stashed - 3));
    const headEnd = found === -1 || found + 4 > to ? -1 : found + 4;
    if ((headEnd === -1 ? to : headEnd) - from > HEAD_BYTES_MAX) {
      this.invalid('head is too long');
      return 'long_head';
    }
    if (headEnd === -1) {
      this.#stash = stashed > 0 ? source : Buffer.from(source.subarray(from, to));
      return end;
    }
    this.#stash = NOTHING;
    const wrong = this.#readHead(source.toString('latin1', from, headEnd - 2));
    if (wrong !== null) return wrong;
    return stashed > 0 ? at + (headEnd - stashed) : headEnd;
  }

  /** `text`: start line and headers, each line with its CRLF. */
  #readHead(text: string): ParseState | null {
    if (!LINES.test(text)) return this.invalid('head has stray characters');
    const lineEnd = text.indexOf('\r\n');
    const said = this.startLine(text.slice(0, lineEnd));
    if (said !== null && said !== 'skip') return said;
    const headers = noHeaders();
    let count = 0;
    let isAsBefore = true;
    let isTwice = false;
    for (let at = lineEnd + 2; at < text.length; ) {
      const to = text.indexOf('\r\n', at);
      const spelt = this.#order[count];
      isAsBefore &&= spelt !== undefined && text.startsWith(spelt.text, at);
      const colon = isAsBefore ? at + (spelt as Spelt).text.length - 1 : text.indexOf(':', at);
      if (colon === -1 || colon >= to) return this.invalid('a header has no colon');
      const name = isAsBefore ? (spelt as Spelt).name : headerName(text.slice(at, colon));
      if (name === null) return this.invalid('a header has no proper name');
      if (!isAsBefore) this.#order[count] = { text: text.slice(at, colon + 1), name };
      count += 1;
      if (count > HEADERS_MAX) {
        this.invalid('there are too many headers');
        return 'long_head';
      }
      const value = headerValue(text, colon + 1, to);
      // Of names in the order of the head before none comes twice.
      const before = isAsBefore ? undefined : headers[name];
      if (before === undefined) headers[name] = value;
      else if (ONCE.has(name)) return this.invalid(`there are two headers ${name}`);
      else {
        headers[name] = `${before}, ${value}`;
        isTwice = true;
      }
      at = to + 2;
    }
    this.#order.length = isTwice ? 0 : count;
    if (said === 'skip') return null;
    this.headers = headers;
    return this.frame();
  }

  /** The length that the headers declare, `chunked`, null where they say nothing, or what is wrong with them. */
  protected declared(isHttp11: boolean): { length: number } | { isChunked: true } | null | ParseState {
    const encoding = this.headers['transfer-encoding'];
    const length = this.headers['content-length'];
    if (encoding !== undefined) {
      if (length !== undefined) return this.invalid('both a length and an encoding');
      if (encoding.toLowerCase() !== 'chunked' || !isHttp11) return this.invalid('an unknown transfer-encoding');
      return CHUNKED;
    }
    if (length === undefined) return null;
    return DIGITS.test(length) ? { length: Number(length) } : this.invalid('content-length is no number');
  }

  protected length(bytes: number): ParseState | null {
    this.#left = bytes;
    if (bytes > this.bodyBytesMax) return this.large();
    if (bytes > 0) this.#body = this.bodyRoom(Math.min(bytes, BODY_ROOM_BYTES));
    this.#part = bytes === 0 ? 'over' : 'length';
    return null;
  }

  protected chunked(): null {
    this.#part = 'chunk_line';
    return null;
  }

  protected untilClose(): null {
    this.#part = 'until_close';
    return null;
  }

  /** What stands between the chunks of a chunked body, line by line. */
  #framing(bytes: Buffer, at: number, end: number): number | ParseState {
    const lineFeed = bytes.indexOf(LF, at);
    const lineEnd = lineFeed === -1 || lineFeed >= end ? end : lineFeed + 1;
    const stashed = this.#stash.length;
    const isTrailer = this.#part === 'trailer';
    if (isTrailer) this.#trailerBytes += lineEnd - at;
    if (this.#trailerBytes > HEAD_BYTES_MAX) return this.invalid('trailers are too long');
    if (!isTrailer && stashed + lineEnd - at > CHUNK_LINE_BYTES_MAX) return this.invalid('a chunk line is too long');
    const part = bytes.subarray(at, lineEnd);
    const line = stashed > 0 ? Buffer.concat([this.#stash, part]) : part;
    if (line[line.length - 1] !== LF) {
      this.#stash = stashed > 0 ? line : Buffer.from(part);
      return end;
    }
    this.#stash = NOTHING;
    if (line[line.length - 2] !== CR) return this.invalid('a line does not end with CRLF');
    return this.#chunkLine(line.toString('latin1', 0, line.length - 2)) ?? lineEnd;
  }

  #chunkLine(line: string): ParseState | null {
    if (this.#part === 'chunk_end') {
      if (line !== '') return this.invalid('a chunk is longer than it says');
      this.#part = 'chunk_line';
      return null;
    }
    if (this.#part === 'trailer') {
      // Trailers are dropped: nobody says anything in them that Landfall reads.
      if (line === '') this.#part = 'over';
      else if (!LINES.test(`${line}\r\n`)) return this.invalid('trailers have stray characters');
      return null;
    }
    const size = CHUNK_LINE.exec(line)?.[1];
    if (size === undefined) return this.invalid('a chunk has no proper size');
    this.#left = Number.parseInt(size, 16);
    if (this.#bytes + this.#left > this.bodyBytesMax) return this.large();
    this.#part = this.#left === 0 ? 'trailer' : 'chunk';
    return null;
  }

  /** Copies a stretch behind what the body has already. */
  #keep(bytes: Buffer, from: number, to: number): void {
    const needed = this.#bytes + to - from;
    if (needed > this.#body.length) {
      const declared = this.#part === 'length' ? this.#bytes + this.#left : this.bodyBytesMax;
      const room = Math.max(needed, this.#body.length * 2, BODY_ROOM_BYTES_UNDECLARED);
      const larger = Buffer.allocUnsafe(Math.max(needed, Math.min(room, declared)));
      this.#body.copy(larger, 0, 0, this.#bytes);
      this.#body = larger;
    }
    const body = this.#body;
    // A few bytes are sooner copied one by one than a view of them is made.
    if (to - from > COPIED_SINGLY_MAX) bytes.copy(body, this.#bytes, from, to);
    else for (let at = from, into = this.#bytes; at < to; at += 1, into += 1) body[into] = bytes[at] as number;
    this.#bytes = needed;
  }

  protected invalid(fault: string): ParseState {
    this.fault = fault;
    this.isKept = false;
    return 'invalid';
  }

  protected large(): ParseState {
    this.fault = `body is longer than ${this.bodyBytesMax} bytes`;
    this.isKept = false;
    return 'large';
  }
}

/** A header's name and the colon behind it, and the name in lower case. */
interface Spelt {
  text: string;
  name: string;
}

/** What stands behind a header's colon, without blanks around it: as a rule there is one before it and none after. */
function headerValue(text: string, from: number, to: number): string {
  const start = text.charCodeAt(from) === SPACE ? from + 1 : from;
  if (start < to && text.charCodeAt(start) > SPACE && text.charCodeAt(to - 1) > SPACE) return text.slice(start, to);
  return text.slice(from, to).trim();
}

const CHUNKED = { isChunked: true } as const;

/** Headers of which a second one would leave it open which counts. */
const ONCE = new Set([
  ...['content-length', 'host', 'authorization', 'content-type', 'content-encoding', 'expect'],
  ...['x-amz-date', 'x-amz-target', 'x-amz-security-token', 'x-amz-content-sha256'],
]);

/** Header names as they were spelt → in lower case. Both sides spell the same few over and over. */
const names = new Map<string, string>();
const NAMES_MAX = 256;

function headerName(spelt: string): string | null {
  const known = names.get(spelt);
  if (known !== undefined) return known;
  if (!TOKEN.test(spelt)) return null;
  const name = spelt.toLowerCase();
  if (names.size < NAMES_MAX && spelt.length <= 64) names.set(spelt, name);
  return name;
}

/** What a Connection header says, where there is one. */
export function isKeptBy(connection: string | undefined, isHttp11: boolean): boolean {
  if (connection === undefined) return isHttp11;
  const text = connection.toLowerCase();
  if (text === 'keep-alive') return true;
  const words = text.split(',').map((word) => word.trim());
  return !words.includes('close') && (isHttp11 || words.includes('keep-alive'));
}
