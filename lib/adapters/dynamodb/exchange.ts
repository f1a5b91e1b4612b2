import type { Dispatcher } from 'undici';
import type { Clock, WireOutcome } from '../ports';
import { classifyAnswer } from './outcome';

export interface ExchangeOptions {
  resolve(outcome: WireOutcome): void;
  clock: Clock;
  answerBytesMax: number;
  isReadByCaller?: boolean;
}

type UnknownCause = Extract<WireOutcome, { kind: 'unknown' }>['cause'];

/** One request and its answer as undici's dispatch drives them; resolves exactly once. */
export class WireExchange implements Dispatcher.DispatchHandler {
  isOver = false;
  readonly #options: ExchangeOptions;
  #controller: Dispatcher.DispatchController | null = null;
  #status: number | null = null;
  #headers: Record<string, string> = {};
  #chunks: Buffer[] = [];
  #bytes = 0;
  #deadline: NodeJS.Timeout | undefined;
  #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.#unknown('aborted', 'the caller gave the request up');

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** Starts the deadline over the whole exchange. */
  begin(timeoutMs: number, signal: AbortSignal | undefined): void {
    if (signal?.aborted) {
      this.#onAbort();
      return;
    }
    this.#deadline = setTimeout(() => this.#unknown('timeout', `no whole answer within ${timeoutMs} ms`), timeoutMs);
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  fail(error: unknown): void {
    const code = (error as { code?: unknown } | null)?.code;
    this.#unknown('connection', `connection failed (${typeof code === 'string' ? code : 'unnamed error'})`);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // A second start would be a second sending, and an exchange that is over must not be sent at all.
    if (this.#controller !== null || this.isOver) controller.abort(new Error('not sent'));
    else this.#controller = controller;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: object): void {
    if (status < 200) return;
    this.#status = status;
    for (const [name, value] of Object.entries(headers)) {
      this.#headers[name] = Array.isArray(value) ? value.join(', ') : String(value);
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#options.answerBytesMax) this.#chunks.push(chunk);
    else this.#unknown('undecodable', `answer is longer than ${this.#options.answerBytesMax} bytes`);
  }

  onResponseEnd(): void {
    if (this.isOver) return;
    const { clock, isReadByCaller } = this.#options;
    const answer = { status: this.#status ?? 0, headers: this.#headers, body: this.#body() };
    this.#finish(classifyAnswer(answer, clock.nowMs(), isReadByCaller));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(error);
  }

  #body(): Buffer {
    return this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
  }

  #unknown(cause: UnknownCause, message: string): void {
    if (this.isOver) return;
    const body = this.#chunks.length === 0 ? null : this.#body();
    this.#finish({ kind: 'unknown', cause, status: this.#status, headers: this.#headers, body, message });
    this.#controller?.abort(new Error(message));
  }

  #finish(outcome: WireOutcome): void {
    this.isOver = true;
    clearTimeout(this.#deadline);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#chunks = [];
    this.#options.resolve(outcome);
  }
}
