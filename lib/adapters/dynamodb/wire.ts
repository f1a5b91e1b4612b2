import { systemClock } from '../clock';
import type { Clock, StoreTarget, StoreWire, WireOutcome, WireRequest } from '../ports';
import { Exchange, type ExchangeOwner } from './exchange';
import { createRequestSigner } from './sign';
import { SocketPool } from './socket-pool';

/** Connections of one process to one store, and so requests under way; others wait their turn within their deadline. */
export const CONNECTIONS_MAX = 128;
/** Largest answer read: 16 MB of items grow by a third in base64, and escapes need room. */
export const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

const API = 'DynamoDB_20120810';
const CONTENT_TYPE = 'application/x-amz-json-1.0';

export interface StoreWireOptions {
  clock?: Clock;
  connectionsMax?: number;
  answerBytesMax?: number;
  /** How long a connection may rest unused where the server gives no hint. */
  idleSocketMs?: number;
  /** Certificates to trust in place of the system's. */
  ca?: string;
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
  const isTls = endpoint.protocol === 'https:';
  const pool = new SocketPool({
    endpoint: {
      isTls,
      hostname: endpoint.hostname.replace(/^\[|\]$/g, ''),
      port: endpoint.port === '' ? (isTls ? 443 : 80) : Number(endpoint.port),
      ca: options.ca,
    },
    connectionsMax,
    answerBytesMax,
    idleMs: options.idleSocketMs,
  });
  const signer = createRequestSigner({
    path: endpoint.pathname,
    host: endpoint.host,
    contentType: CONTENT_TYPE,
    credentials: target.credentials,
    region: target.region,
    service: 'dynamodb',
  });
  let inFlight = 0;
  const owner: ExchangeOwner = {
    clock,
    headOf: ({ operation, target: named, body, payloadHash }) =>
      signer({ target: named ?? `${API}.${operation}`, body, payloadHash, nowMs: clock.nowMs() }),
    onGivenUp: (exchange) => pool.forget(exchange),
    onOver: () => {
      inFlight -= 1;
    },
  };

  function send(request: WireRequest): Promise<WireOutcome> {
    inFlight += 1;
    return new Promise((done) => {
      const exchange = new Exchange(owner, request, done);
      exchange.begin(request.timeoutMs ?? target.timeoutMs);
      if (!exchange.isOver && !pool.take(exchange)) exchange.failed('WAITING_MAX');
    });
  }

  return { target, send, inFlight: () => inFlight, close: () => pool.close() };
}
