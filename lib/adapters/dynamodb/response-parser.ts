/**
 * Answers of a store. One that is not plainly framed has an unknown outcome (PROTOCOL W7), so it is a fault and never
 * guessed at.
 */
import { isKeptBy, MessageParser, type ParseState } from './message-parser';

/** Interim answers (1xx) before the final one. */
export const INTERIM_ANSWERS_MAX = 8;
/** A server closes that much after its own hint at the earliest; sooner reuse is safe. */
const KEEP_ALIVE_MARGIN_MS = 2_000;

/** The one that nearly all answers begin with. */
const PLAIN_LINE = 'HTTP/1.1 200 OK';
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: .*)?$/;

export class ResponseParser extends MessageParser {
  status: number | null = null;
  /** How long the server says it keeps an idle connection, less a margin; null where it says nothing. */
  idleHintMs: number | null = null;
  #interim = 0;
  #code = 0;
  #isHttp11 = true;

  override reset(): void {
    super.reset();
    this.status = null;
    this.idleHintMs = null;
    this.#interim = 0;
  }

  override push(bytes: Buffer, start: number, end: number): ParseState {
    const state = super.push(bytes, start, end);
    // Bytes that nobody asked for: whatever they are, they are no answer to the next request.
    if (state === 'whole' && this.consumedTo < end) this.isKept = false;
    return state;
  }

  /** The server has ended the connection in order: is this answer whole? */
  finish(): 'whole' | 'truncated' {
    this.isKept = false;
    return this.endsWithConnection ? 'whole' : 'truncated';
  }

  protected startLine(line: string): ParseState | 'skip' | null {
    if (line === PLAIN_LINE) {
      this.#isHttp11 = true;
      this.#code = 200;
      return null;
    }
    const found = STATUS_LINE.exec(line);
    if (found === null) return this.invalid('status line is no HTTP/1.1');
    this.#isHttp11 = found[1] === '1';
    this.#code = Number(found[2]);
    if (this.#code >= 200) return null;
    this.#interim += 1;
    const isExpected = this.#code !== 101 && this.#interim <= INTERIM_ANSWERS_MAX;
    return isExpected ? 'skip' : this.invalid(`status ${this.#code} was not asked for`);
  }

  protected frame(): ParseState | null {
    const { headers } = this;
    this.status = this.#code;
    this.isKept = isKeptBy(headers.connection, this.#isHttp11);
    const keepAlive = headers['keep-alive'];
    if (keepAlive !== undefined) this.idleHintMs = idleHintMsOf(keepAlive);
    const declared = this.declared(this.#isHttp11);
    if (typeof declared === 'string') return declared as ParseState;
    if (this.#code === 204 || this.#code === 304) return this.length(0);
    if (declared === null) {
      this.isKept = false;
      return this.untilClose();
    }
    return 'isChunked' in declared ? this.chunked() : this.length(declared.length);
  }
}

/** `timeout=5` of a Keep-Alive header, less the margin; 0: not worth keeping. */
function idleHintMsOf(keepAlive: string): number | null {
  const seconds = /(?:^|[\s,])timeout=(\d{1,6})(?:$|[\s,])/.exec(keepAlive)?.[1];
  return seconds === undefined ? null : Math.max(0, Number(seconds) * 1_000 - KEEP_ALIVE_MARGIN_MS);
}
