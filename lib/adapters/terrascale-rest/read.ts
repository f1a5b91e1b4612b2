import { type KeySchema, setAttribute, type WireItem } from '@/lib/domain/item/item';
import { itemOfJson, type JsonKey, jsonKeyOf, keyOfJson } from '@/lib/domain/item/json-data';
import { isJson, type Json } from '../dynamodb/call';
import { parseObject } from '../dynamodb/parse-body';
import type { WireOutcome } from '../ports';
import { answerOf, invalidRequest, refusalOf, translated, unreadable } from './answer';
import { asked, isOutcome, objectsOf, type RestCall, tableIn } from './rest-call';

/** A cursor of the API is its own text; it travels as a key under a name that cannot be an attribute's in UTF-8. */
export const REST_CURSOR = '\ud800cursor';
/** The reference gives a default of 20 and no maximum; a page is 1 MB at most anyway. */
const PAGE_ITEMS_MAX = 1_000;
const PAGE_ITEMS = 100;
const KEYS_MAX = 100;
const REDUCING = ['AttributesToGet', 'FilterExpression', 'ScanFilter', 'QueryFilter', 'KeyConditions', 'IndexName'];

interface Place {
  table: string;
  schema: KeySchema;
}

export async function getItem(call: RestCall, input: Json): Promise<WireOutcome> {
  const place = tableIn(call, input.TableName);
  if (isOutcome(place)) return place;
  const name = asked(input, [...REDUCING, 'ProjectionExpression']);
  if (name) return invalidRequest(`${name} is not offered by TerraScale's REST API.`);
  const read = await readKeys(call, place, [input.Key]);
  if (isOutcome(read)) return read;
  if (read.left.length > 0) return refusalOf('ThrottlingException', 'The store left the key unanswered.');
  return answerOf(read.items.length === 0 ? {} : { Item: read.items[0] });
}

export async function batchGet(call: RestCall, input: Json): Promise<WireOutcome> {
  if (!isJson(input.RequestItems)) return invalidRequest('RequestItems must be an object.');
  const Responses: Record<string, WireItem[]> = {};
  const UnprocessedKeys: Record<string, object> = {};
  for (const [name, asks] of Object.entries(input.RequestItems)) {
    const place = tableIn(call, name);
    if (isOutcome(place)) return place;
    const keys = isJson(asks) ? objectsOf(asks.Keys) : null;
    if (keys === null || keys.length > KEYS_MAX) return invalidRequest(`Keys of ${name} must be 1 to ${KEYS_MAX}.`);
    const unknown = asked(asks as Json, [...REDUCING, 'ProjectionExpression']);
    if (unknown) return invalidRequest(`${unknown} is not offered by TerraScale's REST API.`);
    const read = await readKeys(call, place, keys);
    if (isOutcome(read)) return read;
    Responses[name] = read.items;
    if (read.left.length > 0) UnprocessedKeys[name] = { ...(asks as Json), Keys: read.left };
  }
  return answerOf({ Responses, UnprocessedKeys });
}

/** Items and keys left over of up to 100 keys; an item that cannot be decoded makes the answer unreadable. */
async function readKeys(
  call: RestCall,
  place: Place,
  given: readonly unknown[],
): Promise<{ items: WireItem[]; left: WireItem[] } | WireOutcome> {
  const keys: JsonKey[] = [];
  for (const one of given) {
    const key = jsonKeyOf(isJson(one) ? (one as WireItem) : {}, place.schema);
    if (!key.ok || Object.keys(one as Json).length !== Object.keys(key.value).length)
      return invalidRequest(`The provided key element does not match the schema${key.ok ? '' : `: ${key.error}`}.`);
    keys.push(key.value);
  }
  const outcome = await call.send({ table: place.table, path: '/batch/get' }, { keys });
  if (outcome.kind !== 'ok') return translated(outcome);
  const body = parseObject(outcome.body);
  const items = itemsOf(body?.items, place.schema);
  const unprocessed = objectsOf(body?.unprocessedKeys ?? []);
  const left = unprocessed?.map((key) => keyOfJson(key as never, place.schema)) ?? [null];
  if (items === null || left.includes(null)) return unreadable('an item or key of the answer is none of the table');
  return { items, left: left as WireItem[] };
}

/** The items of a list, or null where one is no item of the table: never a shorter list. */
function itemsOf(list: unknown, schema: KeySchema): WireItem[] | null {
  const items = objectsOf(list)?.map((one) => itemOfJson(one as never, schema));
  return items === undefined || items.includes(null) ? null : (items as WireItem[]);
}

/** The API has no segments: the first one is the whole scan, the others are empty. */
export async function scan(call: RestCall, input: Json): Promise<WireOutcome> {
  const place = tableIn(call, input.TableName);
  if (isOutcome(place)) return place;
  const name = asked(input, REDUCING);
  if (name) return invalidRequest(`${name} is not offered by TerraScale's REST API.`);
  if (typeof input.Segment === 'number' && input.Segment > 0) return answerOf({ Items: [], Count: 0, ScannedCount: 0 });
  const kept = projectionOf(input);
  if (kept === undefined) return invalidRequest('A projection may name attributes of the top level alone.');
  const page = await call.send({ table: place.table, path: '/scan' }, pageAsk(input));
  return pageOf(page, { place, kept });
}

