/**
 * OFREP 0.3 without HTTP: a request in, status, headers and body out. Stock providers differ in what they survive, so
 * every success carries all five fields with an explicit value, and every error all four, whatever its status; `401`
 * and `403` end a web provider for good, so overload and a Postgres that is away are `429` and `503`.
 */
import { createHash } from 'node:crypto';
import type { FlagKeyRow, FlagTable } from '@/lib/contracts/flags';
import {
  FLAG_KINDS,
  type FlagAnswer,
  type FlagFault,
  flagUnit,
  parseFlagKey,
  readFlag,
  routingFlag,
  stageFlag,
} from '@/lib/domain/routing/flag';
import type { ServiceContext } from '../context';
import { type Board, configIdOf, FlagBoard, isInScope } from './board';
import { flagKeyHash } from './flag-keys';
import { FLAG_LIMITS } from './limits';
import { StreamTokens } from './stream-tokens';

export interface OfrepRequest {
  /** The flag, or null for all of them. */
  flag: string | null;
  authorization: string | null;
  apiKey: string | null;
  ifNoneMatch: string | null;
  /** From an event of the stream: what the provider was told to fetch. */
  configEtag: string | null;
  /** Null: larger than the cap. */
  body: string | null;
}
export interface OfrepAnswer {
  status: number;
  headers: Record<string, string>;
  /** Null: no body, which only a 304 has. */
  body: object | null;
}

type Fault = { status: number; errorCode: string; errorDetails: string; retryAfterS?: number };
type Asker = { board: Board; isStale: boolean; key: FlagKeyRow };

const fault = (status: number, errorCode: string, errorDetails: string, retryAfterS?: number): Fault => ({
  ...{ status, errorCode, errorDetails, retryAfterS },
});
const UNKNOWN_KEY = () =>
  fault(401, 'GENERAL', 'The API key is missing, unknown or revoked: send it as Authorization: Bearer or X-API-Key.');
const AWAY = () =>
  fault(503, 'GENERAL', 'Landfall cannot reach its database and has read nothing yet.', FLAG_LIMITS.retryAfterS);

export class Ofrep {
  readonly board: FlagBoard;
  readonly tokens: StreamTokens;
  #inFlight = 0;
  #window = { second: 0, counts: new Map<string, number>() };

  constructor(private readonly ctx: ServiceContext) {
    this.board = new FlagBoard(ctx);
    this.tokens = new StreamTokens(ctx.sealingKey);
  }

