import type { KeySchema, WireItem } from '@/lib/domain/item/item';
import { type JsonItem, type JsonKey, jsonItemOf, jsonKeyOf } from '@/lib/domain/item/json-data';
import { isJson, type Json } from '../dynamodb/call';
import { parseObject } from '../dynamodb/parse-body';
import type { WireOutcome } from '../ports';
import { answerOf, invalidRequest, refusalOf, translated, unreadable } from './answer';
import { asked, isOutcome, objectsOf, type RestCall, tableIn } from './rest-call';

const ENTRIES_MAX = 25;
const CONDITIONS = ['ConditionExpression', 'Expected', 'ConditionalOperator'];

interface Place {
  table: string;
  schema: KeySchema;
}

export async function putItem(call: RestCall, input: Json): Promise<WireOutcome> {
  const place = tableIn(call, input.TableName);
  if (isOutcome(place)) return place;
  const item = isJson(input.Item) ? jsonItemOf(input.Item as WireItem, place.schema) : null;
  if (!item?.ok) return invalidRequest(item ? `${item.error}.` : 'Item must be an object.');
  const condition = conditionOf(input, place.schema);
  if (condition === null || asksValues(input)) return invalidRequest(NO_CONDITION);
  return await put(call, place, { ...item.value, ...condition });
}

const NO_CONDITION = "TerraScale's REST API takes no condition but that the item is absent, and returns no values.";

const asksValues = ({ ReturnValues }: Json): boolean => ReturnValues !== undefined && ReturnValues !== 'NONE';

async function put(call: RestCall, { table }: Place, body: JsonItem & { conditionExpression?: string }) {
  const outcome = await call.send({ method: 'PUT', table, path: '' }, body);
  if (outcome.kind !== 'ok') return translated(outcome);
  // The key stands in every answer to a put; a success without it is a proxy's page and says nothing of the item.
  return parseObject(outcome.body)?.pk === body.pk
    ? answerOf({})
    : unreadable('the answer to a put names another item');
}

