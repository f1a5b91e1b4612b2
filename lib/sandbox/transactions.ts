/**
 * Transactions over dynalite. The caller holds the engine's lock alone, so nothing else runs; every entry is checked
 * and applied by dynalite's own action against an overlay that keeps the writes; then one level batch makes all of
 * them durable, with the client's token, or none.
 */
import { createHash } from 'node:crypto';
import type { WireItem } from '@/lib/adapters/ports';
import {
  act,
  type Callback,
  checkConditional,
  clientError,
  createKey,
  type DynaliteStore,
  type EngineOperation,
  isClientError,
  type Json,
  type LevelDatabase,
  type SubDatabase,
  type TableDescription,
  validated,
  validateKey,
  validationError,
} from './dynalite-modules';

const TOKEN_LIFE_MS = 10 * 60_000;
const TRANSACT_GET_ITEMS_MAX = 100;

type Kind = 'Put' | 'Update' | 'Delete' | 'ConditionCheck';
const KINDS: readonly Kind[] = ['Put', 'Update', 'Delete', 'ConditionCheck'];
const RUNS: Record<Kind, EngineOperation> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  // A delete's parameters are exactly a condition check's; it is never run.
  ConditionCheck: 'DeleteItem',
};

interface Entry {
  kind: Kind;
  data: Json;
  table: TableDescription;
  key: string;
  returnsItem: boolean;
}
interface Reason {
  Code: string;
  Message?: string;
  Item?: WireItem;
}

/** Level keys as dynalite writes them: the database's name, a tilde, the key. */
class Overlay {
  readonly writes = new Map<string, unknown>();
  readonly store: DynaliteStore;
  constructor(private readonly real: DynaliteStore) {
    this.store = {
      ...real,
      getItemDb: (table) => this.sub(`item-${table}`, real.getItemDb(table)),
      getIndexDb: (type, table, index) =>
        this.sub(`index-${type.toLowerCase()}~${table}~${index}`, real.getIndexDb(type, table, index)),
    };
  }
  private sub(name: string, behind: SubDatabase): SubDatabase {
    const full = (key: string) => `${name}~${key}`;
    const keep = (key: string, value: unknown, done: Callback<void>) => {
      this.writes.set(full(key), value);
      done(null);
    };
    return {
      lock: (_key, run) => run((done) => done),
      get: (key, done) => behind.get(key, done),
      put: (key, value, done) => keep(key, value, done),
      del: (key, done) => keep(key, undefined, done),
    };
  }
  commit(more: { key: string; value: unknown }[]): Promise<void> {
    const operations = [...this.writes].map(([key, value]) =>
      value === undefined ? { type: 'del' as const, key } : { type: 'put' as const, key, value },
    );
    const all = [...operations, ...more.map((entry) => ({ type: 'put' as const, ...entry }))];
    return new Promise((done, fail) => this.real.db.batch(all, (error) => (error ? fail(error) : done())));
  }
}

const tableOf = (store: DynaliteStore, name: string): Promise<TableDescription> =>
  new Promise((done, fail) => store.getTable(name, (error, table) => (error ? fail(error) : done(table!))));

const itemAt = (store: DynaliteStore, table: string, key: string): Promise<WireItem | undefined> =>
  new Promise((done, fail) => {
    store.getItemDb(table).get(key, (error, item) => {
      if (error && error.name !== 'NotFoundError') fail(error);
      else done(item);
    });
  });

async function entryOf(store: DynaliteStore, raw: unknown): Promise<Entry> {
  const given = KINDS.filter((kind) => (raw as Json | null)?.[kind] != null);
  const kind = given[0];
  if (given.length !== 1 || !kind) {
    throw validationError('TransactItems can only contain one of Check, Put, Update or Delete');
  }
  const input = (raw as Record<Kind, Json>)[kind];
  const data = validated(store, RUNS[kind], input);
  if (kind === 'ConditionCheck' && data.ConditionExpression == null) {
    throw validationError('The expression can not be empty; ConditionExpression must be given');
  }
  const table = await tableOf(store, data.TableName as string);
  const keyed = (kind === 'Put' ? data.Item : data.Key) as WireItem;
  if (kind !== 'Put') {
    const wrong = validateKey(keyed, table);
    if (wrong) throw wrong;
  }
  const returnsItem = input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD';
  return { kind, data, table, key: createKey(keyed, table), returnsItem };
}

