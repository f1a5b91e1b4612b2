/** HTTP in front of the pipeline: one POST, one answer, every size and every wait bounded. */
import { type AddressInfo, createServer, type Server } from 'node:net';
import { gunzipSync, inflateSync } from 'node:zlib';
import type { Log } from '@/lib/adapters/ports';
import type { Admission } from '../admission/admission';
import { LIMITS } from '../limits';
import { type GatewayAnswer, type GatewayRequest, refusal } from '../pipeline/answer';
import { type Authorizer, outOfScope } from '../sigv4/authorize';
import { Connection, type ConnectionOwner, type HttpAnswer, type HttpRequest } from './connection';
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
  const connections = new Set<Connection>();
  // A client may send its last request and end its side at once; it still gets its answer.
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
    connections.add(new Connection(socket, owner));
    drain.connected();
  });
  const drain = new Drain(server, connections);
  const owner: ConnectionOwner = {
    admission: options.admission,
    noRoom: busy,
    get isStopping() {
      return drain.isStopping;
    },
    onGone: (connection) => connections.delete(connection),
    serve: (request, answered) => {
      if (request.method !== 'POST') return answered(page(request, options));
      inFlight += 1;
      answerTo(request, options).then(
        (answer) => {
          inFlight -= 1;
          answered(answer);
        },
        (error: unknown) => {
          inFlight -= 1;
          answered(failed(error, options.log));
        },
      );
    },
  };
  server.maxConnections = LIMITS.connectionsMax;
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(options.port, options.host, done);
  });
  const sweep = setInterval(() => {
    const now = performance.now();
    for (const connection of connections) connection.sweep(now);
  }, LIMITS.sweepEveryMs).unref();
  const { port } = server.address() as AddressInfo;
  return {
    port,
    inFlight: () => inFlight,
    stop: (noticeMs) => drain.stop(noticeMs),
    destroy: () => {
      clearInterval(sweep);
      server.close();
      for (const connection of connections) connection.destroy();
    },
  };
}

const TEXT = { 'content-type': 'text/plain; charset=utf-8' };

function page(request: HttpRequest, options: ServerOptions): HttpAnswer {
  const [status, words] = wordsOf(request, options);
  return { status, headers: TEXT, body: Buffer.from(words) };
}

function wordsOf({ method, path: asked }: HttpRequest, options: ServerOptions): [number, string] {
  const path = method === 'GET' || method === 'HEAD' ? asked.split('?')[0] : undefined;
  if (path === '/live') return [200, 'live\n'];
  if (path === '/') return [200, `healthy: dynamodb.${options.region}.amazonaws.com `];
  if (path !== '/ready') return [404, '<UnknownOperationException/>\n'];
  const why = options.notReady();
  if (why !== null) return [503, `${why}\n`];
  return [200, options.authorizer === null ? 'ready; signatures are NOT verified (development)\n' : 'ready\n'];
}

function failed(error: unknown, log: Log): GatewayAnswer {
  log.error({ error }, 'A request failed inside the gateway');
  return refusal('InternalServerError', 'The gateway failed; the request may have been carried out.', 500);
}

function answerTo(message: HttpRequest, options: ServerOptions): Promise<GatewayAnswer> {
  try {
    const said = admitted(message, options);
    return said instanceof Promise ? said : Promise.resolve(said);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** A refusal at the door, or what the pipeline comes to. */
function admitted(message: HttpRequest, options: ServerOptions): GatewayAnswer | Promise<GatewayAnswer> {
  const { body } = message;
  const refused = shape(message);
  if (refused !== null) return refused;
  const why = options.notServing();
  if (why !== null) return refusal('ServiceUnavailableException', why, 503);
  const { target, operation } = namedBy(message.headers['x-amz-target'] as string);
  const request: GatewayRequest = { operation, target, body, payloadHash: undefined, soleTable: undefined };
  let key = null;
  if (options.authorizer !== null) {
    const verdict = options.authorizer.verify(message);
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
  return outside ?? options.handle(request);
}

const busy = () =>
  refusal('ThrottlingException', 'The gateway has no memory left for another body; nothing was done, try again.');

const TARGET = /^DynamoDB(Streams)?_\d{8}\.\w+$/;

interface Named {
  target: string;
  operation: string;
}

/** Targets that were asked for: everything behind the door looks operations up, and the same text is found soonest. */
const named = new Map<string, Named>();
const NAMED_MAX = 128;

/** A target of TARGET's form, and its operation. */
function namedBy(target: string): Named {
  const known = named.get(target);
  if (known !== undefined) return known;
  const made = { target, operation: target.slice(target.indexOf('.') + 1) };
  if (named.size < NAMED_MAX) named.set(target, made);
  return made;
}

/** What DynamoDB's front door refuses before it looks at the body. */
function shape(message: HttpRequest): GatewayAnswer | null {
  const target = message.headers['x-amz-target'];
  const type = message.headers['content-type'];
  const isJsonType = type?.startsWith('application/x-amz-json-1.0') || type?.startsWith('application/json');
  if (!isJsonType || target === undefined || !(named.has(target) || TARGET.test(target))) {
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
