/**
 * One connection of an application: one request at a time, in order. What it pipelines waits unread; what it sends
 * slowly, or not at all, runs into a deadline that a sweep holds it to; what cannot be read is answered and ended.
 */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Headers, ParseState } from '@/lib/adapters/dynamodb/message-parser';
import { writeMessage } from '@/lib/adapters/dynamodb/one-write';
import type { Admission } from '../admission/admission';
import { LIMITS } from '../limits';
import { readingInto } from './reading';
import { RequestParser } from './request-parser';

export interface HttpRequest {
  method: string;
  path: string;
  headers: Headers;
  body: Buffer;
}

export interface HttpAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

export interface ConnectionOwner {
  /** Gives its answer to `answered`, once, now or later. A promise here would cost each request one and a turn more. */
  serve(request: HttpRequest, answered: (answer: HttpAnswer) => void): void;
  readonly isStopping: boolean;
  readonly admission: Pick<Admission, 'holdBody' | 'holdAnswer' | 'giveBytes'>;
  onGone(connection: Connection): void;
  /** What is said instead of reading a body for which there is no room. */
  noRoom(): HttpAnswer;
}

/** After a last answer the client's bytes are read and dropped for so long, so that no reset eats the answer. */
const LINGER_MS = 2_000;
const NOTHING = Buffer.alloc(0);

export class Connection {
  /** A request is being read or served, or its answer is on its way. */
  isBusy = false;
  /** Monotonic time at which it was last of use. */
  usedAtMs: number;
  readonly #parser = new RequestParser(LIMITS.bodyBytesMax);
  /** What came behind the request that is served. */
  #behind: Buffer = NOTHING;
  /** When a request, or waiting for its head, began. */
  #beganAtMs: number;
  #heldBytes = 0;
  #isServing = false;
  #isEnded = false;
  #isLast = false;
  #lingerUntilMs: number | null = null;

  private readonly socket: Socket;

