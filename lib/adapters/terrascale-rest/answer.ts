import type { WireOutcome } from '../ports';

/** Answers in the words of DynamoDB's protocol, in which everything above the wire speaks. */
export const answerOf = (body: object): WireOutcome => ({
  kind: 'ok',
  status: 200,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: Buffer.from(JSON.stringify(body)),
});

export function refusalOf(errorType: string, message: string, more: object = {}): WireOutcome {
  const body = Buffer.from(JSON.stringify({ __type: errorType, message, ...more }));
  return { kind: 'refused', status: 400, headers: {}, body, errorType, message, retryAfterMs: null };
}

export const notOffered = (what: string): WireOutcome =>
  refusalOf('UnknownOperationException', `TerraScale's REST API does not offer ${what}.`);

export const invalidRequest = (why: string): WireOutcome => refusalOf('ValidationException', why);

export const unreadable = (why: string): WireOutcome => ({
  ...{ kind: 'unknown', cause: 'undecodable', status: 200, headers: {}, body: null },
  message: why,
});

/** What a refusal of the API is called in DynamoDB's protocol. A 409 or 412 is a condition that did not hold. */
export function translated(outcome: Exclude<WireOutcome, { kind: 'ok' }>): WireOutcome {
  if (outcome.kind !== 'refused' || outcome.status === 429 || outcome.status === 401) return outcome;
  const errorType = NAMES[outcome.status];
  if (errorType === undefined) return outcome;
  return { ...refusalOf(errorType, outcome.message), status: outcome.status, headers: outcome.headers } as WireOutcome;
}

const NAMES: Record<number, string> = {
  400: 'ValidationException',
  403: 'AccessDeniedException',
  404: 'ResourceNotFoundException',
  409: 'ConditionalCheckFailedException',
  412: 'ConditionalCheckFailedException',
  413: 'RequestEntityTooLarge',
  422: 'ValidationException',
};
