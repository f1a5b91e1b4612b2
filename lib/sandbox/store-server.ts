/**
 * The HTTP shim in front of an engine, common to both sides. A side is a policy: what it does with a request that it
 * has read whole, and which admin routes it adds. Data on `/`, health on `/health`, the admin API on `/_admin/…`
 * behind a bearer token: it stands for the provider's console (keys, tables, quotas) and plays faults.
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Answer, jsonAnswer, serveWithFault, writeAnswer } from './fault-http';
import { FaultBook, type FaultRule } from './faults';
import { isAllowed, type KeyRing, PERMISSIONS, type Permission } from './keys';
import type { RestSurface } from './rest/rest-surface';
import { isRestPath } from './rest/routes';

const BODY_BYTES_MAX = 17 * 1024 * 1024;
/** Above the four seconds of idle time after which our clients close, below what a proxy would. */
const KEEP_ALIVE_MS = 65_000;

export interface DataRequest {
  operation: string;
  request: IncomingMessage;
  body: Buffer;
}
export interface Authorised {
  accessKeyId: string;
}

/** What differs between the two sides. */
export interface StoreSide {
  name: 'source' | 'target';
  keys: KeyRing;
  /** Who sends it, or the answer that refuses it. */
  authenticate(data: DataRequest): Authorised | Answer;
  /** Limits of the side (operations, sizes, quota); null lets the request in. */
  refuse(data: DataRequest, text: string): Answer | null;
  execute(operation: string, text: string): Promise<Answer>;
  /** Admin routes of its own; null: no such route. */
  admin(method: string, path: string, input: unknown): Promise<Answer | null> | Answer | null;
  /** The REST API beside the protocol of DynamoDB, where the side has one. */
  rest?: RestSurface;
}

export interface StoreStats {
  requests: number;
  refused: number;
  byOperation: Record<string, number>;
  byKey: Record<string, number>;
  /** Last time each operation was asked for, epoch ms. */
  lastAtMs: Record<string, number>;
}

export interface RunningStore {
  endpoint: string;
  port: number;
  faults: FaultBook;
  stats: StoreStats;
  /** Ends connections at once; resolves when the port is free. */
  close(): Promise<void>;
}

const isAnswer = (value: Authorised | Answer): value is Answer => 'status' in value;

async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > BODY_BYTES_MAX) return null;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

const isSame = (a: string, b: string) =>
  Buffer.byteLength(a) === Buffer.byteLength(b) && timingSafeEqual(Buffer.from(a), Buffer.from(b));

/** `{"tables": […]}` of a request to make a key read-only; undefined: every table. */
const tablesOf = (input: unknown): string[] | undefined => {
  const { tables } = input as { tables?: unknown };
  return Array.isArray(tables) ? tables.filter((table) => typeof table === 'string') : undefined;
};

const denied = (operation: string) =>
  jsonAnswer(400, {
    __type: 'com.amazon.coral.service#AccessDeniedException',
    message: `The key is not authorized to perform: dynamodb:${operation}`,
  });

export class StoreServer {
  readonly faults = new FaultBook();
  readonly stats: StoreStats = { requests: 0, refused: 0, byOperation: {}, byKey: {}, lastAtMs: {} };
  readonly #server: Server;

  constructor(
    private readonly side: StoreSide,
    private readonly adminToken: string,
  ) {
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
    this.#server.keepAliveTimeout = KEEP_ALIVE_MS;
    this.#server.on('clientError', (_, socket) => socket.destroy());
  }

  async listen(port: number): Promise<RunningStore> {
    await new Promise<void>((done, fail) => {
      this.#server.once('error', fail);
      this.#server.listen(port, '127.0.0.1', () => done());
    });
    const address = this.#server.address() as { port: number };
    const close = () =>
      new Promise<void>((done) => {
        this.#server.close(() => done());
        this.#server.closeAllConnections();
      });
    const endpoint = `http://127.0.0.1:${address.port}`;
    return { endpoint, port: address.port, faults: this.faults, stats: this.stats, close };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    const open = this.side.rest?.open(request.method ?? 'GET', path);
    if (open) return writeAnswer(response, open);
    if (request.method === 'GET' && path === '/health') {
      return writeAnswer(response, jsonAnswer(200, { ok: true, side: this.side.name }));
    }
    const body = await readBody(request);
    if (body === null) return writeAnswer(response, jsonAnswer(413, { message: 'The request is too large' }));
    if (path.startsWith('/_admin/')) {
      return writeAnswer(response, await this.#admin(request, path.slice('/_admin'.length), body));
    }
    if (this.side.rest && isRestPath(path)) return await this.#rest(this.side.rest, { request, response, body });
    await this.#data({ request, body, operation: this.#operationOf(request) }, response);
  }

  async #rest(
    rest: RestSurface,
    { request, response, body }: { request: IncomingMessage; response: ServerResponse; body: Buffer },
  ): Promise<void> {
    const route = rest.route(request.method ?? 'GET', request.url ?? '/');
    const operation = route?.operation ?? 'RestUnknown';
    const text = body.toString('utf8');
    this.#count(operation);
    const fault = this.faults.take(operation, text);
    const apply = async (applied: string): Promise<Answer> => {
      const answer = await rest.answer(request, route, applied);
      if (answer.status >= 400) this.stats.refused += 1;
      return answer;
    };
    await serveWithFault(fault, { request, response, operation, body: text, apply });
  }

