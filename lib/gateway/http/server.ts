/** HTTP in front of the pipeline: one POST, one answer, every size and every wait bounded. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync, inflateSync } from 'node:zlib';
import type { Log } from '@/lib/adapters/ports';
import { LIMITS } from '../limits';
import { type GatewayAnswer, type GatewayRequest, refusal } from '../pipeline/answer';
import { type Authorizer, outOfScope } from '../sigv4/authorize';

export interface ServerOptions {
  host: string;
  port: number;
  region: string;
  /** Null: development without verification, on loopback only. */
  authorizer: Authorizer | null;
  log: Log;
  handle(request: GatewayRequest): Promise<GatewayAnswer>;
  /** Null when it may serve, else why not. */
  notReady(): string | null;
}

export interface GatewayServer {
  port: number;
  inFlight(): number;
  /** Takes no new connection; what is under way ends. */
  stop(): Promise<void>;
  destroy(): void;
}

export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');

export async function startServer(options: ServerOptions): Promise<GatewayServer> {
  if (options.authorizer === null) {
    if (!isLoopback(options.host))
      throw new Error('A gateway without verification of signatures listens on loopback only');
    options.log.warn({ host: options.host }, 'Signatures of applications are NOT verified: development mode');
  }
  let inFlight = 0;
  let isStopping = false;

  const onRequest = (message: IncomingMessage, response: ServerResponse): void => {
    if (message.method !== 'POST') {
      plain(message, response, options);
      return;
    }
    inFlight += 1;
    void serve(message, response, options, inFlight)
      .catch((error) => {
        options.log.error({ error }, 'A request failed inside the gateway');
        send(
          response,
          refusal('InternalServerError', 'The gateway failed; the request may have been carried out.', 500),
        );
      })
      .finally(() => {
        inFlight -= 1;
        if (isStopping) server.closeIdleConnections();
      });
  };
  const server: Server = createServer(
    {
      headersTimeout: LIMITS.headersTimeoutMs,
      requestTimeout: LIMITS.requestTimeoutMs,
      keepAliveTimeout: LIMITS.keepAliveMs,
      maxHeaderSize: LIMITS.headersBytesMax,
      noDelay: true,
    },
    onRequest,
  );
  server.maxConnections = LIMITS.connectionsMax;
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(options.port, options.host, done);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    inFlight: () => inFlight,
    stop: () =>
      new Promise((done) => {
        isStopping = true;
        server.close(() => done());
        server.closeIdleConnections();
      }),
    destroy: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function plain(message: IncomingMessage, response: ServerResponse, options: ServerOptions): void {
  message.resume();
  const [status, words] = page(message, options);
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(words);
}

function page(message: IncomingMessage, options: ServerOptions): [number, string] {
  const isRead = message.method === 'GET' || message.method === 'HEAD';
  const path = isRead ? message.url?.split('?')[0] : undefined;
  if (path === '/live') return [200, 'live\n'];
  if (path === '/') return [200, `healthy: dynamodb.${options.region}.amazonaws.com `];
  if (path !== '/ready') return [404, '<UnknownOperationException/>\n'];
  const why = options.notReady();
  return why === null ? [200, 'ready\n'] : [503, `${why}\n`];
}

async function serve(
  message: IncomingMessage,
  response: ServerResponse,
  options: ServerOptions,
  inFlight: number,
): Promise<void> {
  const body = await readBody(message);
  if (body === 'gone') return;
  if (body === 'large') {
    response.writeHead(413, { connection: 'close' }).end();
    return;
  }
  const refused = shape(message) ?? (inFlight > LIMITS.requestsInFlightMax ? busy() : null);
  if (refused !== null) return send(response, refused);
  const why = options.notReady();
  if (why !== null) return send(response, refusal('ServiceUnavailableException', why, 503));
  const target = message.headers['x-amz-target'] as string;
  const request: GatewayRequest = { operation: target.slice(target.indexOf('.') + 1), target, body };
  let key = null;
  if (options.authorizer !== null) {
    const verdict = options.authorizer.verify({ path: message.url ?? '/', headers: message.headers, body });
    if (!verdict.ok) return send(response, verdict.answer);
    request.payloadHash = verdict.payloadHash;
    key = verdict.key;
  }
  const encoding = message.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    const plainBody = decoded(body, encoding);
    if (plainBody === null) return send(response, refusal('SerializationException', 'The body cannot be decompressed'));
    request.body = plainBody;
    request.payloadHash = undefined;
  }
  const outside = key === null ? null : outOfScope(key, request);
  send(response, outside ?? (await options.handle(request)));
}

const busy = () => refusal('ThrottlingException', 'The gateway serves as many requests as it may; try again.');

/** What DynamoDB's front door refuses before it looks at the body. */
function shape(message: IncomingMessage): GatewayAnswer | null {
  const target = message.headers['x-amz-target'];
  const type = message.headers['content-type'];
  const isJsonType = type?.startsWith('application/x-amz-json-1.0') || type?.startsWith('application/json');
  if (!isJsonType || typeof target !== 'string' || !/^DynamoDB(Streams)?_\d{8}\.\w+$/.test(target)) {
    return refusal('UnknownOperationException', 'The request names no operation of DynamoDB.');
  }
  return null;
}

function decoded(body: Buffer, encoding: string): Buffer | null {
  try {
    const bounds = { maxOutputLength: LIMITS.bodyBytesMax };
    if (encoding === 'gzip') return gunzipSync(body, bounds);
    if (encoding === 'deflate') return inflateSync(body, bounds);
  } catch {
    // Broken or too large.
  }
  return null;
}

/** The whole body; nothing is carried out for a request that was not received whole. */
function readBody(message: IncomingMessage): Promise<Buffer | 'large' | 'gone'> {
  const declared = Number(message.headers['content-length']);
  if (declared > LIMITS.bodyBytesMax) {
    message.resume();
    return Promise.resolve('large');
  }
  return new Promise((done) => {
    let first: Buffer | null = null;
    let more: Buffer[] | null = null;
    let bytes = 0;
    message.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > LIMITS.bodyBytesMax) {
        message.pause();
        done('large');
      } else if (first === null) first = chunk;
      else if (more === null) more = [first, chunk];
      else more.push(chunk);
    });
    message.on('end', () => done(more !== null ? Buffer.concat(more, bytes) : (first ?? Buffer.alloc(0))));
    message.on('error', () => done('gone'));
    message.on('close', () => done('gone'));
  });
}

function send(response: ServerResponse, answer: GatewayAnswer): void {
  if (response.headersSent || response.destroyed) return;
  answer.headers['content-length'] = String(answer.body.length);
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
}
