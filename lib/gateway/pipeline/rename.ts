/** Tables that have another name on the other side: named for the store in requests, for the application in answers. */
import type { TableRouting } from '@/lib/contracts/routing';
import { isJson, type Json, member } from './parse';
import type { Store } from './stores';

/** The body of a single-table request for a store; null where its bytes may go as they are. */
export function bodyFor(store: Store, input: Json, of: { table: TableRouting; changes?: Json }): Buffer | null {
  const name = store.tableName ?? of.table.tableName;
  // An ARN names the account of the source; TerraScale knows names alone.
  const isNamed = input.TableName === name || (store.kind === 'dynamodb' && store.tableName === null);
  if (isNamed && of.changes === undefined) return null;
  const renamed = isNamed ? {} : { TableName: name };
  return Buffer.from(JSON.stringify({ ...input, ...of.changes, ...renamed }));
}

/** Puts the application's name of the table into the members of an answer that say one. */
export function namedBack(answer: Json, names: ReadonlyMap<string, string>): Json {
  const consumed = member(answer, 'ConsumedCapacity');
  const rename = (one: unknown): unknown => {
    if (!isJson(one) || typeof one.TableName !== 'string') return one;
    return { ...one, TableName: names.get(one.TableName) ?? one.TableName };
  };
  const changed: Json = { ...answer };
  if (Array.isArray(consumed)) changed.ConsumedCapacity = consumed.map(rename);
  else if (consumed !== undefined) changed.ConsumedCapacity = rename(consumed);
  for (const field of ['Responses', 'UnprocessedKeys', 'UnprocessedItems', 'ItemCollectionMetrics']) {
    const value = member(answer, field);
    if (isJson(value)) changed[field] = keysRenamed(value, names);
  }
  return changed;
}

/** An object by table names, under other names. */
export function keysRenamed(value: Json, names: ReadonlyMap<string, string>): Json {
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [names.get(name) ?? name, one]));
}
