/** The keys that a request writes, before it is known whether it will be accepted. */
import type { WireItem } from '@/lib/adapters/ports';
import type { DynaliteStore, Json, TableDescription } from '../dynalite-modules';
import type { TableWrite } from './stream-book';

const tableOf = (store: DynaliteStore, name: string): Promise<TableDescription | null> =>
  new Promise((done) => {
    store.getTable(name, (error, table) => done(error || !table ? null : table));
  });

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

interface Asked {
  table: string;
  /** A whole item or its key. */
  of: unknown;
  event: TableWrite['event'];
}

function askedBy(operation: string, input: Json): Asked[] {
  const table = String(input.TableName);
  switch (operation) {
    case 'PutItem':
      return [{ table, of: input.Item, event: 'MODIFY' }];
    case 'UpdateItem':
      return [{ table, of: input.Key, event: 'MODIFY' }];
    case 'DeleteItem':
      return [{ table, of: input.Key, event: 'REMOVE' }];
    case 'BatchWriteItem':
      return Object.entries(isObject(input.RequestItems) ? input.RequestItems : {}).flatMap(([name, entries]) =>
        (Array.isArray(entries) ? entries : []).map((entry: Record<string, Json>) => ({
          table: name,
          of: entry.PutRequest?.Item ?? entry.DeleteRequest?.Key,
          event: entry.PutRequest ? 'MODIFY' : 'REMOVE',
        })),
      );
    case 'TransactWriteItems':
      return (Array.isArray(input.TransactItems) ? input.TransactItems : []).flatMap((entry: Record<string, Json>) => {
        const { Put, Update, Delete } = entry ?? {};
        const one = Put ?? Update ?? Delete;
        if (!one) return [];
        return [{ table: String(one.TableName), of: one.Item ?? one.Key, event: Delete ? 'REMOVE' : 'MODIFY' }];
      });
    default:
      return [];
  }
}

/** What a write touches; nothing for other operations, for tables that do not exist and for entries without a key. */
export async function writesOf(store: DynaliteStore, operation: string, input: Json): Promise<TableWrite[]> {
  const writes: TableWrite[] = [];
  for (const { table, of, event } of askedBy(operation, input)) {
    const described = isObject(of) ? await tableOf(store, table) : null;
    if (!described) continue;
    const item = of as WireItem;
    const names = described.KeySchema.map((part) => part.AttributeName);
    if (!names.every((name) => Object.hasOwn(item, name))) continue;
    const keys = Object.fromEntries(names.map((name) => [name, item[name]])) as WireItem;
    writes.push({ table, keys, event });
  }
  return writes;
}
