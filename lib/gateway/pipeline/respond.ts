/** From what became of a request at a store to what the application is told. */

import { THROTTLE_TYPES } from '@/lib/adapters/dynamodb/call';
import type { WireOutcome } from '@/lib/adapters/ports';
import { type GatewayAnswer, JSON_TYPE, refusal, requestId } from './answer';

/** Headers of a store that an application of DynamoDB knows; hop-by-hop and server headers stay behind. */
const PASSED = ['x-amz-crc32', 'x-amzn-errortype', 'retry-after', 'x-amz-retry-after'];

/** The store's own answer, bytes untouched; errors of another shape are put into DynamoDB's. */
export function answerOf(outcome: WireOutcome): GatewayAnswer {
  if (outcome.kind === 'ok') return passed(outcome.status, outcome.headers, outcome.body);
  if (outcome.kind === 'refused') {
    if (speaksDynamo(outcome.headers)) return passed(outcome.status, outcome.headers, outcome.body);
    return translated(outcome);
  }
  // The store's own 5xx is passed on; a time-out or a lost connection has no words of its own.
  if (outcome.cause === 'server_error' && outcome.body !== null && outcome.status !== null) {
    if (speaksDynamo(outcome.headers)) return passed(outcome.status, outcome.headers, outcome.body);
  }
  return refusal('InternalServerError', 'The request may or may not have been carried out: no clear answer came.', 500);
}

function passed(status: number, from: Record<string, string>, body: Buffer): GatewayAnswer {
  const headers: Record<string, string> = {
    'content-type': from['content-type'] ?? JSON_TYPE,
    'x-amzn-requestid': from['x-amzn-requestid'] ?? requestId(),
  };
  for (const name of PASSED) {
    const value = from[name];
    if (value !== undefined) headers[name] = value;
  }
  return { status, headers, body };
}

const speaksDynamo = (headers: Record<string, string>): boolean =>
  headers['content-type']?.startsWith('application/x-amz-json') ?? false;

/** TerraScale's problem+json as the DynamoDB error that SDKs know: a 429 becomes a throttle that they repeat. */
function translated(outcome: Extract<WireOutcome, { kind: 'refused' }>): GatewayAnswer {
  const isThrottle = outcome.status === 429 || THROTTLE_TYPES.has(outcome.errorType);
  const type = isThrottle ? 'ThrottlingException' : outcome.errorType;
  const answer = refusal(type, outcome.message, outcome.status === 429 ? 400 : outcome.status);
  const retryAfter = outcome.headers['retry-after'];
  if (retryAfter !== undefined) answer.headers['retry-after'] = retryAfter;
  return answer;
}
