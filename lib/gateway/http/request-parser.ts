/**
 * Requests of applications, read strictly: what another reader on the way could frame differently (two lengths, a length
 * beside chunks, folded headers, lone line feeds) is refused with 400 and its connection ends, so nothing can be
 * smuggled past a balancer.
 */
import { isKeptBy, MessageParser, type ParseState } from '@/lib/adapters/dynamodb/message-parser';

/** The one that nearly all requests begin with. */
const PLAIN_LINE = 'POST / HTTP/1.1';
const REQUEST_LINE = /^([A-Z]{1,20}) ([\x21-\x7e]{1,8192}) HTTP\/1\.([01])$/;

/** What a request is refused with before anybody looks at what it asks. */
export type Fault = 400 | 413 | 417 | 431 | 505;

export class RequestParser extends MessageParser {
  method = '';
  path = '';
  /** Status for a request that cannot be read. */
  status: Fault = 400;
  /** The client waits for a word before it sends its body. */
  expectsContinue = false;
  /** Length that the client declares; 0 for a chunked body. */
  declaredBytes = 0;
  #isHttp11 = true;

  override reset(): void {
    super.reset();
    this.status = 400;
    this.expectsContinue = false;
    this.declaredBytes = 0;
  }

  protected startLine(line: string): ParseState | null {
    if (line === PLAIN_LINE) {
      this.method = 'POST';
      this.path = '/';
      this.#isHttp11 = true;
      return null;
    }
    const found = REQUEST_LINE.exec(line);
    if (found === null) {
      if (/ HTTP\/[02-9]/.test(line)) this.status = 505;
      return this.invalid('request line is no HTTP/1.1');
    }
    this.method = found[1] as string;
    this.path = found[2] as string;
    this.#isHttp11 = found[3] === '1';
    return null;
  }

  protected frame(): ParseState | null {
    const { headers } = this;
    this.isKept = isKeptBy(headers.connection, this.#isHttp11);
    if (this.#isHttp11 && headers.host === undefined) return this.invalid('there is no host');
    const declared = this.declared(this.#isHttp11);
    if (typeof declared === 'string') return declared as ParseState;
    if (headers.expect !== undefined) {
      if (headers.expect.toLowerCase() !== '100-continue') {
        this.status = 417;
        return this.invalid('an expectation that is not known');
      }
      this.expectsContinue = this.#isHttp11;
    }
    if (declared === null) return this.length(0);
    if ('isChunked' in declared) return this.chunked();
    this.declaredBytes = declared.length;
    return this.length(declared.length);
  }

  protected override large(): ParseState {
    this.status = 413;
    return super.large();
  }

  protected override invalid(fault: string): ParseState {
    if (fault === 'head is too long' || fault === 'there are too many headers') this.status = 431;
    return super.invalid(fault);
  }
}
