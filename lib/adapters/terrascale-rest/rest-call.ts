import { isJson, type Json } from '../dynamodb/call';
import type { KeySchema, WireOutcome } from '../ports';
import { invalidRequest } from './answer';

/** One request of the API: sends a body to a path of a table's database, below its items or its SQL. */
export interface RestCall {
  schemaOf(table: unknown): KeySchema | null;
  send(to: RestPlace, body: object): Promise<WireOutcome>;
}

export interface RestPlace {
  /** A GET has no body. */
  method?: 'GET' | 'PUT' | 'POST';
  api?: 'items' | 'sql';
  table: string;
  path: string;
}

/** The table of a request with its key, or the refusal. */
export function tableIn(call: RestCall, table: unknown): { table: string; schema: KeySchema } | WireOutcome {
  const schema = call.schemaOf(table);
  if (schema !== null) return { table: table as string, schema };
  return invalidRequest(`The key of ${String(table).slice(0, 255)} is not known on this connection.`);
}

export const isOutcome = (value: object): value is WireOutcome => 'kind' in value;

/** Members of a request that change its meaning and that the API has no word for; absent or null, they ask for nothing. */
export const asked = (input: Json, names: readonly string[]): string | null =>
  names.find((name) => input[name] !== undefined && input[name] !== null) ?? null;

export const objectsOf = (list: unknown): Json[] | null =>
  Array.isArray(list) && list.every(isJson) ? (list as Json[]) : null;
