import { keyId } from '@/lib/domain/item/key';
import { invariant } from '@/lib/domain/result';
import type { KeySchema, StoreWire, WireItem } from '../ports';
import { type CallOptions, call, isJson, type Json, type Trouble, undecodable } from './call';
import { type ReadOptions, unitsOf } from './items';

export const BATCH_GET_KEYS_MAX = 100;
export const BATCH_WRITE_ENTRIES_MAX = 25;
/** Rounds of a batch read, the first included; what is left then is reported as unread. */
export const BATCH_GET_ROUNDS_MAX = 4;

export interface BatchTable {
  table: string;
  schema: KeySchema;
}

export interface BatchGetResult {
  /** Items by key id. */
  found: Map<string, WireItem>;
  /** Key ids that the store answered for and has no item of. */
  absent: Set<string>;
  /** Key ids without an answer, with the reason: never taken for absent. */
  unread: Map<string, Trouble | 'unprocessed'>;
  consumedUnits: number | null;
  requests: number;
}

/**
 * Reads up to 100 keys, repeating what the store leaves over at most `BATCH_GET_ROUNDS_MAX` rounds; a round that brings
 * nothing ends it, because the pace is the caller's to keep. Keys are distinct by key id.
 */
export async function batchGet(
  wire: StoreWire,
  request: BatchTable & { keys: readonly WireItem[] },
  options: ReadOptions & { roundsMax?: number } = {},
): Promise<BatchGetResult> {
  const { isConsistent = true, roundsMax = BATCH_GET_ROUNDS_MAX, ...rest } = options;
  wire.know?.(request.table, request.schema);
  invariant(request.keys.length <= BATCH_GET_KEYS_MAX, `a batch read takes ${BATCH_GET_KEYS_MAX} keys`);
  const result: BatchGetResult = {
    found: new Map(),
    absent: new Set(),
    unread: new Map(),
    consumedUnits: null,
    requests: 0,
  };
  let pending = byId(request.keys, request.schema);
  for (let round = 0; round < roundsMax && pending.size > 0; round += 1) {
    const input = {
      RequestItems: { [request.table]: { Keys: [...pending.values()], ConsistentRead: isConsistent } },
      ReturnConsumedCapacity: 'TOTAL',
    };
    const answer = await call(wire, { operation: 'BatchGetItem', input }, rest);
    result.requests += 1;
    if (answer.kind !== 'ok') return leaveUnread(result, pending, answer);
    const left = takeRound(result, { ...request, pending }, answer.value);
    if (left === null) return leaveUnread(result, pending, undecodable('BatchGetItem'));
    const isStuck = left.size === pending.size;
    pending = left;
    if (isStuck) break;
  }
  return leaveUnread(result, pending, 'unprocessed');
}

type Pending = Map<string, WireItem>;

/** Books one answer and returns what it left over, or null where it cannot be read. */
function takeRound(result: BatchGetResult, request: BatchTable & { pending: Pending }, answer: Json): Pending | null {
  const items = listOf(answer.Responses, request.table);
  const unprocessed = isJson(answer.UnprocessedKeys) ? memberOf(answer.UnprocessedKeys, request.table) : undefined;
  const leftKeys = isJson(unprocessed) ? unprocessed.Keys : [];
  if (items === null || !Array.isArray(leftKeys) || !leftKeys.every(isJson)) return null;
  const found = new Map<string, WireItem>();
  for (const item of items) {
    const id = idIn(request.pending, item, request.schema);
    if (id === null) return null;
    found.set(id, item);
  }
  const left: Pending = new Map();
  for (const key of leftKeys) {
    const id = idIn(request.pending, key as WireItem, request.schema);
    if (id === null) return null;
    if (!found.has(id)) left.set(id, key as WireItem);
  }
  for (const [id, item] of found) result.found.set(id, item);
  for (const id of request.pending.keys()) if (!found.has(id) && !left.has(id)) result.absent.add(id);
  const units = isJson(answer) && Array.isArray(answer.ConsumedCapacity) ? unitsOf(answer.ConsumedCapacity[0]) : null;
  if (units !== null) result.consumedUnits = (result.consumedUnits ?? 0) + units;
  return left;
}

function leaveUnread(result: BatchGetResult, pending: Pending, why: Trouble | 'unprocessed'): BatchGetResult {
  for (const id of pending.keys()) result.unread.set(id, why);
  return result;
}

export type BatchEntry = { put: WireItem } | { delete: WireItem };

