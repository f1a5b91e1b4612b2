/**
 * One HTTP/1.1 answer at a time, from bytes split anywhere. It reads what stores send and refuses everything that two
 * readers could understand differently: an answer that is not plainly framed has an unknown outcome (PROTOCOL W7).
 *
 * Bytes are given as a stretch of a buffer that the caller reads into again afterwards, so each byte of a body is copied
 * once, to its final place, and nothing else is kept.
 */

/** Largest status line and headers of one answer; stores send about 300 bytes. */
export const HEAD_BYTES_MAX = 16 * 1024;
/** Interim answers (1xx) before the final one. */
export const INTERIM_ANSWERS_MAX = 8;
/** Longest line of a chunk's size with its extensions. */
export const CHUNK_LINE_BYTES_MAX = 256;
/** Room for a body is made at once up to this, whatever length is declared; more as it arrives. */
export const BODY_ROOM_BYTES = 4 * 1024 * 1024;
const BODY_ROOM_BYTES_UNDECLARED = 16 * 1024;
/** A server closes that much after its own hint at the earliest; sooner reuse is safe. */
const KEEP_ALIVE_MARGIN_MS = 2_000;

/** `more`: feed it on. `whole`: the answer is complete. Else the answer is unusable, and so is the connection. */
export type ParseState = 'more' | 'whole' | 'invalid' | 'large';

type Part = 'head' | 'length' | 'until_close' | 'chunk_line' | 'chunk' | 'chunk_end' | 'trailer' | 'over';

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [^\r\n]*)?$/;
/** Lines of printable bytes, each ended by CRLF: a lone CR or LF, or a control character, is nowhere in it. */
const LINES = /^(?:[\t\x20-\x7e\x80-\xff]*\r\n)+$/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const DIGITS = /^\d{1,15}$/;
const CHUNK_LINE = /^([0-9A-Fa-f]{1,8})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/;
const CR = 0x0d;
const LF = 0x0a;
const HEAD_END = Buffer.from('\r\n\r\n');
const NOTHING = Buffer.alloc(0);

export class ResponseParser {
  status: number | null = null;
  headers: Record<string, string> = {};
  /** Whether the connection may carry another request after this answer. */
  isKept = false;
  /** How long the server says it keeps an idle connection, less a margin; null where it says nothing. */
  idleHintMs: number | null = null;
  /** What was wrong, for a log. */
  fault = '';

  #part: Part = 'head';
  #stash: Buffer = NOTHING;
  #interim = 0;
  #body: Buffer = NOTHING;
  #bytes = 0;
  /** Bytes still to come: of the body, or of the chunk under way. */
  #left = 0;
  #trailerBytes = 0;

  constructor(private readonly bodyBytesMax: number) {}

  /** For the next answer on the same connection. */
  reset(): void {
    this.status = null;
    this.headers = {};
    this.isKept = false;
    this.idleHintMs = null;
    this.fault = '';
    this.#part = 'head';
    this.#stash = NOTHING;
    this.#interim = 0;
    this.#body = NOTHING;
    this.#bytes = 0;
    this.#left = 0;
    this.#trailerBytes = 0;
  }

  /** The body as far as it came. */
  body(): Buffer {
    return this.#bytes === this.#body.length ? this.#body : this.#body.subarray(0, this.#bytes);
  }

