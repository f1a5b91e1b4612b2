/** Whether both stores hold the same items, read from them directly; shares no code with what wrote them. */
import { TABLES } from './case';
import type { StoreClient } from './store-client';

const PAGES_MAX = 1_000;

/** Null: every table of the cases is the same on both sides; else the first item that is not. */
export async function unequalTables(first: StoreClient, second: StoreClient, prefix: string): Promise<string | null> {
  for (const { name, partition, sort } of TABLES) {
    const names = [partition.name, ...(sort ? [sort.name] : [])];
    const [a, b] = [await itemsOf(first, prefix + name, names), await itemsOf(second, prefix + name, names)];
    for (const key of new Set([...a.keys(), ...b.keys()])) {
      if (a.get(key) === b.get(key)) continue;
      return `${name} ${key}: ${a.get(key)?.slice(0, 300) ?? 'nothing'} in the source, ${b.get(key)?.slice(0, 300) ?? 'nothing'} in the target`;
    }
  }
  return null;
}

async function itemsOf(client: StoreClient, table: string, keys: readonly string[]): Promise<Map<string, string>> {
  const items = new Map<string, string>();
  let start: unknown;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const input = { TableName: table, ConsistentRead: true, ...(start ? { ExclusiveStartKey: start } : {}) };
    const { status, body } = await client.send({ operation: 'Scan', body: JSON.stringify(input) });
    if (status !== 200) throw new Error(`Scan of ${table}: ${status} ${body.toString('utf8')}`);
    const said = JSON.parse(body.toString('utf8')) as { Items: Record<string, unknown>[]; LastEvaluatedKey?: unknown };
    for (const item of said.Items) items.set(JSON.stringify(keys.map((name) => own(item, name))), canonical(item));
    start = said.LastEvaluatedKey;
    if (start === undefined) return items;
  }
  throw new Error(`${table} has more than ${PAGES_MAX} pages`);
}

const own = (item: object, name: string): unknown => Object.getOwnPropertyDescriptor(item, name)?.value;

/** Names in order; members of sets too. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([name, one]) => {
    const isSet = /^[SNB]S$/.test(name) && Array.isArray(one);
    return `${JSON.stringify(name)}:${isSet ? `[${one.map(canonical).sort().join(',')}]` : canonical(one)}`;
  });
  return `{${entries.sort().join(',')}}`;
}
