import { Exchange, type ExchangeOwner } from '../dynamodb/exchange';
import { SocketPool } from '../dynamodb/socket-pool';
import { ANSWER_BYTES_MAX, CONNECTIONS_MAX } from '../dynamodb/wire';
import type { Clock, StoreTarget, WireOutcome } from '../ports';

export interface JsonRequest {
  method: 'GET' | 'PUT' | 'POST';
  /** Below the endpoint, without a key in it: addresses end up in logs. */
  path: string;
  /** Not sent with a GET. */
  body: object;
  timeoutMs: number;
  signal?: AbortSignal;
}

export interface JsonSender {
  send(request: JsonRequest): Promise<WireOutcome>;
  close(): Promise<void>;
}

/** Whether a token may stand in a header: printable ASCII without spaces. */
const isToken = (text: string): boolean => /^[\x21-\x7e]+$/.test(text);

/**
 * JSON over the pooled sockets of the wire, with a bearer token. Each request is sent once and answered within its
 * deadline; what is no named refusal is unknown (PROTOCOL W7), exactly as on the other wire.
 */
export function createJsonSender(target: StoreTarget, options: { clock: Clock; ca?: string }): JsonSender {
  const endpoint = new URL(target.endpoint);
  const isTls = endpoint.protocol === 'https:';
  const pool = new SocketPool({
    endpoint: {
      isTls,
      hostname: endpoint.hostname.replace(/^\[|\]$/g, ''),
      port: endpoint.port === '' ? (isTls ? 443 : 80) : Number(endpoint.port),
      ca: options.ca,
    },
    connectionsMax: CONNECTIONS_MAX,
    answerBytesMax: ANSWER_BYTES_MAX,
  });
  const base = endpoint.pathname.replace(/\/$/, '');
  const token = target.credentials.accessKeyId;
  const send = ({ method, path, body, timeoutMs, signal }: JsonRequest): Promise<WireOutcome> =>
    new Promise((resolve) => {
      const text = method === 'GET' ? '' : JSON.stringify(body);
      const length = method === 'GET' ? '' : `content-length: ${Buffer.byteLength(text)}\r\n`;
      const owner: ExchangeOwner = {
        clock: options.clock,
        headOf: () => {
          if (!isToken(token)) throw new Error('the API key cannot be sent as it is');
          return (
            `${method} ${base}${path} HTTP/1.1\r\nhost: ${endpoint.host}\r\nauthorization: Bearer ${token}\r\n` +
            `content-type: application/json\r\naccept: application/json\r\n${length}\r\n`
          );
        },
        onGivenUp: (one) => pool.forget(one),
        onOver: () => {},
      };
      const exchange = new Exchange(owner, { operation: method, body: text, signal }, resolve);
      exchange.begin(timeoutMs);
      if (!exchange.isOver && !pool.take(exchange)) exchange.failed('WAITING_MAX');
    });
  return { send, close: () => pool.close() };
}
