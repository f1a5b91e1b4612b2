/**
 * A gateway inside an application, as the `requestHandler` of an AWS SDK client.
 *
 * The SDK serialises a command, retries and reads the answer as always; in place of a socket stands the pipeline of the
 * gateway, so that bytes, errors and retries are those that a store or a gateway would give. Routing comes from
 * Postgres, intents and snapshot lie on this process's disk, marks, acknowledgements and reports are the gateway's own:
 * to barriers and fences this *is* a registered gateway (PROTOCOL E1, B1, F1). Two things follow. An application that
 * ends without `close()` is a gateway that crashed: it holds up barriers and fences until it is back with its data
 * directory. And whoever holds the options holds what a gateway holds, the sealing key with it.
 */
import { systemClock } from '@/lib/adapters/clock';
import { createLog } from '@/lib/adapters/log';
import { createSealer } from '@/lib/adapters/sealing';
import { ALL_SAFEGUARDS } from '@/lib/domain/safeguards';
import { type GatewayCore, openCore } from '@/lib/gateway/core';
import { LIMITS } from '@/lib/gateway/limits';
import { type GatewayAnswer, type GatewayRequest, refusal } from '@/lib/gateway/pipeline/answer';
import { LandfallClosedError, LandfallFatalError } from './faults';
import { checkOptions, type LandfallOptions, START_WAIT_MS } from './options';

/** What the SDK hands to a request handler, as far as it is looked at. */
export interface SdkRequest {
  method: string;
  headers: Record<string, string>;
  body?: unknown;
}
export interface SdkHandlerOptions {
  abortSignal?: { aborted: boolean };
  /** Milliseconds; 0 and undefined: as long as it takes. */
  requestTimeout?: number;
}
export interface SdkResponse {
  response: { statusCode: number; reason?: string; headers: Record<string, string>; body: Uint8Array };
}

const IN_PROCESS = 'inside an application';
const STANDARD_ERROR = { write: (line: string) => void process.stderr.write(line) };

export class LandfallHandler {
  /** For the SDK: how it may talk to this handler. */
  readonly metadata = { handlerProtocol: 'http/1.1' };
  /** Resolves once requests are served by routing; rejects with LandfallFatalError. */
  readonly ready: Promise<void>;
  readonly #core: Promise<GatewayCore>;
  readonly #startWaitMsMax: number;
  readonly #options: LandfallOptions;
  #isReady = false;
  #inFlight = 0;
  #ended: Error | null = null;
  readonly #whenEnded: Promise<never>;
  #end!: (error: Error) => void;
  #onIdle: (() => void) | null = null;
  #closing: Promise<{ clean: boolean }> | null = null;