/** What became of one entry: `unknown` may have happened; `unprocessed` and `refused` have not. */
export type EntryOutcome = { kind: 'written' } | { kind: 'unprocessed' } | Trouble;

export interface BatchWriteResult {
  /** By key id. */
  outcomes: Map<string, EntryOutcome>;
  consumedUnits: number | null;
  /** What the whole request came to, for the pace: null where it was answered with 200. */
  trouble: Trouble | null;
}

/**
 * Writes up to 25 entries on distinct keys in one request, never repeated. HTTP 200 with entries left over is not
 * success: those entries are `unprocessed`. A refusal speaks of every entry, because stores refuse batches whole.
 */
export async function batchWrite(
  wire: StoreWire,
  request: BatchTable & { entries: readonly BatchEntry[] },
  options: CallOptions = {},
): Promise<BatchWriteResult> {
  const { entries, table, schema } = request;
  invariant(
    entries.length > 0 && entries.length <= BATCH_WRITE_ENTRIES_MAX,
    `a batch writes 1 to ${BATCH_WRITE_ENTRIES_MAX}`,
  );
  const ids = entries.map((entry) => idOf('put' in entry ? entry.put : entry.delete, schema));
  invariant(new Set(ids).size === ids.length, 'entries of a batch have distinct keys');
  const input = {
    RequestItems: { [table]: entries.map(entryInput) },
    ReturnConsumedCapacity: 'TOTAL',
  };
  const answer = await call(wire, { operation: 'BatchWriteItem', input }, options);
  if (answer.kind !== 'ok') return allSame(ids, answer);
  const left = leftEntries(answer.value, request);
  if (left === null) return allSame(ids, undecodable('BatchWriteItem'));
  const outcomes = new Map<string, EntryOutcome>();
  for (const id of ids) outcomes.set(id, left.has(id) ? { kind: 'unprocessed' } : { kind: 'written' });
  const consumed = answer.value.ConsumedCapacity;
  return { outcomes, consumedUnits: Array.isArray(consumed) ? unitsOf(consumed[0]) : null, trouble: null };
}

const entryInput = (entry: BatchEntry): Json =>
  'put' in entry ? { PutRequest: { Item: entry.put } } : { DeleteRequest: { Key: entry.delete } };

function allSame(ids: string[], trouble: Trouble): BatchWriteResult {
  return { outcomes: new Map(ids.map((id) => [id, trouble])), consumedUnits: null, trouble };
}

/** Key ids in UnprocessedItems, or null where it names something that was not asked for. */
function leftEntries(answer: Json, request: BatchTable & { entries: readonly BatchEntry[] }): Set<string> | null {
  const left = new Set<string>();
  // Always there, empty where all was written: an answer without it does not say that anything was.
  if (!isJson(answer.UnprocessedItems)) return null;
  const names = Object.keys(answer.UnprocessedItems);
  if (names.some((name) => name !== request.table)) return null;
  const entries = memberOf(answer.UnprocessedItems, request.table) ?? [];
  if (!Array.isArray(entries)) return null;
  for (const entry of entries) {
    const put = isJson(entry) && isJson(entry.PutRequest) ? entry.PutRequest.Item : undefined;
    const del = isJson(entry) && isJson(entry.DeleteRequest) ? entry.DeleteRequest.Key : undefined;
    const key = put ?? del;
    const id = isJson(key) ? keyId(key as WireItem, request.schema) : null;
    if (id === null || !id.ok) return null;
    left.add(id.value);
  }
  return left;
}

function byId(keys: readonly WireItem[], schema: KeySchema): Pending {
  const pending = new Map(keys.map((key) => [idOf(key, schema), key]));
  invariant(pending.size === keys.length, 'keys of a batch are distinct');
  return pending;
}

function idOf(item: WireItem, schema: KeySchema): string {
  const id = keyId(item, schema);
  invariant(id.ok, 'every entry of a batch has a key of the table');
  return id.value;
}

/** Key id of an item of an answer where it was asked for, else null: such an answer belongs to no request of ours. */
function idIn(pending: Pending, item: WireItem, schema: KeySchema): string | null {
  const id = keyId(item, schema);
  return id.ok && pending.has(id.value) ? id.value : null;
}

function listOf(responses: unknown, table: string): WireItem[] | null {
  if (!isJson(responses)) return null;
  const list = memberOf(responses, table) ?? [];
  return Array.isArray(list) && list.every(isJson) ? (list as WireItem[]) : null;
}

const memberOf = (object: Json, name: string): unknown => (Object.hasOwn(object, name) ? object[name] : undefined);
