import type { Answer, Trouble } from '@/lib/adapters/dynamodb/call';

/** Error types that say who asks is not known, as opposed to known and not allowed. */
const KEY_REFUSED: ReadonlySet<string> = new Set([
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'IncompleteSignatureException',
  'MissingAuthenticationTokenException',
  'MissingAuthenticationToken',
  'InvalidClientTokenId',
  'ExpiredTokenException',
  'SignatureDoesNotMatch',
  'AuthFailure',
]);
const NOT_ALLOWED: ReadonlySet<string> = new Set(['AccessDeniedException', 'AccessDenied', 'NotAuthorizedException']);
const NOT_OFFERED: ReadonlySet<string> = new Set(['UnknownOperationException', 'UnknownOperation']);

/** What an answer says of the endpoint and the key, whatever was asked. */
export type Verdict =
  | 'ok'
  | 'unreachable'
  | 'not_a_store'
  | 'key_refused'
  | 'not_allowed'
  | 'not_offered'
  | 'throttled'
  | 'no_table'
  | 'refused';

export function verdictOf(answer: Answer<unknown>): Verdict {
  if (answer.kind === 'ok') return 'ok';
  if (answer.kind === 'unknown')
    return answer.cause === 'undecodable' || answer.cause === 'server_error' ? 'not_a_store' : 'unreachable';
  if (answer.status === 401 || KEY_REFUSED.has(answer.errorType)) return 'key_refused';
  if (NOT_OFFERED.has(answer.errorType)) return 'not_offered';
  if (answer.isThrottle) return 'throttled';
  if (answer.status === 403 || NOT_ALLOWED.has(answer.errorType)) return 'not_allowed';
  return answer.errorType === 'ResourceNotFoundException' ? 'no_table' : 'refused';
}

/** What came back, in words; of a store's message only its beginning, and never of an unreadable body. */
export function sayTrouble(trouble: Trouble): string {
  if (trouble.kind === 'refused') {
    const message = trouble.message.slice(0, 200);
    return message === '' ? trouble.errorType : `${trouble.errorType}: ${message}`;
  }
  const status = trouble.status === null ? '' : `, HTTP ${trouble.status}`;
  switch (trouble.cause) {
    case 'timeout':
      return 'no answer in time';
    case 'connection':
      return trouble.message;
    case 'aborted':
      return 'given up';
    case 'server_error':
      return `the server failed${status}`;
    case 'undecodable':
      return `what answers does not speak the DynamoDB protocol${status}`;
  }
}