/** Put-if-absent in the API's spelling, or null for a condition that it does not have. */
function conditionOf(input: Json, { partition }: KeySchema): { conditionExpression?: string } | null {
  if (asked(input, CONDITIONS) === null) return {};
  const names = isJson(input.ExpressionAttributeNames) ? input.ExpressionAttributeNames : {};
  const match = /^\s*attribute_not_exists\s*\(\s*([#\w.-]+)\s*\)\s*$/.exec(String(input.ConditionExpression));
  const name = match ? (names[match[1]!] ?? match[1]) : null;
  return name === partition.name ? { conditionExpression: 'attribute_not_exists(pk)' } : null;
}

export async function deleteItem(call: RestCall, input: Json): Promise<WireOutcome> {
  const place = tableIn(call, input.TableName);
  if (isOutcome(place)) return place;
  if (asked(input, CONDITIONS) !== null || asksValues(input)) return invalidRequest(NO_CONDITION);
  const key = exactKey(input.Key, place.schema);
  if (key === null) return invalidRequest('The provided key element does not match the schema.');
  const result = await writeBatch(call, place, [{ operation: 'Delete', ...key }]);
  if (isOutcome(result)) return result;
  return result.size === 0 ? answerOf({}) : refusalOf('ThrottlingException', 'The delete was not carried out.');
}

/** A key of exactly the attributes of the schema, as DynamoDB asks for. */
function exactKey(given: unknown, schema: KeySchema): JsonKey | null {
  if (!isJson(given)) return null;
  const key = jsonKeyOf(given as WireItem, schema);
  return key.ok && Object.keys(given).length === Object.keys(key.value).length ? key.value : null;
}

type BatchEntry = ({ operation: 'Put' } & JsonItem) | ({ operation: 'Delete' } & JsonKey);

/**
 * Every entry is accounted for: an answer of 200 that names failed ones leaves them unprocessed. Where all of several
 * failed the batch is refused, so that whoever asked sends each alone; a single put goes as one, because only then
 * the API says by its status whether the item itself is what it refuses.
 */
export async function batchWrite(call: RestCall, input: Json): Promise<WireOutcome> {
  const tables = isJson(input.RequestItems) ? Object.entries(input.RequestItems) : [];
  const [first] = tables;
  if (tables.length !== 1 || !first) return invalidRequest('A batch is written to one database.');
  const [name, requests] = first;
  const place = tableIn(call, name);
  if (isOutcome(place)) return place;
  const given = objectsOf(requests);
  if (!given || given.length === 0 || given.length > ENTRIES_MAX)
    return invalidRequest(`A batch writes 1 to ${ENTRIES_MAX} entries.`);
  const entries: BatchEntry[] = [];
  for (const request of given) {
    const entry = entryOf(request, place.schema);
    if (entry === null) return invalidRequest('An entry is no put or delete of an item of the table.');
    entries.push(entry);
  }
  const [only] = entries;
  if (entries.length === 1 && only?.operation === 'Put') {
    const { operation: _, ...item } = only;
    const outcome = await put(call, place, item);
    return outcome.kind === 'ok' ? answerOf({ UnprocessedItems: {} }) : outcome;
  }
  const failed = await writeBatch(call, place, entries);
  if (isOutcome(failed)) return failed;
  if (entries.length > 1 && failed.size === entries.length)
    return invalidRequest('The store refused every entry of the batch.');
  const left = given.filter((_, at) => failed.has(at));
  return answerOf({ UnprocessedItems: left.length === 0 ? {} : { [name]: left } });
}

function entryOf(request: Json, schema: KeySchema): BatchEntry | null {
  if (isJson(request.PutRequest) && isJson(request.PutRequest.Item)) {
    const item = jsonItemOf(request.PutRequest.Item as WireItem, schema);
    return item.ok ? { operation: 'Put', ...item.value } : null;
  }
  const key = isJson(request.DeleteRequest) ? exactKey(request.DeleteRequest.Key, schema) : null;
  return key === null ? null : { operation: 'Delete', ...key };
}

/** Places of the entries that failed. Counts that do not add up, or a failure without a name, say nothing of any. */
async function writeBatch(
  call: RestCall,
  { table }: Place,
  items: readonly BatchEntry[],
): Promise<ReadonlySet<number> | WireOutcome> {
  const outcome = await call.send({ table, path: '/batch/write' }, { items });
  if (outcome.kind !== 'ok') return translated(outcome);
  const body = parseObject(outcome.body);
  const errors = objectsOf(body?.errors ?? []);
  const { successCount, failedCount } = body ?? {};
  if (errors === null || typeof successCount !== 'number' || typeof failedCount !== 'number')
    return unreadable('the answer of a batch lacks its counts');
  if (successCount + failedCount !== items.length || errors.length !== failedCount)
    return unreadable('the counts of a batch do not add up');
  const places = new Map(items.map((item, at) => [idOf(item), at]));
  const failed = new Set<number>();
  for (const error of errors) {
    const at = places.get(idOf(error as unknown as JsonKey));
    if (at === undefined) return unreadable('a failure of a batch names a key that was not sent');
    failed.add(at);
  }
  return failed.size === failedCount ? failed : unreadable('two failures of a batch name one key');
}

const idOf = ({ pk, sk }: JsonKey): string => JSON.stringify([pk, sk ?? null]);

export async function transactWrite(call: RestCall, input: Json): Promise<WireOutcome> {
  const given = objectsOf(input.TransactItems);
  if (!given || given.length === 0 || given.length > ENTRIES_MAX)
    return invalidRequest(`A transaction writes 1 to ${ENTRIES_MAX} items.`);
  const items: object[] = [];
  let table: string | null = null;
  for (const entry of given) {
    const made = actionOf(call, entry);
    if (made === null || (table !== null && made.table !== table))
      return invalidRequest('A transaction puts and deletes items of one database, without conditions.');
    table = made.table;
    items.push(made.item);
  }
  const token = input.ClientRequestToken;
  const body = { items, ...(typeof token === 'string' ? { clientRequestToken: token } : {}) };
  const outcome = await call.send({ table: table as string, path: '/transact/write' }, body);
  if (outcome.kind !== 'ok') return translated(outcome);
  const answer = parseObject(outcome.body);
  const errors = objectsOf(answer?.errors ?? []);
  if (errors === null || typeof answer?.successCount !== 'number') return unreadable('the answer lacks its count');
  if (answer.successCount === items.length && errors.length === 0) return answerOf({});
  // All or nothing is promised; anything between is no answer to rely on.
  if (answer.successCount !== 0 || errors.length === 0) return unreadable('a transaction was carried out in part');
  const CancellationReasons = items.map((_, at) => {
    const error = errors.find((one) => one.itemIndex === at);
    return error ? { Code: String(error.errorType ?? 'ValidationError') } : { Code: 'None' };
  });
  return refusalOf('TransactionCanceledException', 'The transaction was not carried out.', { CancellationReasons });
}

function actionOf(call: RestCall, entry: Json): { table: string; item: object } | null {
  const put = isJson(entry.Put) ? entry.Put : null;
  const del = isJson(entry.Delete) ? entry.Delete : null;
  const given = put ?? del;
  if (given === null || asked(given, CONDITIONS) !== null) return null;
  const place = tableIn(call, given.TableName);
  if (isOutcome(place)) return null;
  if (put) {
    const item = isJson(put.Item) ? jsonItemOf(put.Item as WireItem, place.schema) : null;
    return item?.ok ? { table: place.table, item: { action: 'Put', ...item.value } } : null;
  }
  const key = exactKey(given.Key, place.schema);
  return key === null ? null : { table: place.table, item: { action: 'Delete', ...key } };
}