  constructor(
    accepted: Socket,
    private readonly owner: ConnectionOwner,
  ) {
    this.usedAtMs = performance.now();
    this.#beganAtMs = this.usedAtMs;
    const socket = readingInto(accepted, (bytes, end) => this.#onData(bytes, end));
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('end', () => this.#onEnd());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#onClose());
    socket.resume();
  }

  /** Bytes of answers that the client has not taken. */
  get untakenBytes(): number {
    return this.socket.writableLength;
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Ends it in order, where nothing is under way. */
  end(): void {
    if (this.#lingerUntilMs === null) this.#last(performance.now());
  }

  /** Holds the client to its deadlines; called about every second. */
  sweep(nowMs: number): void {
    if (this.#lingerUntilMs !== null) {
      if (nowMs > this.#lingerUntilMs) this.socket.destroy();
      return;
    }
    if (this.#isServing) return;
    const sinceMs = nowMs - this.#beganAtMs;
    if (this.socket.writableLength > 0) {
      // The answer is out of our hands and the client does not take it.
      if (sinceMs > LIMITS.requestTimeoutMs) this.socket.destroy();
    } else if (this.#parser.isBegun) {
      const isLate = this.#parser.isHeadRead ? sinceMs > LIMITS.requestTimeoutMs : sinceMs > LIMITS.headersTimeoutMs;
      if (isLate) this.#refuse(408);
    } else if (nowMs - this.usedAtMs > LIMITS.keepAliveMs) this.end();
  }

  /** `bytes[0, end)` belong to the reader again when this returns. */
  #onData(bytes: Buffer, end: number): void {
    if (this.#lingerUntilMs !== null || this.#isLast) return;
    if (this.#isServing) {
      // One read at most: the rest waits in the kernel.
      this.#behind = Buffer.concat([this.#behind, bytes.subarray(0, end)]);
      this.socket.pause();
      return;
    }
    this.#read(bytes, end);
  }

  #read(bytes: Buffer, end: number): void {
    const parser = this.#parser;
    let start = 0;
    if (!parser.isBegun) {
      // An empty line before a request is the rest of a sloppy client's request before it.
      while (start < end && start < 4 && (bytes[start] === 0x0d || bytes[start] === 0x0a)) start += 1;
      if (start === end) return;
      this.isBusy = true;
      this.#beganAtMs = performance.now();
    }
    const wasHeadRead = parser.isHeadRead;
    const state: ParseState = parser.push(bytes, start, end);
    if (state === 'more') {
      if (parser.isHeadRead) this.#onBody(wasHeadRead);
      return;
    }
    if (state !== 'whole') {
      this.#refuse(parser.status);
      return;
    }
    if (parser.consumedTo < end) this.#behind = Buffer.from(bytes.subarray(parser.consumedTo, end));
    this.#serve();
  }

  /** A body is on its way: room is taken for what is declared, or for what has come. */
  #onBody(wasHeadRead: boolean): void {
    const { declaredBytes, bodyBytes, expectsContinue } = this.#parser;
    const needed = Math.max(declaredBytes, bodyBytes) - this.#heldBytes;
    if (needed > 0) {
      if (!this.owner.admission.holdBody(needed)) {
        this.#isLast = true;
        this.#send(this.owner.noRoom());
        return;
      }
      this.#heldBytes += needed;
    }
    if (!wasHeadRead && expectsContinue) this.socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');
  }

  #giveBytes(): void {
    if (this.#heldBytes > 0) this.owner.admission.giveBytes(this.#heldBytes);
    this.#heldBytes = 0;
  }

  #serve(): void {
    const { method, path, headers, isKept } = this.#parser;
    const body = this.#parser.body();
    this.#isServing = true;
    if (!isKept) this.#isLast = true;
    this.#giveBytes();
    this.owner.serve({ method, path, headers, body }, this.#answered);
  }

  /** One for all requests of the connection. */
  readonly #answered = (answer: HttpAnswer): void => {
    this.#isServing = false;
    this.#send(answer, this.#parser.method === 'HEAD');
  };

  /** Answers a request that cannot be read, and ends. */
  #refuse(status: number): void {
    this.#isLast = true;
    this.#giveBytes();
    this.#send({ status, headers: {}, body: NOTHING });
  }

  #send(answer: HttpAnswer, isHeadOnly = false): void {
    const { socket } = this;
    if (socket.destroyed) return;
    const isAllAnswered = this.#isEnded && this.#behind.length === 0;
    const isLast = this.#isLast || isAllAnswered || this.owner.isStopping;
    const head = headOf(answer, isLast);
    const body = isHeadOnly ? NOTHING : answer.body;
    writeMessage(socket, head, body);
    const now = performance.now();
    this.#beganAtMs = now;
    this.usedAtMs = now;
    this.#holdUntaken(body.length);
    this.#parser.reset();
    if (isLast) this.#last(now);
    else if (this.#behind.length > 0) this.#next();
    else this.isBusy = false;
  }

  /** A client that takes its answer slowly holds our memory meanwhile. */
  #holdUntaken(bytes: number): void {
    if (this.socket.writableLength === 0) return;
    const { admission } = this.owner;
    admission.holdAnswer(bytes);
    let isHeld = true;
    const give = () => {
      if (isHeld) admission.giveBytes(bytes);
      isHeld = false;
    };
    this.socket.once('drain', give);
    this.socket.once('close', give);
  }

  #last(nowMs: number): void {
    this.#isLast = true;
    this.#behind = NOTHING;
    this.#lingerUntilMs = nowMs + LINGER_MS;
    this.socket.end();
    // Read on and drop: bytes left unread would turn the end into a reset.
    this.socket.resume();
  }

  /** The next of what was pipelined, in a turn of its own: one client's queue is not served before everybody else. */
  #next(): void {
    // Until then what comes still goes behind it.
    this.#isServing = true;
    setImmediate(() => {
      this.#isServing = false;
      if (this.socket.destroyed) return;
      const bytes = this.#behind;
      this.#behind = NOTHING;
      this.socket.resume();
      this.isBusy = false;
      this.#read(bytes, bytes.length);
      if (this.#isEnded && !this.#isServing) this.end();
    });
  }

  /** The client sends no more; what it asked for is answered. */
  #onEnd(): void {
    this.#isEnded = true;
    if (!this.#isServing && this.#behind.length === 0) this.socket.end();
  }

  #onClose(): void {
    this.#giveBytes();
    this.owner.onGone(this);
  }
}

let dateLine = { second: 0, text: '' };

/** SDKs set their clocks by it. */
function dateText(): string {
  const second = Math.floor(Date.now() / 1_000);
  if (second !== dateLine.second) dateLine = { second, text: new Date(second * 1_000).toUTCString() };
  return dateLine.text;
}

const KEPT = `connection: keep-alive\r\nkeep-alive: timeout=${Math.floor(LIMITS.keepAliveMs / 1_000)}\r\n\r\n`;

function headOf({ status, headers, body }: HttpAnswer, isLast: boolean): string {
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\ndate: ${dateText()}\r\n`;
  for (const name in headers) {
    const value = headers[name] as string;
    // Values come from stores: one that could end its line is dropped.
    if (SAFE.test(value)) text += `${name}: ${value}\r\n`;
  }
  return `${text}content-length: ${body.length}\r\n${isLast ? 'connection: close\r\n\r\n' : KEPT}`;
}

const SAFE = /^[\t\x20-\x7e\x80-\xff]*$/;