  #count(operation: string): void {
    this.stats.requests += 1;
    this.stats.byOperation[operation] = (this.stats.byOperation[operation] ?? 0) + 1;
    this.stats.lastAtMs[operation] = Date.now();
  }

  #operationOf(request: IncomingMessage): string {
    const target = String(request.headers['x-amz-target'] ?? '');
    return target.startsWith('DynamoDB_20120810.') ? target.slice('DynamoDB_20120810.'.length) : target;
  }

  async #data(data: DataRequest, response: ServerResponse): Promise<void> {
    const { operation, request, body } = data;
    const text = body.toString('utf8');
    this.#count(operation);
    const fault = this.faults.take(operation, text);
    const apply = async (applied: string): Promise<Answer> => {
      const who = this.side.authenticate(data);
      const refusal = isAnswer(who)
        ? who
        : (this.#deniedTo(who, operation, applied) ?? this.side.refuse(data, applied));
      if (refusal) {
        this.stats.refused += 1;
        return refusal;
      }
      return await this.side.execute(operation, applied);
    };
    await serveWithFault(fault, { request, response, operation, body: text, apply });
  }

  #deniedTo(who: Authorised, operation: string, text: string): Answer | null {
    this.stats.byKey[who.accessKeyId] = (this.stats.byKey[who.accessKeyId] ?? 0) + 1;
    const key = this.side.keys.find(who.accessKeyId);
    return key && isAllowed(key, operation, text) ? null : denied(operation);
  }

  async #admin(request: IncomingMessage, path: string, body: Buffer): Promise<Answer> {
    if (!isSame(request.headers.authorization ?? '', `Bearer ${this.adminToken}`)) {
      return jsonAnswer(401, { message: 'The admin token is missing or wrong' });
    }
    let input: unknown = {};
    try {
      if (body.length > 0) input = JSON.parse(body.toString('utf8'));
    } catch {
      return jsonAnswer(400, { message: 'The body is not JSON' });
    }
    const method = request.method ?? 'GET';
    const answer =
      this.#adminKeys(method, path, input) ??
      this.#adminFaults(method, path, input) ??
      (await this.side.admin(method, path, input));
    return answer ?? jsonAnswer(404, { message: `No admin route ${method} ${path}` });
  }

  #adminKeys(method: string, path: string, input: unknown): Answer | null {
    const { keys } = this.side;
    const [, first, accessKeyId, verb] = path.split('/');
    if (first !== 'keys') return null;
    if (method === 'GET' && !accessKeyId) return jsonAnswer(200, { keys: keys.list() });
    if (method === 'POST' && !accessKeyId) {
      const { label = 'unnamed', permissions = ['read', 'write', 'describe'] } = input as {
        label?: string;
        permissions?: Permission[];
      };
      if (!Array.isArray(permissions) || !permissions.every((each) => PERMISSIONS.includes(each))) {
        return jsonAnswer(400, { message: `permissions may be ${PERMISSIONS.join(', ')}` });
      }
      return jsonAnswer(201, keys.issue(String(label), permissions));
    }
    if (!accessKeyId) return null;
    const isDone =
      method === 'POST' && verb === 'read-only'
        ? keys.makeReadOnly(accessKeyId, tablesOf(input))
        : method === 'DELETE' && !verb
          ? keys.revoke(accessKeyId)
          : null;
    if (isDone === null) return null;
    return isDone ? jsonAnswer(200, { ok: true }) : jsonAnswer(404, { message: 'There is no such key' });
  }

  #adminFaults(method: string, path: string, input: unknown): Answer | null {
    if (path === '/stats' && method === 'GET') return jsonAnswer(200, this.stats);
    const [, first, id] = path.split('/');
    if (first !== 'faults') return null;
    if (method === 'GET') return jsonAnswer(200, { faults: this.faults.list() });
    if (method === 'POST') {
      try {
        return jsonAnswer(201, this.faults.add(input as FaultRule));
      } catch (error) {
        return jsonAnswer(400, { message: (error as Error).message });
      }
    }
    if (method !== 'DELETE') return null;
    if (id) this.faults.remove(Number(id));
    else this.faults.clear();
    return jsonAnswer(200, { ok: true });
  }
}
