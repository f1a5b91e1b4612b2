/**
 * Whether a 200 is an answer to what was asked. A proxy's page, an error put into a success, an answer without the part
 * that cannot be absent: an application would read each of them as "there is nothing", and a mirror as "it is written".
 * Stores may add members of their own, so nothing is held against a member that is merely not known.
 */
import { parseObject } from './parse-body';

/** Always there in an answer of the operation, whatever was asked for. */
const REQUIRED: Readonly<Record<string, string>> = {
  Query: 'Count',
  Scan: 'Count',
  BatchGetItem: 'Responses',
  TransactGetItems: 'Responses',
  BatchWriteItem: 'UnprocessedItems',
};
/** Of one item: `{}` is an answer. */
const OF_ONE: ReadonlySet<string> = new Set([
  ...['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'TransactWriteItems'],
]);
const KNOWN = ['Item', 'Attributes', 'ConsumedCapacity', 'ItemCollectionMetrics'] as const;
const FAILURE = ['__type', 'message', 'Message', 'error', 'errors', 'detail', 'title'] as const;
/** A longer answer of one item has an item in it; a failure is short. */
const SHORT_BYTES_MAX = 4_096;

/**
 * Why the bytes of a 200 are no answer to the operation, in words of ours; null where they are one, and for operations
 * on tables. The bytes are a JSON object or empty. Looks for a member that must be there without parsing.
 */
export function rubbishIn(
  operation: string,
  answer: { headers: Readonly<Record<string, string>>; body: Buffer },
): string | null {
  const required = REQUIRED[operation];
  if (required === undefined && !OF_ONE.has(operation)) return null;
  const { body, headers } = answer;
  if (body.length === 0) return 'the answer is empty';
  const type = headers['content-type'];
  if (type !== undefined && !type.includes('json')) return 'the answer is of another type';
  if (required !== undefined) return body.includes(`"${required}"`) ? null : `the answer lacks ${required}`;
  if (body.length === 2 || body.length > SHORT_BYTES_MAX) return null;
  const said = parseObject(body);
  return said === null ? 'the answer is no JSON' : failureInside(said);
}

/** A success that says nothing but that something failed; null: none. */
export function failureInside(said: Readonly<Record<string, unknown>>): string | null {
  if (said.Item !== undefined && (typeof said.Item !== 'object' || said.Item === null || Array.isArray(said.Item)))
    return 'the item is no object';
  if (KNOWN.some((name) => Object.hasOwn(said, name))) return null;
  return FAILURE.some((name) => Object.hasOwn(said, name)) ? 'a failure in a success' : null;
}
