import type { Clock, WireOutcome } from '../ports';
import { classifyAnswer, type WireAnswer } from './outcome';
import type { Message, PoolRequest, StoreSocket } from './store-socket';

export interface ExchangeOptions {
  resolve(outcome: WireOutcome): void;
  /** Head and body of the request; asked for once, when there is a connection to send them on. May throw. */
  message(): Message;
  /** Called when the outcome is known before a connection was free. */
  onGivenUp(exchange: Exchange): void;
  clock: Clock;
  isReadByCaller?: boolean;
}

type UnknownCause = Extract<WireOutcome, { kind: 'unknown' }>['cause'];

/** One request and its answer; resolves exactly once, and is sent at most once. */
export class Exchange implements PoolRequest {
  isOver = false;
  readonly #options: ExchangeOptions;
  #socket: StoreSocket | null = null;
  #deadline: NodeJS.Timeout | undefined;
  #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.#giveUp('aborted', 'the caller gave the request up');

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** Starts the deadline over the whole exchange: waiting for a connection, sending, and all of the answer. */
  begin(timeoutMs: number, signal: AbortSignal | undefined): void {
    if (signal?.aborted) {
      this.#onAbort();
      return;
    }
    this.#deadline = setTimeout(onDeadline, timeoutMs, this, timeoutMs);
    if (signal === undefined) return;
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  start(socket: StoreSocket): boolean {
    let message: Message;
    try {
      message = this.#options.message();
    } catch {
      this.failed('UNSIGNABLE');
      return false;
    }
    this.#socket = socket;
    socket.send(this, message);
    return true;
  }

  answered(answer: WireAnswer): void {
    const { clock, isReadByCaller } = this.#options;
    this.#finish(classifyAnswer(answer, clock.nowMs(), isReadByCaller));
  }

  failed(code: string): void {
    this.#unknown('connection', `connection failed (${code})`);
  }

  tooLarge(message: string): void {
    this.#unknown('undecodable', message);
  }

  timedOut(timeoutMs: number): void {
    this.#giveUp('timeout', `no whole answer within ${timeoutMs} ms`);
  }

  /** The answer may still come; the connection is of no use to anybody else. */
  #giveUp(cause: UnknownCause, message: string): void {
    if (this.isOver) return;
    const socket = this.#socket;
    this.#unknown(cause, message);
    if (socket === null) this.#options.onGivenUp(this);
    else socket.abandon();
  }

  #unknown(cause: UnknownCause, message: string): void {
    if (this.isOver) return;
    const soFar = this.#socket?.soFar() ?? { status: null, headers: {}, body: null };
    this.#finish({ kind: 'unknown', cause, ...soFar, message });
  }

  #finish(outcome: WireOutcome): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#socket = null;
    clearTimeout(this.#deadline);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#options.resolve(outcome);
  }
}

const onDeadline = (exchange: Exchange, timeoutMs: number): void => exchange.timedOut(timeoutMs);
