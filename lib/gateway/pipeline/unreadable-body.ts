/**
 * A body that is no JSON object here, or one with more parts than a request can have. Whether it is one there only the store knows, and a store that reads it would carry
 * it out past the mirror. What can change nothing goes to the store as it is; of the rest the store is asked what it
 * thinks of these bytes as a GetItem, which cannot do harm. Its refusal of the bytes is passed on; any other answer says
 * that it can read them, and then nobody here may let them through.
 */
import { type GatewayAnswer, type GatewayRequest, refusal } from './answer';
import { excessIn, JSON_VALUES_MAX } from './json-bounds';
import { answerOf } from './respond';
import type { Store } from './stores';

const MAY_CHANGE = new Set([
  ...['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'TransactWriteItems'],
  ...['ExecuteStatement', 'BatchExecuteStatement', 'ExecuteTransaction'],
  ...['CreateTable', 'UpdateTable', 'DeleteTable', 'UpdateTimeToLive', 'RestoreTableFromBackup', 'ImportTable'],
]);

export async function askAboutBody(store: Store, request: GatewayRequest): Promise<GatewayAnswer> {
  if (!MAY_CHANGE.has(request.operation)) return answerOf(await store.wire.send(request));
  const excess = excessIn(request.body);
  // There the store could read it, so its opinion of a GetItem would say nothing of the bytes.
  if (excess === 'members' || excess === 'values') return tooMany(excess);
  const { body, payloadHash } = request;
  const outcome = await store.wire.send({ operation: 'GetItem', body, payloadHash });
  const answer = answerOf(outcome);
  // There are stores that answer bytes they cannot read with a 5xx.
  const isUnread = outcome.kind === 'refused' ? outcome.errorType === 'SerializationException' : answer.status >= 500;
  return isUnread ? answer : refusal('SerializationException', 'The body is no JSON object.');
}

/** In the words of DynamoDB, which counts an item's bytes before anything else. */
export const tooMany = (excess: 'members' | 'values'): GatewayAnswer =>
  refusal(
    'ValidationException',
    excess === 'members'
      ? 'Item size has exceeded the maximum allowed size'
      : `The request has more than ${JSON_VALUES_MAX} values; send it in parts`,
  );
