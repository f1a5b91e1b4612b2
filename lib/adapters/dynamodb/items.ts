import type { StoreWire, WireItem } from '../ports';
import { type Answer, type CallOptions, call, isJson, type Json, undecodable } from './call';

/**
 * Requests on single items and pages, as data in and data out. Items are what JSON.parse made of the wire: an attribute
 * named `__proto__` is an own property there and stays one through JSON.stringify, so items are passed on whole and never
 * copied attribute by attribute.
 */
export interface ReadOptions extends CallOptions {
  /** Default true: Landfall reads to decide, and an old image would decide wrongly. */
  isConsistent?: boolean;
}

export interface Condition {
  expression: string;
  names?: Record<string, string>;
  values?: WireItem;
}

export interface WriteOptions extends CallOptions {
  condition?: Condition;
}

/** The item, or null where the store has none. */
export async function getItem(
  wire: StoreWire,
  request: { table: string; key: WireItem },
  options: ReadOptions = {},
): Promise<Answer<WireItem | null>> {
  const { isConsistent = true, ...rest } = options;
  const input = { TableName: request.table, Key: request.key, ConsistentRead: isConsistent };
  const answer = await call(wire, { operation: 'GetItem', input }, rest);
  if (answer.kind !== 'ok') return answer;
  const item = answer.value.Item;
  if (item === undefined) return { kind: 'ok', value: null };
  return isJson(item) ? { kind: 'ok', value: item as WireItem } : undecodable('GetItem');
}

/** Replaces the whole item. A failed condition is the refusal `ConditionalCheckFailedException`. */
export async function putItem(
  wire: StoreWire,
  request: { table: string; item: WireItem },
  options: WriteOptions = {},
): Promise<Answer<null>> {
  const { condition, ...rest } = options;
  const input = { TableName: request.table, Item: request.item, ...conditionInput(condition) };
  return done(await call(wire, { operation: 'PutItem', input }, rest));
}

/** Deletes the key; deleting what is not there succeeds. */
export async function deleteItem(
  wire: StoreWire,
  request: { table: string; key: WireItem },
  options: WriteOptions = {},
): Promise<Answer<null>> {
  const { condition, ...rest } = options;
  const input = { TableName: request.table, Key: request.key, ...conditionInput(condition) };
  return done(await call(wire, { operation: 'DeleteItem', input }, rest));
}

const done = (answer: Answer<Json>): Answer<null> => (answer.kind === 'ok' ? { kind: 'ok', value: null } : answer);

function conditionInput(condition: Condition | undefined): Json {
  if (condition === undefined) return {};
  return {
    ConditionExpression: condition.expression,
    ExpressionAttributeNames: condition.names,
    ExpressionAttributeValues: condition.values,
  };
}

export interface Page {
  items: WireItem[];
  /** Where the next page begins, or null at the end. An empty page may have one, a full one may have none. */
  cursor: WireItem | null;
  /** Items evaluated, before any filter. */
  scannedCount: number;
  count: number;
  /** Read units, or null where the store does not count them. */
  consumedUnits: number | null;
}

export interface ScanRequest {
  table: string;
  segment?: number;
  totalSegments?: number;
  cursor?: WireItem | null;
  limit?: number;
  /** Key attributes only, for counting and for looking for extra items. */
  projection?: { expression: string; names: Record<string, string> };
}

/** One page of a scan, consistent unless asked otherwise (PROTOCOL C2). */
export async function scanPage(
  wire: StoreWire,
  request: ScanRequest,
  options: ReadOptions = {},
): Promise<Answer<Page>> {
  const { isConsistent = true, ...rest } = options;
  const input = scanInput(request, isConsistent);
  return readPage(await call(wire, { operation: 'Scan', input }, rest), 'Scan');
}

/** The input of a Scan. */
export const scanInput = (request: ScanRequest, isConsistent: boolean): Json => ({
  TableName: request.table,
  Segment: request.segment,
  TotalSegments: request.totalSegments,
  ExclusiveStartKey: request.cursor ?? undefined,
  Limit: request.limit,
  ConsistentRead: isConsistent,
  ReturnConsumedCapacity: 'TOTAL',
  ProjectionExpression: request.projection?.expression,
  ExpressionAttributeNames: request.projection?.names,
});

export interface QueryRequest {
  table: string;
  keyCondition: Condition;
  cursor?: WireItem | null;
  limit?: number;
  /** Ascending by sort key unless set. */
  isDescending?: boolean;
}

/** One page of the items of a partition. */
export async function queryPage(
  wire: StoreWire,
  request: QueryRequest,
  options: ReadOptions = {},
): Promise<Answer<Page>> {
  const { isConsistent = true, ...rest } = options;
  const input = {
    TableName: request.table,
    KeyConditionExpression: request.keyCondition.expression,
    ExpressionAttributeNames: request.keyCondition.names,
    ExpressionAttributeValues: request.keyCondition.values,
    ExclusiveStartKey: request.cursor ?? undefined,
    Limit: request.limit,
    ScanIndexForward: request.isDescending !== true,
    ConsistentRead: isConsistent,
    ReturnConsumedCapacity: 'TOTAL',
  };
  return readPage(await call(wire, { operation: 'Query', input }, rest), 'Query');
}

function readPage(answer: Answer<Json>, operation: string): Answer<Page> {
  if (answer.kind !== 'ok') return answer;
  const { Items, LastEvaluatedKey, ScannedCount, Count, ConsumedCapacity } = answer.value;
  if (!Array.isArray(Items) || !Items.every(isJson)) return undecodable(operation);
  if (LastEvaluatedKey !== undefined && !isJson(LastEvaluatedKey)) return undecodable(operation);
  const count = typeof Count === 'number' ? Count : Items.length;
  // Where the store says how many items it sent, fewer in the list is a truncated answer.
  if (count !== Items.length) return undecodable(operation);
  const page: Page = {
    items: Items as WireItem[],
    cursor: (LastEvaluatedKey as WireItem | undefined) ?? null,
    scannedCount: typeof ScannedCount === 'number' ? ScannedCount : count,
    count,
    consumedUnits: unitsOf(ConsumedCapacity),
  };
  return { kind: 'ok', value: page };
}

/** Capacity units of a `ConsumedCapacity` member, or null where the store omits it. */
export function unitsOf(consumed: unknown): number | null {
  return isJson(consumed) && typeof consumed.CapacityUnits === 'number' ? consumed.CapacityUnits : null;
}
