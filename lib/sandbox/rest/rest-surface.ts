/**
 * TerraScale's REST API as its openapi file publishes it, over the same store, keys and quota as the DynamoDB-compatible
 * endpoint. Not played: repositories and DDL, which nothing here asks for; they are refused by name.
 */
import type { IncomingMessage } from 'node:http';
import type { Json } from '../dynalite-modules';
import type { Engine } from '../engine';
import { type Answer, throttled } from '../fault-http';
import type { KeyRing } from '../keys';
import type { Quota } from '../quota';
import { bad, Problem, problemAnswer, restAnswer } from './problem';
import { batchGet, getItem, query, scan, transactGet } from './read-items';
import { type RestRoute, routeOf } from './routes';
import { sqlQuery, sqlTables } from './sql';
import type { SqlSwitch } from './sql-switch';
import { batchWrite, deleteItem, putItem, Tokens, transactWrite } from './write-items';

const REQUEST_BYTES_MAX = 4 * 1024 * 1024;
const WRITES: ReadonlySet<string> = new Set(['RestPut', 'RestDelete', 'RestBatchWrite', 'RestTransactWrite']);

export interface RestSide {
  keys: KeyRing;
  quota: Quota;
  /** Writes go to it. */
  engine: Engine;
  /** Reads go to it: the same, or a region that lags behind. */
  readEngine(): Engine;
  sql: SqlSwitch;
  /** Told of what was written: `{pk, sk?}` each. */
  written(databaseId: string, items: readonly unknown[]): Promise<void>;
}

export class RestSurface {
  readonly #tokens = new Tokens();
  constructor(private readonly side: RestSide) {}

  /** Answers what is asked without a key; null: go on to `route`. */
  open(method: string, url: string): Answer | null {
    if (method !== 'GET' || !/^\/health(\/ready|\/live)?$/.test(url)) return null;
    // `ok` and `side` are the sandbox's own: whoever started it waits for them.
    return restAnswer(200, { status: 'Healthy', ok: true, side: 'target' });
  }

  route(method: string, url: string): RestRoute | null {
    return routeOf(method, url);
  }

  async answer(request: IncomingMessage, route: RestRoute | null, text: string): Promise<Answer> {
    try {
      if (!route) throw new Problem(404, 'There is no such path, or the sandbox does not play it');
      this.#authorise(request, route);
      if (Buffer.byteLength(text) > REQUEST_BYTES_MAX) throw new Problem(413, 'The request is larger than 4 MB');
      const verdict = this.side.quota.take();
      if (!verdict.ok) return throttled(verdict.retryAfterS, verdict);
      const answer = await this.#run(route, inputOf(route, text));
      return { ...answer, headers: { ...answer.headers, 'x-ratelimit-remaining': String(verdict.remaining) } };
    } catch (error) {
      if (error instanceof Problem) return problemAnswer(error);
      return problemAnswer({ status: 500, detail: 'The request could not be served' });
    }
  }

  #authorise({ headers }: IncomingMessage, { operation, databaseId }: RestRoute): void {
    const token = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1];
    const key = token === undefined ? null : this.side.keys.find(token);
    if (!key) throw new Problem(401, 'The API key is not valid');
    const isWrite = WRITES.has(operation);
    const mayWrite = key.permissions.includes('write') && !key.readOnlyTables?.includes(databaseId);
    if (isWrite ? !mayWrite : !key.permissions.includes('read'))
      throw new Problem(403, `The key lacks the scope database:${isWrite ? 'write' : 'read'}`);
  }

  async #run(route: RestRoute, input: Json): Promise<Answer> {
    const { engine } = this.side;
    const reads = this.side.readEngine();
    switch (route.operation) {
      case 'RestGet':
        return await getItem(reads, route);
      case 'RestQuery':
        return await query(reads, route, input);
      case 'RestScan':
        return await scan(reads, route, input);
      case 'RestBatchGet':
        return await batchGet(reads, route, input);
      case 'RestTransactGet':
        return await transactGet(reads, route, input);
      case 'RestSqlQuery':
        return await sqlQuery(this.side.sql, route, { input, reads });
      case 'RestSqlTables':
        return await sqlTables(this.side.sql, route, reads);
      case 'RestSqlExecute':
        throw new Problem(501, 'The sandbox runs no DDL');
      default:
        return await this.#write(engine, route, input);
    }
  }

  async #write(engine: Engine, route: RestRoute, input: Json): Promise<Answer> {
    const answer = await this.#writeNow(engine, route, input);
    const asked = Array.isArray(input.items) ? input.items : [route.pk === null ? input : route];
    await this.side.written(route.databaseId, asked);
    return answer;
  }

  #writeNow(engine: Engine, route: RestRoute, input: Json): Promise<Answer> {
    if (route.operation === 'RestPut') return putItem(engine, route, input);
    if (route.operation === 'RestDelete') return deleteItem(engine, route);
    if (route.operation === 'RestBatchWrite') return batchWrite(engine, route, input);
    return transactWrite(engine, route, { input, tokens: this.#tokens });
  }
}

function inputOf({ operation }: RestRoute, text: string): Json {
  if (operation === 'RestGet' || operation === 'RestDelete' || operation === 'RestSqlTables') return {};
  if (text === '' && operation === 'RestScan') return {};
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch {
    throw bad('The body is not JSON');
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw bad('The body must be an object');
  return input as Json;
}
