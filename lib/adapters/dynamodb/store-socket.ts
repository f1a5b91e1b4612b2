import { connect, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { writeMessage } from './one-write';
import type { WireAnswer } from './outcome';
import { ResponseParser } from './response-parser';
import type { InLine } from './waiting-line';

const READ_BYTES = 256 * 1024;
/** All sockets of a process read into one buffer: what is read is consumed before the next read begins. */
const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

export interface Endpoint {
  isTls: boolean;
  hostname: string;
  port: number;
  /** Certificates to trust in place of the system's. */
  ca?: string;
}

/** Head and body of a request; `headRoomBytes` and `answerRoom` as in `WireRequest`. */
export interface Message {
  head: string;
  body: Buffer | string;
  headRoomBytes?: number;
  answerRoom?(bytes: number): Buffer;
}

/** A request as a connection drives it; exactly one of the last three is called once it was sent. */
export interface PoolRequest extends InLine<PoolRequest> {
  readonly isOver: boolean;
  /** Here is a connection of yours: send on it now. False: it has no use for it. */
  start(socket: StoreSocket): boolean;
  answered(answer: WireAnswer): void;
  failed(code: string): void;
  tooLarge(message: string): void;
}

/** What a connection tells the pool that it belongs to. */
export interface SocketOwner {
  onReady(socket: StoreSocket): void;
  /** The answer is whole and the connection may be used again, for `idleMs` at most; null: the usual time. */
  onFree(socket: StoreSocket, idleHintMs: number | null): void;
  /** It is gone; `code` says why where it never came to be ready. */
  onGone(socket: StoreSocket, code: string): void;
  onSession(session: Buffer): void;
}

export interface SocketOptions {
  endpoint: Endpoint;
  owner: SocketOwner;
  /** A TLS session to resume. */
  session: Buffer | null;
  answerBytesMax: number;
  connectTimeoutMs: number;
}

/** One kept connection to a store: at most one request at a time, and one answer to each. */
export class StoreSocket {
  isReady = false;
  isGone = false;
  /** Monotonic time after which it must not be used again; set by the pool. */
  idleUntilMs = 0;
  readonly #socket: Socket;
  readonly #owner: SocketOwner;
  readonly #parser: ResponseParser;
  #connecting: NodeJS.Timeout | undefined;
  #request: PoolRequest | null = null;
  #isResting = false;

  constructor(options: SocketOptions) {
    this.#owner = options.owner;
    this.#parser = new ResponseParser(options.answerBytesMax);
    const onRead = (bytes: number): boolean => {
      this.#onData(bytes);
      return true;
    };
    this.#socket = open(options, onRead);
    this.#socket.setNoDelay(true);
    this.#connecting = setTimeout(() => this.#lose('CONNECT_TIMEOUT'), options.connectTimeoutMs);
    this.#socket.once(options.endpoint.isTls ? 'secureConnect' : 'connect', () => {
      clearTimeout(this.#connecting);
      this.isReady = true;
      options.owner.onReady(this);
    });
    this.#socket.on('session', (session: Buffer) => options.owner.onSession(session));
    this.#socket.on('error', (error: { code?: unknown }) =>
      this.#lose(typeof error.code === 'string' ? error.code : 'unnamed error'),
    );
    this.#socket.on('end', () => this.#onEnd());
    this.#socket.on('close', () => this.#lose('CLOSED'));
  }

  /** Sends one request, headers and body in one write. */
  send(request: PoolRequest, { head, body, headRoomBytes = 0, answerRoom }: Message): void {
    this.#request = request;
    this.#parser.reset();
    this.#parser.bodyRoom = answerRoom ?? Buffer.allocUnsafe;
    const socket = this.#socket;
    if (typeof body === 'string') {
      socket.cork();
      socket.write(head, 'latin1');
      socket.write(body, 'utf8');
      socket.uncork();
    } else if (head.length <= headRoomBytes) {
      const bytes = Buffer.from(body.buffer, body.byteOffset - head.length, head.length + body.length);
      bytes.write(head, 0, head.length, 'latin1');
      socket.write(bytes);
    } else writeMessage(socket, head, body);
  }

  /** An idle connection keeps no process alive. */
  rest(): void {
    if (this.#isResting) return;
    this.#isResting = true;
    this.#socket.unref();
  }

  wake(): void {
    if (!this.#isResting) return;
    this.#isResting = false;
    this.#socket.ref();
  }

  /** What came of the answer to the request under way. */
  soFar(): { status: number | null; headers: Record<string, string>; body: Buffer | null } {
    const { status, headers } = this.#parser;
    const body = this.#parser.body();
    return { status, headers, body: body.length === 0 ? null : body };
  }

  /** Nobody waits for the answer any more. */
  abandon(): void {
    this.#request = null;
    this.#lose('ABANDONED');
  }

  #onData(bytes: number): void {
    const request = this.#request;
    if (request === null) {
      // Bytes that nobody asked for.
      this.#lose('UNASKED');
      return;
    }
    const state = this.#parser.push(readBuffer, 0, bytes);
    if (state === 'more') return;
    if (state === 'whole') this.#whole(request);
    else {
      if (state === 'large') request.tooLarge(this.#parser.fault);
      else request.failed(`bad answer: ${this.#parser.fault}`);
      this.#request = null;
      this.#lose('BAD_ANSWER');
    }
  }

  #whole(request: PoolRequest): void {
    this.#request = null;
    const { status, headers, isKept, idleHintMs } = this.#parser;
    request.answered({ status: status as number, headers, body: this.#parser.body() });
    // An answer that came before the whole request was sent leaves the rest of it on the way.
    if (isKept && this.#socket.writableLength === 0 && idleHintMs !== 0) this.#owner.onFree(this, idleHintMs);
    else this.#lose('DONE');
  }

  #onEnd(): void {
    const request = this.#request;
    if (request !== null && this.#parser.finish() === 'whole') this.#whole(request);
    else this.#lose('CLOSED');
  }

  #lose(code: string): void {
    if (this.isGone) return;
    this.isGone = true;
    clearTimeout(this.#connecting);
    const request = this.#request;
    this.#request = null;
    request?.failed(code);
    this.#socket.destroy();
    this.#owner.onGone(this, code);
  }
}

function open(options: SocketOptions, onRead: (bytes: number) => boolean): Socket {
  const { isTls, hostname, port, ca } = options.endpoint;
  const onread = { buffer: readBuffer, callback: onRead };
  if (!isTls) return connect({ host: hostname, port, onread });
  return connectTls({
    host: hostname,
    port,
    ALPNProtocols: ['http/1.1'],
    ...(isIP(hostname) === 0 && { servername: hostname }),
    ...(ca !== undefined && { ca }),
    ...(options.session !== null && { session: options.session }),
    onread,
  } as ConnectionOptions);
}
