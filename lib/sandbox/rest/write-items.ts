import { isClientError, type Json } from '../dynalite-modules';
import type { Engine } from '../engine';
import type { Answer } from '../fault-http';
import { bad, Problem, restAnswer } from './problem';
import { conditionOf, keyOf, type RestKey, readData, readKey, readRow, rowOf, run, tableOf } from './rest-store';
import type { RestRoute } from './routes';

const ENTRIES_MAX = 25;
const TOKEN_MS = 10 * 60_000;
const TOKENS_MAX = 10_000;

export async function putItem(engine: Engine, { databaseId }: RestRoute, input: Json): Promise<Answer> {
  const key = readKey(input, '');
  const row = rowOf(key, readData(input, ''), await readRow(engine, databaseId, key));
  const condition = conditionOf(input.conditionExpression);
  await run(engine, 'PutItem', { TableName: tableOf(databaseId), Item: row, ...condition });
  return restAnswer(200, { ...key, updatedAt: row.updated!.S });
}

export async function deleteItem(engine: Engine, { databaseId, pk, sk }: RestRoute): Promise<Answer> {
  await run(engine, 'DeleteItem', { TableName: tableOf(databaseId), Key: keyOf(readKey({ pk, sk }, '')) });
  return restAnswer(204, null);
}

/** Each entry for itself: an entry that is refused fails alone, in an answer that is a success. */
export async function batchWrite(engine: Engine, route: RestRoute, input: Json): Promise<Answer> {
  const { items } = input;
  if (!Array.isArray(items) || items.length === 0) throw bad('items must be a list');
  if (items.length > ENTRIES_MAX) throw bad(`A batch writes at most ${ENTRIES_MAX} items`);
  const keys = items.map((item, at) => readKey(item, `items[${at}].`));
  if (new Set(keys.map((key) => JSON.stringify(key))).size < keys.length) throw bad('A key stands in the batch twice');
  await run(engine, 'DescribeTable', { TableName: tableOf(route.databaseId) });
  const errors: object[] = [];
  for (const [at, item] of items.entries()) {
    const key = keys[at] as RestKey;
    try {
      await writeEntry(engine, route.databaseId, { key, entry: item as Json });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      errors.push({ ...key, error: error.detail });
    }
  }
  return restAnswer(200, {
    successCount: items.length - errors.length,
    failedCount: errors.length,
    errors: errors.length > 0 ? errors : null,
  });
}

async function writeEntry(engine: Engine, databaseId: string, of: { key: RestKey; entry: Json }): Promise<void> {
  const { key, entry } = of;
  const TableName = tableOf(databaseId);
  if (entry.operation === 'Delete') await run(engine, 'DeleteItem', { TableName, Key: keyOf(key) });
  else if (entry.operation === 'Put')
    await run(engine, 'PutItem', {
      TableName,
      Item: rowOf(key, readData(entry, ''), await readRow(engine, databaseId, key)),
    });
  else throw bad('operation may be Put or Delete');
}

/** What was answered to a clientRequestToken, for ten minutes. */
export class Tokens {
  readonly #answers = new Map<string, { body: string; answer: Answer; atMs: number }>();

  find(token: string, body: string): Answer | null {
    const known = this.#answers.get(token);
    if (!known || Date.now() - known.atMs > TOKEN_MS) return null;
    if (known.body !== body) throw bad('clientRequestToken was used with another request');
    return known.answer;
  }

  keep(token: string, body: string, answer: Answer): void {
    const oldest = this.#answers.keys().next();
    if (this.#answers.size >= TOKENS_MAX && !oldest.done) this.#answers.delete(oldest.value);
    this.#answers.set(token, { body, answer, atMs: Date.now() });
  }
}

/** All or nothing; what failed is said in an answer that is a success, as the reference has it. */
export async function transactWrite(
  engine: Engine,
  { databaseId }: RestRoute,
  { input, tokens }: { input: Json; tokens: Tokens },
): Promise<Answer> {
  const { items, clientRequestToken: token } = input;
  if (!Array.isArray(items) || items.length === 0) throw bad('items must be a list');
  if (items.length > ENTRIES_MAX) throw bad(`A transaction writes at most ${ENTRIES_MAX} items`);
  const body = JSON.stringify(items);
  const before = typeof token === 'string' ? tokens.find(token, body) : null;
  if (before) return before;
  const keys = items.map((item, at) => readKey(item, `items[${at}].`));
  const TransactItems: Json[] = [];
  for (const [at, item] of items.entries())
    TransactItems.push(await transactEntry(engine, databaseId, { key: keys[at] as RestKey, entry: item as Json }));
  const answer = await transacted(engine, { TransactItems, keys });
  if (typeof token === 'string') tokens.keep(token, body, answer);
  return answer;
}

async function transacted(engine: Engine, of: { TransactItems: Json[]; keys: RestKey[] }): Promise<Answer> {
  const { TransactItems, keys } = of;
  try {
    await engine.run('TransactWriteItems', { TransactItems });
    return restAnswer(200, { successCount: keys.length, errors: null });
  } catch (error) {
    const reasons = isClientError(error) ? (error.body as Json).CancellationReasons : null;
    if (!Array.isArray(reasons)) {
      if (isClientError(error)) throw bad(error.body.message ?? 'The transaction was refused');
      throw error;
    }
    const errors = reasons.flatMap(({ Code }: { Code: string }, itemIndex: number) =>
      Code === 'None' ? [] : [{ itemIndex, ...keys[itemIndex], error: 'The condition does not hold', errorType: Code }],
    );
    return restAnswer(200, { successCount: 0, errors });
  }
}

async function transactEntry(engine: Engine, databaseId: string, of: { key: RestKey; entry: Json }): Promise<Json> {
  const { key, entry } = of;
  const at = { TableName: tableOf(databaseId), ...conditionOf(entry.conditionExpression) };
  switch (entry.action) {
    case 'Put':
    case 'Update': {
      const before = await readRow(engine, databaseId, key);
      const merged = entry.action === 'Update' && before ? (JSON.parse(before.data!.S as string) as Json) : {};
      return { Put: { ...at, Item: rowOf(key, { ...merged, ...readData(entry, '') }, before) } };
    }
    case 'Delete':
      return { Delete: { ...at, Key: keyOf(key) } };
    case 'ConditionCheck':
      if (!entry.conditionExpression) throw bad('A ConditionCheck needs a conditionExpression');
      return { ConditionCheck: { ...at, Key: keyOf(key) } };
    default:
      throw bad('action may be Put, Update, Delete or ConditionCheck');
  }
}
