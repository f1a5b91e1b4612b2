import { Pool } from 'undici';
import { systemClock } from '../clock';
import type { Clock, StoreTarget, StoreWire, WireOutcome, WireRequest } from '../ports';
import { WireExchange } from './exchange';
import { signRequest } from './sign';

/** Connections of one process to one store, and so requests under way; others wait their turn within their deadline. */
export const CONNECTIONS_MAX = 128;
export const WAITING_MAX = 10_000;
/** Largest answer read: 16 MB of items grow by a third in base64, and escapes need room. */
export const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
export const CONNECT_TIMEOUT_MS = 5_000;
/** Below the 5 s after which Node's servers close an idle socket: a reset on reuse makes a write's outcome unknown. */
export const IDLE_SOCKET_MS = 3_000;
/** Longest idle time that a server's own keep-alive hint may grant. */
export const IDLE_SOCKET_MS_MAX = 30_000;

const API = 'DynamoDB_20120810';
const CONTENT_TYPE = 'application/x-amz-json-1.0';

export interface StoreWireOptions {
  clock?: Clock;
  connectionsMax?: number;
  answerBytesMax?: number;
}

/**
 * One store over HTTP/1.1 with kept connections. Each request is signed, sent once and answered within its deadline,
 * which covers waiting for a connection and the whole body. Nothing is ever sent twice: a lost connection, even a
 * reused one that was closed under the request, leaves the outcome unknown (PROTOCOL W7).
 */
export function createStoreWire(target: StoreTarget, options: StoreWireOptions = {}): StoreWire {
  const endpoint = new URL(target.endpoint);
  const clock = options.clock ?? systemClock;
  const { answerBytesMax = ANSWER_BYTES_MAX, connectionsMax = CONNECTIONS_MAX } = options;
  const path = endpoint.pathname;
  const pool = new Pool(endpoint.origin, {
    connections: connectionsMax,
    pipelining: 1,
    keepAliveTimeout: IDLE_SOCKET_MS,
    keepAliveMaxTimeout: IDLE_SOCKET_MS_MAX,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: 0, // the exchange's own deadline covers headers and body
    bodyTimeout: 0,
  });
  const turns = new Turns(connectionsMax);
  let inFlight = 0;

  function sign(request: WireRequest): Record<string, string> {
    return signRequest({
      method: 'POST',
      path,
      headers: {
        'content-type': CONTENT_TYPE,
        host: endpoint.host,
        'x-amz-target': request.target ?? `${API}.${request.operation}`,
      },
      body: request.body,
      payloadHash: request.payloadHash,
      credentials: target.credentials,
      region: target.region,
      service: 'dynamodb',
      nowMs: clock.nowMs(),
    });
  }

  async function send(request: WireRequest): Promise<WireOutcome> {
    inFlight += 1;
    let isDispatched = false;
    try {
      return await new Promise<WireOutcome>((resolve) => {
        const exchange = new WireExchange({ resolve, clock, answerBytesMax, isReadByCaller: request.isReadByCaller });
        exchange.begin(request.timeoutMs ?? target.timeoutMs, request.signal);
        const isQueued = turns.take(() => {
          if (exchange.isOver) return false;
          isDispatched = true;
          try {
            pool.dispatch({ path, method: 'POST', headers: sign(request), body: request.body }, exchange);
          } catch (error) {
            exchange.fail(error);
          }
          return true;
        });
        if (!isQueued) exchange.fail({ code: 'WAITING_MAX' });
      });
    } finally {
      inFlight -= 1;
      if (isDispatched) turns.giveBack();
    }
  }

  return { target, send, inFlight: () => inFlight, close: () => pool.close() };
}

/**
 * Whose turn it is to have a connection. Waiting happens here and not inside the pool, because the pool would close a
 * connection for every request whose deadline passed while it waited.
 */
class Turns {
  #free: number;
  readonly #waiting: (() => boolean)[] = [];

  constructor(slots: number) {
    this.#free = slots;
  }

  /** Calls `start` now or when a slot is free; it returns whether it used the slot. False: too many wait. */
  take(start: () => boolean): boolean {
    if (this.#free > 0) {
      this.#free -= 1;
      if (!start()) this.giveBack();
      return true;
    }
    if (this.#waiting.length >= WAITING_MAX) return false;
    this.#waiting.push(start);
    return true;
  }

  giveBack(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (next()) return;
    }
    this.#free += 1;
  }
}