const cancelled = (reasons: Reason[]) =>
  clientError(
    'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
    'Transaction cancelled, please refer cancellation reasons for specific reasons ' +
      `[${reasons.map((reason) => reason.Code).join(', ')}]`,
    { CancellationReasons: reasons },
  );

async function reasonOf(overlay: Overlay, entry: Entry): Promise<Reason> {
  const name = entry.table.TableName;
  const existing = await itemAt(overlay.store, name, entry.key);
  if (checkConditional(entry.data, existing)) {
    const Item = entry.returnsItem ? existing : undefined;
    return { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed', ...(Item ? { Item } : {}) };
  }
  if (entry.kind === 'ConditionCheck') return { Code: 'None' };
  try {
    await act(overlay.store, RUNS[entry.kind], entry.data);
    return { Code: 'None' };
  } catch (error) {
    if (!isClientError(error)) throw error;
    return { Code: 'ValidationError', Message: error.body.message ?? error.message };
  }
}

interface Token {
  hash: string;
  atMs: number;
}

async function seenToken(db: LevelDatabase, key: string): Promise<Token | null> {
  const token = await new Promise<Token | undefined>((done, fail) => {
    db.get(key, (error, value) => (error && error.name !== 'NotFoundError' ? fail(error) : done(value as Token)));
  });
  return token && Date.now() - token.atMs < TOKEN_LIFE_MS ? token : null;
}

/** All or nothing; a repeated ClientRequestToken within ten minutes answers again without writing again. */
export async function runTransactWrite(store: DynaliteStore, input: Json, itemsMax: number): Promise<Json> {
  const items = input.TransactItems;
  if (!Array.isArray(items) || items.length === 0 || items.length > itemsMax) {
    throw validationError(
      "1 validation error detected: Value at 'transactItems' failed to satisfy constraint: " +
        `Member must have length less than or equal to ${itemsMax} and greater than or equal to 1`,
    );
  }
  const token = typeof input.ClientRequestToken === 'string' ? `token~${input.ClientRequestToken}` : null;
  const hash = createHash('sha256').update(JSON.stringify(items)).digest('hex');
  const seen = token ? await seenToken(store.db, token) : null;
  if (seen) {
    if (seen.hash === hash) return {};
    throw clientError(
      'com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException',
      'The client request token was used with other parameters',
    );
  }
  const entries: Entry[] = [];
  for (const raw of items) entries.push(await entryOf(store, raw));
  const places = new Set(entries.map((entry) => `${entry.table.TableName}~${entry.key}`));
  if (places.size !== entries.length) {
    throw validationError('Transaction request cannot include multiple operations on one item');
  }
  const overlay = new Overlay(store);
  const reasons: Reason[] = [];
  for (const entry of entries) reasons.push(await reasonOf(overlay, entry));
  if (reasons.some((reason) => reason.Code !== 'None')) throw cancelled(reasons);
  await overlay.commit(token ? [{ key: token, value: { hash, atMs: Date.now() } satisfies Token }] : []);
  return {};
}

export async function runTransactGet(store: DynaliteStore, input: Json): Promise<Json> {
  const items = input.TransactItems;
  if (!Array.isArray(items) || items.length === 0 || items.length > TRANSACT_GET_ITEMS_MAX) {
    throw validationError(`TransactItems must have between 1 and ${TRANSACT_GET_ITEMS_MAX} entries`);
  }
  const Responses: Json[] = [];
  for (const raw of items) {
    const get = (raw as Json | null)?.Get;
    if (get === null || typeof get !== 'object') throw validationError('TransactItems can only contain Get');
    const found = await act(store, 'GetItem', validated(store, 'GetItem', get as Json));
    Responses.push(found.Item === undefined ? {} : { Item: found.Item });
  }
  return { Responses };
}
