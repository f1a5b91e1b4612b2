/** What routing needs to know of a request, and nothing more. */
import { parseObject } from '@/lib/adapters/dynamodb/parse-body';
import type { TableRouting } from '@/lib/contracts/routing';
import type { GatewayRequest } from './answer';
import { excessIn } from './json-bounds';
import { type SoleTable, soleTable } from './sole-table';
import type { RoutingView } from './views';

/** A decoded JSON object. Made by JSON.parse, so own properties only are looked at. */
export type Json = { [name: string]: unknown };

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const member = (object: Json, name: string): unknown => (Object.hasOwn(object, name) ? object[name] : undefined);

/**
 * The object of a body, or null where it is none: then the store is asked what it thinks of it. Never to be changed. A
 * byte order mark is passed over, because there are stores that do; what is nested too deeply, or has more parts than any
 * request, is not parsed at all.
 */
export function decode(body: Buffer): Json | null {
  if (excessIn(body) !== null) return null;
  return parseObject(body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body);
}

/** `arn:aws:dynamodb:region:account:table/NAME…` or the name itself. */
export function tableNameOf(text: string): string {
  if (!text.startsWith('arn:')) return text;
  const at = text.indexOf(':table/');
  if (at === -1) return text;
  return text.slice(at + 7).split('/')[0] as string;
}

const ITEM_OPERATIONS = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'GetItem', 'Query', 'Scan']);
const WRITES_OF_ONE = new Set(['PutItem', 'UpdateItem', 'DeleteItem']);
const BATCH_OPERATIONS = new Set(['BatchGetItem', 'BatchWriteItem']);
const TRANSACT_OPERATIONS = new Set(['TransactGetItems', 'TransactWriteItems']);
export const STATEMENT_OPERATIONS: ReadonlySet<string> = new Set([
  'ExecuteStatement',
  'BatchExecuteStatement',
  'ExecuteTransaction',
]);

const TABLE_FIELDS = ['TableName', 'ResourceArn', 'SourceTableName', 'TargetTableName', 'TableArn'] as const;

/** Names of the tables that a decoded request of any operation speaks of, as written; statements are not looked into. */
export function tablesIn(operation: string, input: Json): string[] {
  if (BATCH_OPERATIONS.has(operation)) {
    const items = member(input, 'RequestItems');
    return isJson(items) ? Object.keys(items) : [];
  }
  if (TRANSACT_OPERATIONS.has(operation)) {
    const items = member(input, 'TransactItems');
    if (!Array.isArray(items)) return [];
    return items.flatMap((item) =>
      isJson(item)
        ? Object.values(item).flatMap((action) => {
            const name = isJson(action) ? member(action, 'TableName') : undefined;
            return typeof name === 'string' ? [name] : [];
          })
        : [],
    );
  }
  const names: string[] = [];
  for (const field of TABLE_FIELDS) {
    const name = member(input, field);
    if (typeof name === 'string') names.push(name);
  }
  return names;
}

export interface Routed {
  /** Null where nobody has to know it: the request is of one key, and one store is asked whatever it says. */
  input: Json | null;
  /** The tables under a plan that the request touches, each once. */
  tables: TableRouting[];
}

/** Whether a request is one of the protocol that names tables: Streams have a prefix of their own. */
export const isOfTables = (request: GatewayRequest): boolean => request.target.startsWith('DynamoDB_20120810.');

/**
 * Null: nothing under a plan is touched, and the bytes go to the source as they are. `undecodable`: the body may speak of
 * such a table, but nobody here can tell; a store that could would be written past the mirror.
 */
export function routed(request: GatewayRequest, view: RoutingView): Routed | 'undecodable' | null {
  if (!isOfTables(request)) return null;
  const sole = soleTableOf(request);
  if (sole !== null) {
    const table = view.byName.get(tableNameOf(sole.name));
    if (table === undefined) return null;
    if (isPassedUnread(request.operation, table, sole)) return { input: null, tables: [table] };
  } else {
    // The name of a table may have another case in a statement than in its plan.
    const isStatement = STATEMENT_OPERATIONS.has(request.operation) && view.snapshot.tables.length > 0;
    if (!isStatement && !view.mayMention(request.body)) return null;
  }
  const input = decode(request.body);
  if (input === null) return 'undecodable';
  if (STATEMENT_OPERATIONS.has(request.operation)) return { input, tables: [] };
  const tables: TableRouting[] = [];
  for (const name of tablesIn(request.operation, input)) {
    const table = view.byName.get(tableNameOf(name));
    if (table !== undefined && !tables.includes(table)) tables.push(table);
  }
  return tables.length === 0 ? null : { input, tables };
}

/** What `soleTable` finds in a request whose operation has one table, looked for once; null where it may have others. */
export function soleTableOf(request: GatewayRequest): SoleTable | null {
  if (!ITEM_OPERATIONS.has(request.operation)) return null;
  if (request.soleTable === undefined) request.soleTable = soleTable(request.body);
  return request.soleTable;
}

/** The request goes to one store as it came, and nothing is to be done with its answer: nobody has to know more of it. */
function isPassedUnread(operation: string, table: TableRouting, sole: SoleTable): boolean {
  const { writes, reads, shadowMilli } = table;
  if (WRITES_OF_ONE.has(operation)) return writes === 'source' || writes === 'target';
  // A read that may be strong waits while its table is held, and is counted as one; cursors of other reads carry marks.
  if (operation !== 'GetItem' || sole.saysConsistentRead) return false;
  return reads === 'source' && shadowMilli === 0 && (writes === 'source' || writes === 'source_target');
}

export const isItemOperation = (operation: string): boolean =>
  ITEM_OPERATIONS.has(operation) || BATCH_OPERATIONS.has(operation) || TRANSACT_OPERATIONS.has(operation);
