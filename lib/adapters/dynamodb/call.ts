import type { StoreWire, WireOutcome } from '../ports';
import { failureInside } from './answer-shape';
import { parseObject } from './parse-body';

/** A request that was not answered with what was asked for: a named refusal, or an outcome nobody knows. */
export type Trouble =
  | {
      kind: 'refused';
      status: number;
      errorType: string;
      message: string;
      retryAfterMs: number | null;
      /** Slow down and repeat: the store refused for its load, not for the request. */
      isThrottle: boolean;
      /** The decoded error, e.g. `Item` of a failed condition or `CancellationReasons`. */
      body: Json;
    }
  | { kind: 'unknown'; cause: UnknownCause; status: number | null; message: string };

export type UnknownCause = Extract<WireOutcome, { kind: 'unknown' }>['cause'];
export type Answer<T> = { kind: 'ok'; value: T } | Trouble;

/** Decoded JSON object as the store sent it. Own properties only: `__proto__` may be one. */
export type Json = { [name: string]: unknown };

/** Error types that ask for a slower pace; everything else refuses the request itself. */
export const THROTTLE_TYPES: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'LimitExceededException',
  'TooManyRequests',
  'TooManyRequestsException',
]);

export interface CallOptions {
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** Sends one operation and decodes its answer. Never throws for what a store says, never repeats. */
export async function call(
  wire: StoreWire,
  request: { operation: string; input: Json; target?: string },
  options: CallOptions = {},
): Promise<Answer<Json>> {
  const body = Buffer.from(JSON.stringify(request.input));
  const outcome = await wire.send({ operation: request.operation, target: request.target, body, ...options });
  if (outcome.kind !== 'ok') return troubleOf(outcome);
  const value = decode(outcome.body);
  const why = value === null ? 'answer is no JSON object' : failureInside(value);
  if (value !== null && why === null) return { kind: 'ok', value };
  return { kind: 'unknown', cause: 'undecodable', status: outcome.status, message: why ?? '' };
}

/** What an outcome that is no answer comes to. */
export function troubleOf(outcome: Exclude<WireOutcome, { kind: 'ok' }>): Trouble {
  if (outcome.kind === 'unknown') {
    return { kind: 'unknown', cause: outcome.cause, status: outcome.status, message: outcome.message };
  }
  const { status, errorType, message, retryAfterMs } = outcome;
  const isThrottle = status === 429 || THROTTLE_TYPES.has(errorType);
  return { kind: 'refused', status, errorType, message, retryAfterMs, isThrottle, body: decode(outcome.body) ?? {} };
}

const decode = (body: Buffer): Json | null => (body.length === 0 ? {} : parseObject(body));

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a 200 lacks the members that its operation promises counts as: an answer nobody can read. */
export const undecodable = (operation: string): Trouble => ({
  kind: 'unknown',
  cause: 'undecodable',
  status: 200,
  message: `answer of ${operation} lacks its members`,
});

/** Maps the value of an answer; null from the mapping means that the answer could not be read. */
export function mapAnswer<A, B>(answer: Answer<A>, operation: string, map: (value: A) => B | null): Answer<B> {
  if (answer.kind !== 'ok') return answer;
  const value = map(answer.value);
  return value === null ? undecodable(operation) : { kind: 'ok', value };
}