  /** @throws LandfallOptionsError */
  constructor(options: LandfallOptions) {
    checkOptions(options);
    this.#options = options;
    this.#startWaitMsMax = options.startWaitMsMax ?? START_WAIT_MS;
    this.#whenEnded = new Promise<never>((_, refuse) => {
      this.#end = refuse;
    });
    this.#whenEnded.catch(() => {});
    const log = options.log ?? createLog({ process: 'client', level: 'warn', destination: STANDARD_ERROR });
    const { databaseUrl, connection, identity, dataDir } = options;
    this.#core = openCore({
      ...{ databaseUrl, connection, identity, dataDir, log, safeguards: ALL_SAFEGUARDS, keys: null },
      sealer: createSealer(options.sealingKey),
      clock: systemClock,
      onFatal: (error) => this.#fail(error),
    });
    this.ready = this.#start();
    this.ready.catch(() => {});
  }

  get gatewayId(): Promise<string> {
    return this.#core.then((core) => core.gatewayId);
  }

  /** Called by the SDK. The answer is the pipeline's; an application that gives up cancels nothing (PROTOCOL W5). */
  async handle(request: SdkRequest, options: SdkHandlerOptions = {}): Promise<SdkResponse> {
    if (this.#ended !== null) throw this.#ended;
    const { abortSignal, requestTimeout = 0 } = options;
    if (abortSignal?.aborted) throw named('AbortError', 'Request aborted');
    let timer: NodeJS.Timeout | undefined;
    let onAbort = () => {};
    const giveUp = new Promise<never>((_, refuse) => {
      onAbort = () => refuse(named('AbortError', 'Request aborted; a write may have been carried out'));
      if (abortSignal instanceof EventTarget) abortSignal.addEventListener('abort', onAbort);
      const late = () => refuse(named('TimeoutError', `No answer within ${requestTimeout} ms`));
      if (requestTimeout > 0) timer = setTimeout(late, requestTimeout);
    });
    const served = this.#serve(request);
    served.catch(() => {});
    try {
      const { status, headers, body } = await Promise.race([served, this.#whenEnded, giveUp]);
      return { response: { statusCode: status, headers, body } };
    } finally {
      clearTimeout(timer);
      if (abortSignal instanceof EventTarget) abortSignal.removeEventListener('abort', onAbort);
    }
  }

  /** Called by the SDK's `client.destroy()`, which waits for nothing; prefer `close()`. */
  destroy(): void {
    void this.close();
  }

  /** For the SDK; there is nothing to configure. */
  updateHttpClientConfig(): void {}
  httpHandlerConfigs(): object {
    return {};
  }

  /**
   * Takes no new request, waits for those under way and says goodbye. `clean: false` counts as a crash: something was
   * still open after 20 s, or Postgres was away. Calling it again gives the same answer.
   */
  close(): Promise<{ clean: boolean }> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #start(): Promise<void> {
    try {
      const core = await this.#core;
      await core.start(IN_PROCESS);
      this.#isReady = true;
    } catch (error) {
      this.#fail(error);
      throw this.#ended;
    }
  }

  async #close(): Promise<{ clean: boolean }> {
    const wasEnded = this.#ended !== null;
    this.#ended ??= new LandfallClosedError();
    if (wasEnded) return { clean: false };
    const core = await this.#core.catch(() => null);
    if (core === null) return { clean: false };
    const idle = new Promise<void>((done) => {
      this.#onIdle = done;
      if (this.#inFlight === 0) done();
    });
    const ended = await core.goodbye(idle);
    await core.release();
    this.#end(new LandfallClosedError());
    return ended;
  }

  /** Ends as a crash would: nothing more is sent or reported, and the state on disk stays for the next start. */
  #fail(error: unknown): void {
    if (this.#ended instanceof LandfallFatalError) return;
    const fatal = new LandfallFatalError(error);
    this.#ended = fatal;
    this.#end(fatal);
    void this.#core
      .then(async (core) => {
        await core.die();
        await core.release();
      })
      .catch(() => {});
    this.#options.onFatal?.(fatal);
  }

  async #serve(request: SdkRequest): Promise<GatewayAnswer> {
    this.#inFlight += 1;
    try {
      const asked = requestOf(request);
      if ('status' in asked) return asked;
      if (this.#inFlight > LIMITS.requestsInFlightMax)
        return refusal('ThrottlingException', 'The client serves as many requests as it may; try again.');
      if (!this.#isReady) await within(this.#startWaitMsMax, this.ready);
      const core = await this.#core;
      const why = core.notReady();
      return why === null ? await core.handle(asked) : refusal('ServiceUnavailableException', why, 503);
    } finally {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#onIdle?.();
    }
  }
}

/** The pipeline's view of a request, or the refusal that DynamoDB's front door would give. */
function requestOf({ method, headers, body }: SdkRequest): GatewayRequest | GatewayAnswer {
  const target = headerOf(headers, 'x-amz-target');
  if (method !== 'POST' || target === undefined || !/^DynamoDB(Streams)?_\d{8}\.\w+$/.test(target))
    return refusal('UnknownOperationException', 'The request names no operation of DynamoDB.');
  const bytes = bytesOf(body);
  if (bytes === null) return refusal('SerializationException', 'The body is no text and no bytes.');
  if (bytes.length > LIMITS.bodyBytesMax)
    return refusal('RequestEntityTooLarge', `The request is larger than ${LIMITS.bodyBytesMax} bytes.`, 413);
  return { operation: target.slice(target.indexOf('.') + 1), target, body: bytes };
}

function headerOf(headers: Record<string, string>, name: string): string | undefined {
  for (const [each, value] of Object.entries(headers)) if (each.toLowerCase() === name) return value;
  return undefined;
}

function bytesOf(body: unknown): Buffer | null {
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return body === undefined || body === null ? Buffer.alloc(0) : null;
}

/** Errors by which the SDK tells what happened. */
const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });

/** Ends after `ms` whether or not the promise has; rejects if it does. */
async function within(ms: number, promise: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((done) => {
    timer = setTimeout(done, ms);
  });
  await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
