import type { WireItem } from '@/lib/adapters/ports';
import type { Json } from '../dynalite-modules';
import type { Engine } from '../engine';
import type { Answer } from '../fault-http';
import { bad, Problem, restAnswer } from './problem';
import { itemOf, run, tableOf } from './rest-store';
import type { RestRoute } from './routes';
import type { SqlSwitch } from './sql-switch';

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;
/** The one table of a database: its items, one row each. */
const TABLE = 'items';
const VALUE = `(?:'((?:[^']|'')*)'|[@:](\\w+))`;
const SELECT = new RegExp(
  `^\\s*SELECT\\s+\\*\\s+FROM\\s+(\\w+)(?:\\s+WHERE\\s+pk\\s*=\\s*${VALUE}(?:\\s+AND\\s+sk\\s*=\\s*${VALUE})?)?(?:\\s+LIMIT\\s+(\\d+))?\\s*;?\\s*$`,
  'i',
);

/**
 * The part of the SQL endpoint that reading back needs: SELECT of all columns by key. The dialect of the real one is not
 * published; everything else is refused by name, so that nobody takes silence for support.
 */
export async function sqlQuery(
  sql: SqlSwitch,
  { databaseId }: RestRoute,
  { input, reads }: { input: Json; reads: Engine },
): Promise<Answer> {
  sql.requireOffered();
  const startMs = performance.now();
  if (typeof input.sql !== 'string') throw bad('sql must be a string');
  const match = SELECT.exec(input.sql);
  if (!match) throw bad('The sandbox runs SELECT * FROM items [WHERE pk = … [AND sk = …]] [LIMIT n]');
  const [, table = '', pkText, pkName, skText, skName, limitText] = match;
  if (table.toLowerCase() !== TABLE) throw new Problem(404, `There is no table ${table}`);
  const of = (text?: string, name?: string): string | null => {
    if (text !== undefined) return text.replaceAll("''", "'");
    if (name === undefined) return null;
    const value = (input.parameters as Json | undefined)?.[name];
    if (typeof value !== 'string') throw bad(`parameters.${name} must be a string`);
    return value;
  };
  const limit = Math.min(LIMIT_MAX, Number(limitText ?? input.limit ?? LIMIT_DEFAULT));
  const asked = { pk: of(pkText, pkName), sk: of(skText, skName), limit };
  const rows = sql.bent(await rowsOf(sql.engine(reads), databaseId, asked));
  const columns = ['pk', 'sk', 'data', 'createdAt', 'updatedAt'].map((name) => ({
    name,
    type: name === 'data' ? 'json' : 'text',
  }));
  const executionTimeMs = Math.round(performance.now() - startMs);
  return restAnswer(200, { rows, rowCount: rows.length, columns, nextPageToken: null, executionTimeMs });
}

async function rowsOf(
  engine: Engine,
  databaseId: string,
  { pk, sk, limit }: { pk: string | null; sk: string | null; limit: number },
): Promise<object[]> {
  const at = { TableName: tableOf(databaseId), Limit: limit, ConsistentRead: true };
  if (pk === null) return ((await run(engine, 'Scan', at)).Items as WireItem[]).map(itemOf);
  const page = await run(engine, 'Query', {
    ...at,
    KeyConditionExpression: `pk = :pk${sk === null ? '' : ' AND sk = :sk'}`,
    ExpressionAttributeValues: { ':pk': { S: pk }, ...(sk === null ? {} : { ':sk': { S: `=${sk}` } }) },
  });
  return (page.Items as WireItem[]).map(itemOf);
}

export async function sqlTables(sql: SqlSwitch, { databaseId }: RestRoute, reads: Engine): Promise<Answer> {
  sql.requireOffered();
  await run(reads, 'DescribeTable', { TableName: tableOf(databaseId) });
  return restAnswer(200, { tables: [{ name: TABLE }] });
}
