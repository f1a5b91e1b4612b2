import type { Clock, WireOutcome, WireRequest } from '../ports';
import { classifyAnswer, type WireAnswer } from './outcome';
import type { PoolRequest, StoreSocket } from './store-socket';

/** What all exchanges with one store share. */
export interface ExchangeOwner {
  readonly clock: Clock;
  /** The head of a request; asked for once, when there is a connection to send it on. May throw. */
  headOf(request: WireRequest): string;
  /** The outcome is known, and no connection had been free. */
  onGivenUp(exchange: Exchange): void;
  /** The outcome is known. */
  onOver(): void;
}

type UnknownCause = Extract<WireOutcome, { kind: 'unknown' }>['cause'];

/** One request and its answer; resolves exactly once, and is sent at most once. */
export class Exchange implements PoolRequest {
  isOver = false;
  ahead: PoolRequest | null = null;
  behind: PoolRequest | null = null;
  isInLine = false;
  #socket: StoreSocket | null = null;
  #deadline: NodeJS.Timeout | undefined;
  #onAbort: (() => void) | null = null;

  constructor(
    private readonly owner: ExchangeOwner,
    private readonly request: WireRequest,
    private readonly resolve: (outcome: WireOutcome) => void,
  ) {}

  /** Starts the deadline over the whole exchange: waiting for a connection, sending, and all of the answer. */
  begin(timeoutMs: number): void {
    const { signal } = this.request;
    if (signal?.aborted) {
      this.#aborted();
      return;
    }
    this.#deadline = setTimeout(onDeadline, timeoutMs, this, timeoutMs);
    if (signal === undefined) return;
    this.#onAbort = () => this.#aborted();
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  start(socket: StoreSocket): boolean {
    let head: string;
    try {
      head = this.owner.headOf(this.request);
    } catch {
      this.failed('UNSIGNABLE');
      return false;
    }
    this.#socket = socket;
    const { body, headRoomBytes, answerRoom } = this.request;
    socket.send(this, { head, body, headRoomBytes, answerRoom });
    return true;
  }

  answered(answer: WireAnswer): void {
    this.#finish(classifyAnswer(answer, this.owner.clock.nowMs(), this.request.isReadByCaller));
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

  #aborted(): void {
    this.#giveUp('aborted', 'the caller gave the request up');
  }

  /** The answer may still come; the connection is of no use to anybody else. */
  #giveUp(cause: UnknownCause, message: string): void {
    if (this.isOver) return;
    const socket = this.#socket;
    this.#unknown(cause, message);
    if (socket === null) this.owner.onGivenUp(this);
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
    if (this.#onAbort !== null) this.request.signal?.removeEventListener('abort', this.#onAbort);
    this.owner.onOver();
    this.resolve(outcome);
  }
}

const onDeadline = (exchange: Exchange, timeoutMs: number): void => exchange.timedOut(timeoutMs);
