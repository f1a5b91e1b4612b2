/**
 * TerraScale's SQL over the items of a database, as far as a read-back by key needs it: SELECT with parameters, so that
 * no key ever stands in a statement. The reference offers it for exploration only, names neither its dialect nor its
 * tables, and promises nothing about when a write is seen there; what the answers show is compared and never acted on.
 *
 * Two operations of the REST wire, beside those of DynamoDB's protocol, so that pace, quota and Retry-After hold for
 * them as for any request.
 */
import type { WireItem } from '@/lib/domain/item/item';
import { itemOfJson, jsonKeyOf } from '@/lib/domain/item/json-data';
import { keyId } from '@/lib/domain/item/key';
import { type Answer, type CallOptions, call, isJson, type Json, type Trouble } from '../dynamodb/call';
import { parseObject } from '../dynamodb/parse-body';
import type { StoreWire, WireOutcome } from '../ports';
import { answerOf, invalidRequest, refusalOf, translated, unreadable } from './answer';
import { isOutcome, objectsOf, type RestCall, tableIn } from './rest-call';

const TABLES = 'SqlTables';
const SELECT = 'SqlSelect';
/** What the sandbox calls the one table of a database; taken first where there are several. */
const USUAL_NAME = 'items';
/** A name that may stand in a statement as it is. */
const IS_PLAIN_NAME = /^[A-Za-z_]\w{0,127}$/;
/** One more than a key can have: a second row would be a fault worth seeing. */
const ROWS_MAX = 2;

/** How the table of a database's items is called in SQL; null: none that could be asked. */
export async function sqlTable(
  wire: StoreWire,
  table: string,
  options: CallOptions = {},
): Promise<Answer<string | null>> {
  const answer = await call(wire, { operation: TABLES, input: { TableName: table } }, options);
  if (answer.kind !== 'ok') return answer;
  const { Name } = answer.value;
  return { kind: 'ok', value: typeof Name === 'string' ? Name : null };
}

/** The item of a key as SELECT shows it, or null where it shows none. */
export async function sqlItem(
  wire: StoreWire,
  ask: { table: string; sqlTable: string; key: WireItem },
  options: CallOptions = {},
): Promise<Answer<WireItem | null>> {
  const input = { TableName: ask.table, From: ask.sqlTable, Key: ask.key };
  const answer = await call(wire, { operation: SELECT, input }, options);
  if (answer.kind !== 'ok') return answer;
  return { kind: 'ok', value: (answer.value.Item as WireItem | undefined) ?? null };
}

/** Why a connection has no SQL, as far as a refusal says so; null: it says nothing of that. */
export function whyNoSql(trouble: Trouble): string | null {
  switch (trouble.status) {
    case 401:
      return 'the API key is refused (401)';
    case 403:
      return 'the API key lacks the scope database:read for SQL (403)';
    case 404:
      return 'there is no SQL at this address for this database (404)';
    case 405:
    case 501:
      return `it is not offered here (${trouble.status})`;
    default:
      return null;
  }
}

export async function sqlTables(rest: RestCall, input: Json): Promise<WireOutcome> {
  const place = tableIn(rest, input.TableName);
  if (isOutcome(place)) return place;
  const outcome = await rest.send({ method: 'GET', api: 'sql', table: place.table, path: '/tables' }, {});
  if (outcome.kind !== 'ok') return refused(outcome);
  const names = objectsOf(parseObject(outcome.body)?.tables)?.map(({ name }) => name);
  if (!names) return unreadable('the list of SQL tables is none');
  const Name = names.includes(USUAL_NAME) ? USUAL_NAME : names.length === 1 ? names[0] : null;
  return answerOf(typeof Name === 'string' && IS_PLAIN_NAME.test(Name) ? { Name } : { Name: null });
}

export async function sqlSelect(rest: RestCall, input: Json): Promise<WireOutcome> {
  const place = tableIn(rest, input.TableName);
  if (isOutcome(place)) return place;
  const { From } = input;
  if (typeof From !== 'string' || !IS_PLAIN_NAME.test(From)) return invalidRequest('From must be a plain name.');
  const key = jsonKeyOf((isJson(input.Key) ? input.Key : {}) as WireItem, place.schema);
  if (!key.ok) return invalidRequest(`The key is none of the table: ${key.error}.`);
  const { pk, sk } = key.value;
  const where = sk === undefined ? 'pk = :pk' : 'pk = :pk AND sk = :sk';
  const sql = `SELECT * FROM ${From} WHERE ${where} LIMIT ${ROWS_MAX}`;
  const parameters = sk === undefined ? { pk } : { pk, sk };
  const outcome = await rest.send({ api: 'sql', table: place.table, path: '/query' }, { sql, parameters });
  if (outcome.kind !== 'ok') return refused(outcome);
  const body = parseObject(outcome.body);
  const rows = objectsOf(body?.rows);
  if (!rows || body?.rowCount !== rows.length) return unreadable('the rows of the answer are not as many as it says');
  if (rows.length > 1) return unreadable(`SELECT by one key gave ${rows.length} rows`);
  const [row] = rows;
  if (row === undefined) return answerOf({});
  const item = itemOfJson({ pk: row.pk, sk: row.sk, data: dataOf(row.data) }, place.schema);
  const id = item && keyId(item, place.schema);
  const asked = keyId(input.Key as WireItem, place.schema);
  if (!item || !id?.ok || !asked.ok) return unreadable('a row is no item of the table: it needs pk, sk and data');
  return id.value === asked.value ? answerOf({ Item: item }) : unreadable('the row has another key than was asked for');
}

/** A JSON column may come as an object or as its text. */
const dataOf = (data: unknown): unknown => (typeof data === 'string' ? parseObject(Buffer.from(data)) : data);

/** An endpoint that is not there is a refusal, and no server that failed. */
function refused(outcome: Exclude<WireOutcome, { kind: 'ok' }>): WireOutcome {
  if (outcome.status !== 501 && outcome.status !== 405) return translated(outcome);
  const refusal = refusalOf('UnknownOperationException', "TerraScale's SQL is not offered here.");
  return { ...refusal, status: outcome.status } as WireOutcome;
}
