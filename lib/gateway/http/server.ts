/** HTTP in front of the pipeline: one POST, one answer, every size and every wait bounded. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync, inflateSync } from 'node:zlib';
import type { Log } from '@/lib/adapters/ports';
import type { Admission } from '../admission/admission';
import { LIMITS } from '../limits';
import { type GatewayAnswer, type GatewayRequest, refusal } from '../pipeline/answer';
import { type Authorizer, outOfScope } from '../sigv4/authorize';
import { Drain } from './drain';

export interface ServerOptions {
  host: string;
  port: number;
  region: string;
  /** Null: development without verification, on loopback only. */
  authorizer: Authorizer | null;
  log: Log;
  admission: Admission;
  handle(request: GatewayRequest): Promise<GatewayAnswer>;
  /** Null when requests should be sent here, else why not. */
  notReady(): string | null;
  /** Null when it can serve what comes, else why not: one that is ending still serves. */
  notServing(): string | null;
}

export interface GatewayServer {
  port: number;
  inFlight(): number;
  /** Serves on for `noticeMs`, then takes no new connection; resolves when the last one has ended. */
  stop(noticeMs: number): Promise<void>;
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

  const onRequest = (message: IncomingMessage, response: ServerResponse): void => {
    drain.begin(message, response);
    if (message.method !== 'POST') {
      plain(message, response, options);
      return;
    }
    inFlight += 1;
    void serve(message, response, options)
      .catch((error) => {
        options.log.error({ error }, 'A request failed inside the gateway');
        send(
          response,
          refusal('InternalServerError', 'The gateway failed; the request may have been carried out.', 500),
          options.admission,
        );
      })
      .finally(() => {
        inFlight -= 1;
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
  const drain = new Drain(server);
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(options.port, options.host, done);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    inFlight: () => inFlight,
    stop: (noticeMs) => drain.stop(noticeMs),
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
  if (why !== null) return [503, `${why}\n`];
  return [200, options.authorizer === null ? 'ready; signatures are NOT verified (development)\n' : 'ready\n'];
}

async function serve(message: IncomingMessage, response: ServerResponse, options: ServerOptions): Promise<void> {
  const { admission } = options;
  const body = await readBody(message, admission);
  if (body === 'gone') return;
  if (body === 'large') {
    response.writeHead(413, { connection: 'close' }).end();
    return;
  }
  if (body === 'no room') {
    // The rest of the body is not read, so nothing further can come on this socket.
    response.shouldKeepAlive = false;
    return send(response, busy(), admission);
  }
  send(response, await answerTo(message, body, options), admission);
}

async function answerTo(message: IncomingMessage, body: Buffer, options: ServerOptions): Promise<GatewayAnswer> {
  const refused = shape(message);
  if (refused !== null) return refused;
  const why = options.notServing();
  if (why !== null) return refusal('ServiceUnavailableException', why, 503);
  const target = message.headers['x-amz-target'] as string;
  const request: GatewayRequest = { operation: target.slice(target.indexOf('.') + 1), target, body };
  let key = null;
  if (options.authorizer !== null) {
    const verdict = options.authorizer.verify({ path: message.url ?? '/', headers: message.headers, body });
    if (!verdict.ok) return verdict.answer;
    request.payloadHash = verdict.payloadHash;
    key = verdict.key;
  }
  const encoding = message.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    const plainBody = decoded(body, encoding);
    if (plainBody === null) return refusal('SerializationException', 'The body cannot be decompressed');
    request.body = plainBody;
    request.payloadHash = undefined;
  }
  const outside = key === null ? null : outOfScope(key, request);
  return outside ?? (await options.handle(request));
}

const busy = () =>
  refusal('ThrottlingException', 'The gateway has no memory left for another body; nothing was done, try again.');

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

/**
 * The whole body; nothing is carried out for a request that was not received whole. Room is taken before its bytes are
 * read, by what the client declares or as they come, and given back when the pipeline, which counts them too, has them.
 */
function readBody(message: IncomingMessage, admission: Admission): Promise<Buffer | 'large' | 'no room' | 'gone'> {
  const declared = Number(message.headers['content-length'] ?? 0);
  if (declared > LIMITS.bodyBytesMax) {
    message.resume();
    return Promise.resolve('large');
  }
  if (!admission.holdBody(declared)) return Promise.resolve('no room');
  let heldBytes = declared;
  return new Promise<Buffer | 'large' | 'no room' | 'gone'>((done) => {
    let first: Buffer | null = null;
    let more: Buffer[] | null = null;
    let bytes = 0;
    message.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > LIMITS.bodyBytesMax) {
        message.pause();
        done('large');
        return;
      }
      if (bytes > heldBytes) {
        if (!admission.holdBody(bytes - heldBytes)) {
          message.pause();
          done('no room');
          return;
        }
        heldBytes = bytes;
      }
      if (first === null) first = chunk;
      else if (more === null) more = [first, chunk];
      else more.push(chunk);
    });
    message.on('end', () => done(more !== null ? Buffer.concat(more, bytes) : (first ?? Buffer.alloc(0))));
    message.on('error', () => done('gone'));
    message.on('close', () => done('gone'));
  }).finally(() => admission.giveBytes(heldBytes));
}

function send(response: ServerResponse, answer: GatewayAnswer, admission: Admission): void {
  if (response.headersSent || response.destroyed) return;
  const { length } = answer.body;
  answer.headers['content-length'] = String(length);
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
  // A client that takes its answer slowly holds our memory meanwhile.
  if (response.writableLength === 0) return;
  admission.holdAnswer(length);
  response.once('close', () => admission.giveBytes(length));
}
