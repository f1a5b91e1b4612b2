/** Whole tables and single writes straight in a sandbox's engine, for tests; shares no code with the adapters. */
interface Engine {
  run(operation: string, input: Record<string, unknown>): Promise<unknown>;
  execute(operation: string, body: string): Promise<{ status: number; body: string }>;
}
type Item = Record<string, Record<string, unknown>>;

const ENTRIES_MAX = 25;

export async function putItems(engine: Engine, table: string, items: readonly Item[]): Promise<void> {
  for (let at = 0; at < items.length; at += ENTRIES_MAX) {
    const requests = items.slice(at, at + ENTRIES_MAX).map((item) => ({ PutRequest: { Item: item } }));
    await engine.run('BatchWriteItem', { RequestItems: { [table]: requests } });
  }
}

export const putOne = (engine: Engine, table: string, item: Item) =>
  engine.run('PutItem', { TableName: table, Item: item });

export const deleteOne = (engine: Engine, table: string, key: Item) =>
  engine.run('DeleteItem', { TableName: table, Key: key });

/** Every item by the JSON of its key attributes, items as JSON with sorted names. */
export async function contents(engine: Engine, table: string, keys: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  let start: unknown;
  do {
    const page = (await engine.run('Scan', { TableName: table, ...(start ? { ExclusiveStartKey: start } : {}) })) as {
      Items: Item[];
      LastEvaluatedKey?: unknown;
    };
    for (const item of page.Items) found.set(keyText(item, keys), sortedText(item));
    start = page.LastEvaluatedKey;
  } while (start);
  return found;
}

export const keyText = (item: Item, keys: readonly string[]): string => JSON.stringify(keys.map((name) => item[name]));
export const sortedText = (item: Item): string =>
  JSON.stringify(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Calls `saw` with every request that reaches the engine over HTTP from now on. */
export function watchRequests(engine: Engine, saw: (operation: string, input: Record<string, unknown>) => void): void {
  const execute = engine.execute.bind(engine);
  engine.execute = async (operation, body) => {
    saw(operation, JSON.parse(body));
    return await execute(operation, body);
  };
}
