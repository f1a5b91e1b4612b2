/**
 * A store's wire with its breaker in front. What an open breaker means for an authority: applications' requests still go
 * to it, because a breaker is a guess and only the store's answer is the truth, but few at a time; one more is answered
 * at once with the store's own words for it (503 ServiceUnavailable, which SDKs repeat) and was not sent, so it is a
 * known failure. Letting all of them wait for a dead store would fill the gateway with requests that time out, and the
 * tables of other stores would pay. What spares a follower is asked before anything is sent (`Store.admits`).
 *
 * A read whose connection was lost is sent once more: stores close idle connections, and a read may be repeated. A write
 * never is (PROTOCOL W1): what became of it is unknown.
 */
import { rubbishIn } from '@/lib/adapters/dynamodb/answer-shape';
import type { StoreWire, WireOutcome, WireRequest } from '@/lib/adapters/ports';
import { LIMITS } from '../limits';
import type { Counters } from '../metrics/counters';
import { JSON_TYPE, requestId } from '../pipeline/answer';
import type { Breaker } from './breaker';
import { Concurrency } from './concurrency';

const REPEATABLE = new Set([
  ...['GetItem', 'Query', 'Scan', 'BatchGetItem', 'TransactGetItems'],
  ...['DescribeTable', 'ListTables', 'DescribeTimeToLive', 'ListTagsOfResource'],
]);

export interface GuardParts {
  breaker: Breaker;
  counters: Counters;
  /** Label of the store in counters. */
  store: string;
  /** A source's 200 is what an application would see without us, whatever it is; a target's must be an answer. */
  isHeldToShape: boolean;
}

export function guarded(wire: StoreWire, { breaker, counters, store, isHeldToShape }: GuardParts): StoreWire {
  const concurrency = new Concurrency();
  function judged({ operation }: WireRequest, said: WireOutcome, startedAt: number): WireOutcome {
    const outcome = isHeldToShape ? answerOrRubbish(operation, said) : said;
    const now = performance.now();
    breaker.record(outcome);
    if (outcome.kind === 'unknown' && outcome.cause === 'timeout') concurrency.timedOut(now);
    else concurrency.answered();
    counters.attempted(store, operation, { outcome, ms: now - startedAt });
    return outcome;
  }
  async function again(request: WireRequest, timeoutMs: number): Promise<WireOutcome> {
    counters.repeatedReads += 1;
    const startedAt = performance.now();
    return judged(request, await wire.send({ ...request, timeoutMs: Math.ceil(timeoutMs) }), startedAt);
  }
  // No async function: every request of an application passes here, and one costs it two promises and two turns more.
  function send(request: WireRequest): Promise<WireOutcome> {
    const inFlight = wire.inFlight();
    if (inFlight >= LIMITS.openAuthorityInFlightMax && breaker.state() !== 'closed') {
      return Promise.resolve(unavailable());
    }
    if (inFlight >= concurrency.limit) return Promise.resolve(tooMany());
    const startedAt = performance.now();
    return wire.send(request).then((said) => {
      const outcome = judged(request, said, startedAt);
      if (outcome.kind !== 'unknown' || outcome.cause !== 'connection') return outcome;
      if (!REPEATABLE.has(request.operation) || breaker.state() !== 'closed') return outcome;
      const leftMs = (request.timeoutMs ?? wire.target.timeoutMs) - (performance.now() - startedAt);
      return leftMs <= 0 ? outcome : again(request, leftMs);
    });
  }
  return { target: wire.target, send, know: wire.know, inFlight: () => wire.inFlight(), close: () => wire.close() };
}

/** A success that is no answer is as unknown as a lost one: the write may have happened, the read was not answered. */
function answerOrRubbish(operation: string, outcome: WireOutcome): WireOutcome {
  if (outcome.kind !== 'ok') return outcome;
  const message = rubbishIn(operation, outcome);
  return message === null ? outcome : { ...outcome, kind: 'unknown', cause: 'undecodable', message };
}

/** Nothing was sent: a known failure that SDKs repeat more slowly. */
function tooMany(): WireOutcome {
  const errorType = 'ThrottlingException';
  const message = 'The store answers too slowly for more requests at once; nothing was done, try again.';
  const __type = `com.amazon.coral.availability#${errorType}`;
  return {
    ...{ kind: 'refused', status: 400, errorType, message, retryAfterMs: null },
    headers: { 'content-type': JSON_TYPE, 'x-amzn-requestid': requestId() },
    body: Buffer.from(JSON.stringify({ __type, message })),
  } as WireOutcome;
}

/** Nothing was sent: a known failure in the words in which DynamoDB says that it cannot serve just now. */
function unavailable(): WireOutcome {
  const errorType = 'ServiceUnavailable';
  const message = 'The store has not answered for a while; the request was not sent to it. Try again.';
  const __type = `com.amazon.coral.availability#${errorType}`;
  return {
    ...{ kind: 'refused', status: 503, errorType, message, retryAfterMs: null },
    headers: { 'content-type': JSON_TYPE, 'x-amzn-requestid': requestId() },
    body: Buffer.from(JSON.stringify({ __type, message })),
  } as WireOutcome;
}

/** Instead of an answer of a store that is spared: nothing was sent. */
export const spared = (): WireOutcome => ({
  kind: 'unknown',
  cause: 'aborted',
  status: null,
  headers: {},
  body: null,
  message: 'the store is left alone for a while',
});