  async evaluate(request: OfrepRequest): Promise<OfrepAnswer> {
    if (this.#inFlight >= FLAG_LIMITS.inFlightMax)
      return failed(request, fault(503, 'GENERAL', 'Too many evaluations at once.', FLAG_LIMITS.retryAfterS));
    this.#inFlight += 1;
    try {
      const asker = await this.#admit(request);
      if ('status' in asker) return failed(request, asker);
      const context = contextOf(request);
      if ('status' in context) return failed(request, context);
      return request.flag === null ? this.#all(request, asker, context) : one(request, asker, context);
    } finally {
      this.#inFlight -= 1;
    }
  }

  /** Who opens the stream of an address; null where the address has expired or its key was revoked. */
  async streamKey(token: string): Promise<FlagKeyRow | null> {
    const looked = await this.board.look();
    return looked && this.tokens.keyOf(token, [...looked.board.keys.values()], this.ctx.clock.nowMs());
  }

  async #admit(request: OfrepRequest): Promise<Asker | Fault> {
    let looked = await this.board.look();
    if (looked === null) return AWAY();
    const given = request.apiKey ?? /^Bearer +(\S+)$/i.exec(request.authorization ?? '')?.[1] ?? null;
    if (given === null) return UNKNOWN_KEY();
    // A key may be younger than the reading, and a 401 makes providers give up for good.
    if (!looked.board.keys.has(flagKeyHash(given))) looked = (await this.board.doubted()) ?? looked;
    const key = looked.board.keys.get(flagKeyHash(given));
    if (key === undefined) return UNKNOWN_KEY();
    if (this.#isOverRate(key.id))
      return fault(429, 'GENERAL', 'This key asks too often: decide once a request.', FLAG_LIMITS.retryAfterS);
    // Another web process has published what this one has not read yet.
    if (request.configEtag !== null && request.configEtag !== quoted(configIdOf(looked.board, key))) {
      looked = (await this.board.doubted()) ?? looked;
    }
    return { ...looked, key };
  }

  #isOverRate(keyId: string): boolean {
    const second = Math.floor(this.ctx.clock.monotonicMs() / 1_000);
    if (this.#window.second !== second) this.#window = { second, counts: new Map() };
    const count = (this.#window.counts.get(keyId) ?? 0) + 1;
    this.#window.counts.set(keyId, count);
    return count > FLAG_LIMITS.requestsPerSecondMax;
  }

  #all(request: OfrepRequest, { board, isStale, key }: Asker, context: Context): OfrepAnswer {
    const flags: object[] = [];
    for (const [name, table] of board.tables) {
      if (!isInScope(key, table)) continue;
      for (const kind of FLAG_KINDS) {
        const flag = `${name}.${kind}`;
        const answer = answerOf({ board, table, kind, context });
        flags.push('errorCode' in answer ? failure(flag, answer) : success(flag, answer, isStale));
      }
    }
    const metadata = isStale ? { stale: true } : {};
    const token = this.tokens.current(key, this.ctx.clock.nowMs());
    // With the token, because a 304 brings no new address, and the old one expires.
    const etag = quoted(
      createHash('sha256')
        .update(JSON.stringify([flags, metadata, token]))
        .digest('base64url'),
    );
    const headers = { etag, 'cache-control': 'no-cache' };
    if (request.ifNoneMatch === etag) return { status: 304, headers, body: null };
    const requestUri = `/ofrep/v1/events?token=${token}&since=${configIdOf(board, key)}`;
    return {
      status: 200,
      headers,
      body: { flags, metadata, eventStreams: [{ type: 'sse', endpoint: { requestUri } }] },
    };
  }
}

export const quoted = (text: string): string => `"${text}"`;

interface Context {
  targetingKey?: string;
}

/** An empty body asks without a context: flags that need none answer. */
function contextOf(request: OfrepRequest): Context | Fault {
  if (request.body === null) return fault(413, 'GENERAL', `The body is larger than ${FLAG_LIMITS.bodyBytesMax} bytes.`);
  if (request.body.trim() === '') return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(request.body);
  } catch {
    return fault(400, 'PARSE_ERROR', 'The body is no JSON.');
  }
  const context = isObject(parsed) && Object.hasOwn(parsed, 'context') ? parsed.context : undefined;
  if (!isObject(context)) return fault(400, 'INVALID_CONTEXT', 'The body must be an object with an object "context".');
  const targetingKey = Object.hasOwn(context, 'targetingKey') ? context.targetingKey : undefined;
  if (targetingKey === undefined || typeof targetingKey === 'string') return { targetingKey };
  return fault(400, 'INVALID_CONTEXT', 'context.targetingKey must be text.');
}

const isObject = (value: unknown): value is { [name: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function one(request: OfrepRequest, { board, isStale, key }: Asker, context: Context): OfrepAnswer {
  const flag = request.flag as string;
  const parsed = parseFlagKey(flag);
  const table = parsed === null ? undefined : board.tables.get(`${parsed.plan}.${parsed.table}`);
  if (parsed === null || table === undefined || !isInScope(key, table))
    return failed(request, fault(404, 'FLAG_NOT_FOUND', 'Flags are PLAN.TABLE.read, .routing and .stage, by alias.'));
  const answer = answerOf({ board, table, kind: parsed.kind, context });
  if ('errorCode' in answer) return failed(request, { status: 400, ...answer });
  return { status: 200, headers: { 'cache-control': 'no-store' }, body: success(flag, answer, isStale) };
}

function answerOf(of: {
  board: Board;
  table: FlagTable;
  kind: (typeof FLAG_KINDS)[number];
  context: Context;
}): FlagAnswer | FlagFault {
  const { board, table, kind, context } = of;
  if (kind === 'routing') return routingFlag(table);
  if (kind === 'stage') return stageFlag(table);
  const unit = flagUnit(context.targetingKey, table.keyType);
  if (typeof unit !== 'string') return unit;
  const dirty = board.dirty.get(table.planTableId);
  return readFlag(table, unit, () => dirty === 'all' || (dirty?.has(unit) ?? false));
}

const success = (key: string, answer: FlagAnswer, isStale: boolean): object => ({
  ...{ key, value: answer.value, reason: answer.reason, variant: answer.variant },
  metadata: isStale ? { ...answer.metadata, stale: true } : answer.metadata,
});

const failure = (key: string, { errorCode, errorDetails }: { errorCode: string; errorDetails: string }): object => ({
  ...{ key, errorCode, errorDetails, metadata: {} },
});

function failed(request: OfrepRequest, of: Fault): OfrepAnswer {
  const headers: Record<string, string> = { 'cache-control': 'no-store' };
  if (of.retryAfterS !== undefined) headers['retry-after'] = String(of.retryAfterS);
  if (of.status === 401) headers['www-authenticate'] = 'Bearer';
  return { status: of.status, headers, body: failure(request.flag ?? '*', of) };
}