/** A whole partition, in either direction; a part of one would need conditions that the reference does not spell. */
export async function query(call: RestCall, input: Json): Promise<WireOutcome> {
  const place = tableIn(call, input.TableName);
  if (isOutcome(place)) return place;
  const name = asked(input, [...REDUCING, 'ProjectionExpression', 'Select']);
  if (name) return invalidRequest(`${name} is not offered by TerraScale's REST API.`);
  const partition = partitionAsked(input, place.schema);
  if (partition === null) return invalidRequest("TerraScale's REST API is asked for whole partitions alone.");
  const body = { ...pageAsk(input), partitionKey: partition, scanForward: input.ScanIndexForward !== false };
  return pageOf(await call.send({ table: place.table, path: '/query' }, body), { place, kept: null });
}

function partitionAsked(input: Json, { partition }: KeySchema): string | null {
  const match = /^\s*\(?\s*([#\w.-]+)\s*=\s*(:\w+)\s*\)?\s*$/.exec(String(input.KeyConditionExpression));
  const names = isJson(input.ExpressionAttributeNames) ? input.ExpressionAttributeNames : {};
  const values = isJson(input.ExpressionAttributeValues) ? input.ExpressionAttributeValues : {};
  if (!match || (names[match[1]!] ?? match[1]) !== partition.name) return null;
  const key: WireItem = {};
  const value = values[match[2]!];
  if (!isJson(value)) return null;
  setAttribute(key, partition.name, value);
  const found = jsonKeyOf(key, { partition, sort: null });
  return found.ok ? found.value.pk : null;
}

function pageAsk(input: Json): Json {
  const limit = typeof input.Limit === 'number' ? Math.min(input.Limit, PAGE_ITEMS_MAX) : PAGE_ITEMS;
  const start = input.ExclusiveStartKey;
  const cursor = isJson(start) && isJson(start[REST_CURSOR]) ? start[REST_CURSOR].S : null;
  return { limit, cursor };
}

/** Names that a projection keeps; null: everything; undefined: one that is not understood. */
function projectionOf(input: Json): ReadonlySet<string> | null | undefined {
  if (input.ProjectionExpression === undefined) return null;
  const names = isJson(input.ExpressionAttributeNames) ? input.ExpressionAttributeNames : {};
  const kept = String(input.ProjectionExpression)
    .split(',')
    .map((part) => part.trim())
    .map((part) => (part.startsWith('#') ? names[part] : /^\w+$/.test(part) ? part : undefined));
  return kept.every((name) => typeof name === 'string') ? new Set(kept as string[]) : undefined;
}

function pageOf(
  outcome: WireOutcome,
  { place, kept }: { place: Place; kept: ReadonlySet<string> | null },
): WireOutcome {
  if (outcome.kind !== 'ok') return translated(outcome);
  const body = parseObject(outcome.body);
  const all = itemsOf(body?.items, place.schema);
  if (body === null || all === null) return unreadable('an item of the page is none of the table');
  if (typeof body.count === 'number' && body.count !== all.length) return unreadable('the page lacks items');
  const cursor = body.nextCursor ?? null;
  if (cursor !== null && typeof cursor !== 'string') return unreadable('the cursor of the page is no text');
  const Items = kept === null ? all : all.map((item) => projected(item, kept));
  const more = cursor === null ? {} : { LastEvaluatedKey: { [REST_CURSOR]: { S: cursor } } };
  const ScannedCount = typeof body.scannedCount === 'number' ? body.scannedCount : all.length;
  return answerOf({ Items, Count: Items.length, ScannedCount, ...more });
}

function projected(item: WireItem, kept: ReadonlySet<string>): WireItem {
  const part: WireItem = {};
  for (const name of Object.keys(item)) if (kept.has(name)) setAttribute(part, name, item[name] as WireItem[string]);
  return part;
}

export async function transactGet(call: RestCall, input: Json): Promise<WireOutcome> {
  const gets = objectsOf(input.TransactItems)?.map((one) => (isJson(one.Get) ? one.Get : null));
  if (!gets || gets.length === 0 || gets.includes(null)) return invalidRequest('TransactItems must be Gets.');
  const place = tableIn(call, gets[0]!.TableName);
  if (isOutcome(place)) return place;
  if (gets.some((get) => get!.TableName !== place.table || asked(get!, ['ProjectionExpression'])))
    return invalidRequest('A transaction reads whole items of one database.');
  const keys = gets.map((get) => jsonKeyOf((isJson(get!.Key) ? get!.Key : {}) as WireItem, place.schema));
  if (keys.some((key) => !key.ok)) return invalidRequest('A key is none of the table.');
  const items = keys.map((key) => (key.ok ? key.value : null));
  const outcome = await call.send({ table: place.table, path: '/transact/get' }, { items });
  if (outcome.kind !== 'ok') return translated(outcome);
  const found = objectsOf(parseObject(outcome.body)?.items);
  if (found?.length !== items.length) return unreadable('the transaction lacks items');
  const Responses = found.map(({ pk, sk, item, itemExists }) =>
    itemExists === false ? {} : { Item: itemOfJson({ pk, sk, data: item }, place.schema) },
  );
  return Responses.some((one) => one.Item === null)
    ? unreadable('an item is none of the table')
    : answerOf({ Responses });
}
