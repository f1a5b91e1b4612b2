import { Pool } from 'undici';
import { systemClock } from '../clock';
import type { Clock, StoreTarget, StoreWire, WireOutcome, WireRequest } from '../ports';
import { WireExchange } from './exchange';
import { signRequest } from './sign';

/** Connections of one process to one store. */
export const CONNECTIONS_MAX = 128;
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
  const answerBytesMax = options.answerBytesMax ?? ANSWER_BYTES_MAX;
  const path = endpoint.pathname;
  const pool = new Pool(endpoint.origin, {
    connections: options.connectionsMax ?? CONNECTIONS_MAX,
    pipelining: 1,
    keepAliveTimeout: IDLE_SOCKET_MS,
    keepAliveMaxTimeout: IDLE_SOCKET_MS_MAX,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: 0, // the exchange's own deadline covers headers and body
    bodyTimeout: 0,
  });
  let inFlight = 0;

  async function send(request: WireRequest): Promise<WireOutcome> {
    const headers = signRequest({
      method: 'POST',
      path,
      headers: {
        'content-type': CONTENT_TYPE,
        host: endpoint.host,
        'x-amz-target': request.target ?? `${API}.${request.operation}`,
      },
      body: request.body,
      credentials: target.credentials,
      region: target.region,
      service: 'dynamodb',
      nowMs: clock.nowMs(),
    });
    inFlight += 1;
    try {
      return await new Promise<WireOutcome>((resolve) => {
        const exchange = new WireExchange({ resolve, clock, answerBytesMax });
        exchange.begin(request.timeoutMs ?? target.timeoutMs, request.signal);
        if (exchange.isOver) return;
        try {
          pool.dispatch({ path, method: 'POST', headers, body: request.body }, exchange);
        } catch (error) {
          exchange.fail(error);
        }
      });
    } finally {
      inFlight -= 1;
    }
  }

  return { target, send, inFlight: () => inFlight, close: () => pool.close() };
}
