import type { WireItem } from '@/lib/adapters/ports';
import type { Json } from '../dynalite-modules';
import type { Engine } from '../engine';
import type { Answer } from '../fault-http';
import { bad, Problem, restAnswer } from './problem';
import { itemOf, keyOf, type RestItem, readKey, readRow, run, tableOf } from './rest-store';
import type { RestRoute } from './routes';

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 1_000;
const KEYS_MAX = 100;

export async function getItem(engine: Engine, { databaseId, pk, sk }: RestRoute): Promise<Answer> {
  const row = await readRow(engine, databaseId, readKey({ pk, sk }, ''));
  if (!row) throw new Problem(404, 'There is no such item');
  return restAnswer(200, itemOf(row));
}

export async function query(engine: Engine, { databaseId }: RestRoute, input: Json): Promise<Answer> {
  const { partitionKey, sortKeyCondition, scanForward } = input;
  if (typeof partitionKey !== 'string' || partitionKey === '') throw bad('partitionKey must be a non-empty string');
  const sort = sortCondition(sortKeyCondition);
  const page = await run(engine, 'Query', {
    TableName: tableOf(databaseId),
    KeyConditionExpression: `pk = :pk${sort === null ? '' : ` AND ${sort.expression}`}`,
    ExpressionAttributeValues: { ':pk': { S: partitionKey }, ...sort?.values },
    ScanIndexForward: scanForward !== false,
    ...paging(input),
  });
  return pageAnswer(page, input);
}

export async function scan(engine: Engine, { databaseId }: RestRoute, input: Json): Promise<Answer> {
  return pageAnswer(await run(engine, 'Scan', { TableName: tableOf(databaseId), ...paging(input) }), input);
}

const QUOTED = `'((?:[^']|'')*)'`;
const COMPARED = new RegExp(`^\\s*sk\\s*(=|<=|<|>=|>)\\s*${QUOTED}\\s*$`);
const BEGINS = new RegExp(`^\\s*begins_with\\s*\\(\\s*sk\\s*,\\s*${QUOTED}\\s*\\)\\s*$`);
const BETWEEN = new RegExp(`^\\s*sk\\s+BETWEEN\\s+${QUOTED}\\s+AND\\s+${QUOTED}\\s*$`, 'i');

function sortCondition(given: unknown): { expression: string; values: WireItem } | null {
  if (given === undefined || given === null || given === '') return null;
  const text = String(given);
  const stored = (value = '') => ({ S: `=${value.replaceAll("''", "'")}` });
  const compared = COMPARED.exec(text);
  if (compared) return { expression: `sk ${compared[1]} :a`, values: { ':a': stored(compared[2]) } };
  const begins = BEGINS.exec(text);
  if (begins) return { expression: 'begins_with(sk, :a)', values: { ':a': stored(begins[1]) } };
  const between = BETWEEN.exec(text);
  if (between)
    return { expression: 'sk BETWEEN :a AND :b', values: { ':a': stored(between[1]), ':b': stored(between[2]) } };
  throw bad("sortKeyCondition may be sk = 'x', a comparison, begins_with(sk, 'x') or sk BETWEEN 'x' AND 'y'");
}

function paging({ limit, cursor }: Json): Json {
  if (limit !== undefined && (!Number.isInteger(limit) || (limit as number) < 1 || (limit as number) > LIMIT_MAX))
    throw bad(`limit must be between 1 and ${LIMIT_MAX}`);
  const start = cursor === undefined || cursor === null ? {} : { ExclusiveStartKey: readCursor(cursor) };
  return { Limit: limit ?? LIMIT_DEFAULT, ConsistentRead: true, ...start };
}

function readCursor(cursor: unknown): WireItem {
  try {
    return JSON.parse(Buffer.from(String(cursor), 'base64url').toString('utf8')) as WireItem;
  } catch {
    throw bad('cursor is not one of ours');
  }
}

function pageAnswer(page: Json, { filterExpression }: Json): Answer {
  const all = (page.Items as WireItem[]).map(itemOf);
  const items = all.filter((item) => fits(item, filterExpression));
  const last = page.LastEvaluatedKey;
  const nextCursor = last === undefined ? null : Buffer.from(JSON.stringify(last)).toString('base64url');
  return restAnswer(200, { items, nextCursor, count: items.length, scannedCount: all.length });
}

/** The reference shows an object of attributes and values; equality of each is what is said of it. */
function fits({ data }: RestItem, filter: unknown): boolean {
  if (filter === undefined || filter === null) return true;
  return Object.entries(filter as Json).every(([name, value]) => JSON.stringify(data[name]) === JSON.stringify(value));
}

export async function batchGet(engine: Engine, { databaseId }: RestRoute, input: Json): Promise<Answer> {
  const { keys } = input;
  if (!Array.isArray(keys) || keys.length === 0) throw bad('keys must be a list');
  if (keys.length > KEYS_MAX) throw bad(`A batch reads at most ${KEYS_MAX} keys`);
  const Keys = keys.map((key, at) => keyOf(readKey(key, `keys[${at}].`)));
  const table = tableOf(databaseId);
  const answer = await run(engine, 'BatchGetItem', { RequestItems: { [table]: { Keys, ConsistentRead: true } } });
  const rows = (answer.Responses as Record<string, WireItem[]>)[table] ?? [];
  const left = (answer.UnprocessedKeys as Record<string, { Keys: WireItem[] }>)[table]?.Keys ?? [];
  const unprocessedKeys = left.map((key) => {
    const sk = key.sk!.S as string;
    return { pk: key.pk!.S as string, ...(sk === '-' ? {} : { sk: sk.slice(1) }) };
  });
  return restAnswer(200, { items: rows.map(itemOf), unprocessedKeys: unprocessedKeys.length ? unprocessedKeys : null });
}

export async function transactGet(engine: Engine, { databaseId }: RestRoute, input: Json): Promise<Answer> {
  const { items } = input;
  if (!Array.isArray(items) || items.length === 0) throw bad('items must be a list');
  if (items.length > KEYS_MAX) throw bad(`A transaction reads at most ${KEYS_MAX} items`);
  const keys = items.map((item, at) => readKey(item, `items[${at}].`));
  const TransactItems = keys.map((key) => ({ Get: { TableName: tableOf(databaseId), Key: keyOf(key) } }));
  const answer = await run(engine, 'TransactGetItems', { TransactItems });
  const found = (answer.Responses as { Item?: WireItem }[]).map(({ Item }, at) => ({
    ...keys[at],
    item: Item ? itemOf(Item).data : null,
    itemExists: Item !== undefined,
  }));
  return restAnswer(200, { items: found });
}
