/**
 * The parts of dynalite that the sandbox runs directly, with the types that they lack. Going below dynalite's own HTTP
 * server saves a hop, and lets transactions use its expression evaluator and its store.
 */
import { createRequire } from 'node:module';
import type { WireItem } from '@/lib/adapters/ports';

export type Json = Record<string, unknown>;
export type Callback<T> = (error: Error | null, value?: T) => void;

/** An error that dynalite means for the client. */
export interface ClientError extends Error {
  statusCode: number;
  body: { __type: string; message?: string; Message?: string };
}

export interface LevelDatabase {
  get(key: string, done: Callback<unknown>): void;
  put(key: string, value: unknown, done: Callback<void>): void;
  del(key: string, done: Callback<void>): void;
  batch(operations: { type: 'put' | 'del'; key: string; value?: unknown }[], done: Callback<void>): void;
  close(done: Callback<void>): void;
}
export interface SubDatabase {
  lock(key: string, run: (release: <F>(done: F) => F) => void): void;
  get(key: string, done: Callback<WireItem>): void;
  put(key: string, value: WireItem, done: Callback<void>): void;
  del(key: string, done: Callback<void>): void;
}
export interface TableDescription {
  TableName: string;
  KeySchema: { AttributeName: string; KeyType: 'HASH' | 'RANGE' }[];
}
export interface DynaliteStore {
  options: { maxItemSize: number };
  db: LevelDatabase;
  getTable(name: string, done: Callback<TableDescription>): void;
  getItemDb(table: string): SubDatabase;
  getIndexDb(type: string, table: string, index: string): SubDatabase;
  lifecycleManager?: { gracefulClose(done: Callback<void>): void };
}
interface ActionValidation {
  types: Json;
  custom?: (data: Json, store: DynaliteStore) => string | undefined;
}

const require = createRequire(import.meta.url);

const core = require('dynalite/db') as {
  create(options: {
    path?: string;
    createTableMs: number;
    deleteTableMs: number;
    updateTableMs: number;
  }): DynaliteStore;
  createKey(item: WireItem, table: TableDescription): string;
  validateKey(key: WireItem, table: TableDescription): Error | null | undefined;
  validateItem(item: WireItem, table: TableDescription): Error | null | undefined;
  checkConditional(data: Json, existing: WireItem | undefined): Error | null | undefined;
  itemSize(item: WireItem): number;
};
const validations = require('dynalite/validations') as {
  checkTypes(data: Json, types: Json): Json;
  checkValidations(data: Json, types: Json, custom: ActionValidation['custom'], store: DynaliteStore): void;
};

export const { create: createStore, createKey, validateKey, validateItem, checkConditional, itemSize } = core;

const OPERATIONS = [
  ...['BatchGetItem', 'BatchWriteItem', 'CreateTable', 'DeleteItem', 'DeleteTable', 'DescribeTable', 'GetItem'],
  ...['ListTables', 'PutItem', 'Query', 'Scan', 'TagResource', 'UntagResource', 'ListTagsOfResource', 'UpdateItem'],
  'UpdateTable',
] as const;
export type EngineOperation = (typeof OPERATIONS)[number];
export const isEngineOperation = (name: string): name is EngineOperation =>
  (OPERATIONS as readonly string[]).includes(name);

type Action = (store: DynaliteStore, data: Json, done: Callback<Json>) => void;
const lowerFirst = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);
const load = (kind: string, name: EngineOperation) => require(`dynalite/${kind}/${lowerFirst(name)}`);

const actions = new Map<string, Action>(OPERATIONS.map((name) => [name, load('actions', name)]));
const checks = new Map<string, ActionValidation>(OPERATIONS.map((name) => [name, load('validations', name)]));

/** Types and rules of one operation; throws a ClientError. Returns the data that the action wants. */
export function validated(store: DynaliteStore, operation: EngineOperation, input: Json): Json {
  const check = checks.get(operation)!;
  // checkTypes deletes what it does not know from the object that it is given.
  const data = validations.checkTypes({ ...input }, check.types);
  validations.checkValidations(data, check.types, check.custom, store);
  return data;
}

/** Runs one validated operation against a store. */
export const act = (store: DynaliteStore, operation: EngineOperation, data: Json): Promise<Json> =>
  new Promise((done, fail) => {
    actions.get(operation)!(store, data, (error, value) => (error ? fail(error) : done(value ?? {})));
  });

export const isClientError = (error: unknown): error is ClientError =>
  error instanceof Error && typeof (error as ClientError).statusCode === 'number' && 'body' in error;

export const clientError = (type: string, message: string, more: Json = {}): ClientError =>
  Object.assign(new Error(message), { statusCode: 400, body: { __type: type, message, ...more } });

export const validationError = (message: string): ClientError =>
  clientError('com.amazon.coral.validate#ValidationException', message);