  /** Takes `bytes[start, end)`, which belong to the caller again when it returns. */
  push(bytes: Buffer, start: number, end: number): ParseState {
    let at = start;
    while (at < end && this.#part !== 'over') {
      const next = this.#step(bytes, at, end);
      if (typeof next === 'string') return next;
      at = next;
    }
    if (this.#part !== 'over') return 'more';
    // Bytes that nobody asked for: whatever they are, they are no answer to the next request.
    if (at < end) this.isKept = false;
    return 'whole';
  }

  /** The server has ended the connection in order: is this answer whole? */
  finish(): 'whole' | 'truncated' {
    this.isKept = false;
    return this.#part === 'over' || this.#part === 'until_close' ? 'whole' : 'truncated';
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
        if (this.#bytes + end - at > this.bodyBytesMax) return this.#large();
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
    if ((headEnd === -1 ? to : headEnd) - from > HEAD_BYTES_MAX) return this.#invalid('head is too long');
    if (headEnd === -1) {
      this.#stash = stashed > 0 ? source : Buffer.from(source.subarray(from, to));
      return end;
    }
    this.#stash = NOTHING;
    const wrong = this.#readHead(source.toString('latin1', from, headEnd - 2));
    if (wrong !== null) return wrong;
    return stashed > 0 ? at + (headEnd - stashed) : headEnd;
  }

  /** `text`: status line and headers, each line with its CRLF. */
  #readHead(text: string): ParseState | null {
    if (!LINES.test(text)) return this.#invalid('head has stray characters');
    const lineEnd = text.indexOf('\r\n');
    const status = STATUS_LINE.exec(text.slice(0, lineEnd));
    if (status === null) return this.#invalid('status line is no HTTP/1.1');
    const code = Number(status[2]);
    const headers: Record<string, string> = {};
    for (let at = lineEnd + 2; at < text.length; ) {
      const to = text.indexOf('\r\n', at);
      const colon = text.indexOf(':', at);
      if (colon === -1 || colon >= to) return this.#invalid('a header has no colon');
      const name = headerName(text.slice(at, colon));
      if (name === null) return this.#invalid('a header has no proper name');
      const value = text.slice(colon + 1, to).trim();
      const before = headers[name];
      if (before === undefined) headers[name] = value;
      else if (name === 'content-length') return this.#invalid('two content-lengths');
      else headers[name] = `${before}, ${value}`;
      at = to + 2;
    }
    if (code < 200) {
      this.#interim += 1;
      if (code === 101 || this.#interim > INTERIM_ANSWERS_MAX) return this.#invalid(`status ${code} was not asked for`);
      return null;
    }
    this.status = code;
    this.headers = headers;
    return this.#frame(status[1] === '1');
  }

  /** How long the body is, and whether the connection lives on. */
  #frame(isHttp11: boolean): ParseState | null {
    const { headers } = this;
    const connection = headers.connection;
    this.isKept = connection === undefined ? isHttp11 : isKeptBy(connection.toLowerCase(), isHttp11);
    const keepAlive = headers['keep-alive'];
    if (keepAlive !== undefined) this.idleHintMs = idleHintMsOf(keepAlive);
    const encoding = headers['transfer-encoding'];
    const length = headers['content-length'];
    if (encoding !== undefined) {
      if (length !== undefined) return this.#invalid('both a length and an encoding');
      if (encoding.toLowerCase() !== 'chunked' || !isHttp11) return this.#invalid('an unknown transfer-encoding');
      this.#part = 'chunk_line';
      return null;
    }
    if (length !== undefined && !DIGITS.test(length)) return this.#invalid('content-length is no number');
    if (this.status === 204 || this.status === 304) {
      this.#part = 'over';
      return null;
    }
    if (length === undefined) {
      this.isKept = false;
      this.#part = 'until_close';
      return null;
    }
    this.#left = Number(length);
    if (this.#left > this.bodyBytesMax) return this.#large();
    if (this.#left > 0) this.#body = Buffer.allocUnsafe(Math.min(this.#left, BODY_ROOM_BYTES));
    this.#part = this.#left === 0 ? 'over' : 'length';
    return null;
  }

  /** What stands between the chunks of a chunked body, line by line. */
  #framing(bytes: Buffer, at: number, end: number): number | ParseState {
    const lineFeed = bytes.indexOf(LF, at);
    const lineEnd = lineFeed === -1 || lineFeed >= end ? end : lineFeed + 1;
    const stashed = this.#stash.length;
    const isTrailer = this.#part === 'trailer';
    if (isTrailer) this.#trailerBytes += lineEnd - at;
    if (this.#trailerBytes > HEAD_BYTES_MAX) return this.#invalid('trailers are too long');
    if (!isTrailer && stashed + lineEnd - at > CHUNK_LINE_BYTES_MAX) return this.#invalid('a chunk line is too long');
    const part = bytes.subarray(at, lineEnd);
    const line = stashed > 0 ? Buffer.concat([this.#stash, part]) : part;
    if (line[line.length - 1] !== LF) {
      this.#stash = stashed > 0 ? line : Buffer.from(part);
      return end;
    }
    this.#stash = NOTHING;
    if (line[line.length - 2] !== CR) return this.#invalid('a line does not end with CRLF');
    return this.#chunkLine(line.toString('latin1', 0, line.length - 2)) ?? lineEnd;
  }

  #chunkLine(line: string): ParseState | null {
    if (this.#part === 'chunk_end') {
      if (line !== '') return this.#invalid('a chunk is longer than it says');
      this.#part = 'chunk_line';
      return null;
    }
    if (this.#part === 'trailer') {
      // Trailers are dropped: no store says anything in them that Landfall reads.
      if (line === '') this.#part = 'over';
      else if (!LINES.test(`${line}\r\n`)) return this.#invalid('trailers have stray characters');
      return null;
    }
    const size = CHUNK_LINE.exec(line)?.[1];
    if (size === undefined) return this.#invalid('a chunk has no proper size');
    this.#left = Number.parseInt(size, 16);
    if (this.#bytes + this.#left > this.bodyBytesMax) return this.#large();
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
    bytes.copy(this.#body, this.#bytes, from, to);
    this.#bytes = needed;
  }

  #invalid(fault: string): ParseState {
    this.fault = fault;
    this.isKept = false;
    return 'invalid';
  }

  #large(): ParseState {
    this.fault = `answer is longer than ${this.bodyBytesMax} bytes`;
    this.isKept = false;
    return 'large';
  }
}

/** Header names as they were spelt → in lower case. Stores spell the same dozen over and over. */
const names = new Map<string, string>();
const NAMES_MAX = 256;

function headerName(spelt: string): string | null {
  const known = names.get(spelt);
  if (known !== undefined) return known;
  if (!TOKEN.test(spelt)) return null;
  const name = spelt.toLowerCase();
  if (names.size < NAMES_MAX) names.set(spelt, name);
  return name;
}

function isKeptBy(connection: string, isHttp11: boolean): boolean {
  const words = connection.split(',').map((word) => word.trim());
  return !words.includes('close') && (isHttp11 || words.includes('keep-alive'));
}

/** `timeout=5` of a Keep-Alive header, less the margin; 0: not worth keeping. */
function idleHintMsOf(keepAlive: string): number | null {
  const seconds = /(?:^|[\s,])timeout=(\d{1,6})(?:$|[\s,])/.exec(keepAlive)?.[1];
  return seconds === undefined ? null : Math.max(0, Number(seconds) * 1_000 - KEEP_ALIVE_MARGIN_MS);
}
