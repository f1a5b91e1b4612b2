/** Raw requests to a store or a gateway: the bytes of the body as given, and the bytes of the answer as they came. */
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { crc32 } from 'node:zlib';
import { signRequest } from '@/lib/adapters/dynamodb/sign';
import type { Step } from './case';

const ANSWER_MS_MAX = 20_000;
const SOCKETS_MAX = 16;

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface Endpoint {
  url: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
}

export interface StoreClient {
  endpoint: Endpoint;
  send(step: Step): Promise<RawAnswer>;
  close(): void;
}

export function storeClient(endpoint: Endpoint): StoreClient {
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_MAX });
  const { hostname, port, host, pathname: path } = new URL(endpoint.url);

  function send(step: Step): Promise<RawAnswer> {
    const body = typeof step.body === 'string' ? Buffer.from(step.body) : step.body;
    const headers = signRequest({
      method: 'POST',
      path,
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        host,
        'x-amz-target': step.target ?? `DynamoDB_20120810.${step.operation}`,
        ...step.headers,
      },
      body,
      credentials: endpoint.credentials,
      region: endpoint.region,
      service: 'dynamodb',
      nowMs: Date.now(),
    });
    return new Promise((done, fail) => {
      const options = { hostname, port, path, method: 'POST', agent, timeout: ANSWER_MS_MAX };
      const sent = httpRequest({ ...options, headers: { ...headers, 'content-length': body.length } }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail);
        response.on('end', () =>
          done({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        );
      });
      sent.on('timeout', () => sent.destroy(new Error(`no answer within ${ANSWER_MS_MAX} ms`)));
      sent.on('error', fail);
      sent.end(body);
    });
  }
  return { endpoint, send, close: () => agent.destroy() };
}

/** Why the checksum of an answer is wrong; null: it is right, or there is none. */
export function wrongChecksum({ headers, body }: RawAnswer): string | null {
  const said = headers['x-amz-crc32'];
  if (said === undefined) return null;
  const is = crc32(body);
  return Number(said) === is ? null : `x-amz-crc32 says ${said}, the body has ${is}`;
}
