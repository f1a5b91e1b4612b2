/**
 * Databases of the REST API on the engine: an item `{pk, sk?, data}` is a row of a table of ours whose `data` is one JSON
 * text. What JSON cannot hold is lost before it gets here, as it would be there: numbers are doubles.
 */
import type { WireItem } from '@/lib/adapters/ports';
import { isClientError, type Json } from '../dynalite-modules';
import type { Engine } from '../engine';
import { bad, Problem } from './problem';

export interface RestKey {
  pk: string;
  sk: string | null;
}
export interface RestItem extends RestKey {
  data: Json;
  createdAt: string;
  updatedAt: string;
}

/** Table of the engine that holds a database; no table that an application could name. */
export const tableOf = (databaseId: string): string => `rest.${databaseId}`;

/** An item without a sort key sorts before those with one, and can never meet one of them. */
const storedSk = (sk: string | null): string => (sk === null ? '-' : `=${sk}`);
const PK_BYTES_MAX = 2_048;
const SK_BYTES_MAX = 1_023;

export const keyOf = ({ pk, sk }: RestKey): WireItem => ({ pk: { S: pk }, sk: { S: storedSk(sk) } });

/** A key as it was given, or the refusal that names what is wrong with it. */
export function readKey(given: unknown, where: string): RestKey {
  const { pk, sk } = (typeof given === 'object' && given !== null ? given : {}) as { pk?: unknown; sk?: unknown };
  if (typeof pk !== 'string' || pk === '') throw bad(`${where}pk must be a non-empty string`);
  if (sk !== undefined && sk !== null && typeof sk !== 'string') throw bad(`${where}sk must be a string`);
  if (Buffer.byteLength(pk) > PK_BYTES_MAX) throw bad(`${where}pk is longer than ${PK_BYTES_MAX} bytes`);
  if (typeof sk === 'string' && Buffer.byteLength(sk) > SK_BYTES_MAX) throw bad(`${where}sk is too long`);
  return { pk, sk: typeof sk === 'string' && sk !== '' ? sk : null };
}

export function readData(given: unknown, where: string): Json {
  const { data } = given as { data?: unknown };
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw bad(`${where}data must be an object`);
  return data as Json;
}

export function rowOf(key: RestKey, data: Json, before: WireItem | null): WireItem {
  const now = new Date().toISOString();
  const createdAt = before?.created ?? { S: now };
  return { ...keyOf(key), data: { S: JSON.stringify(data) }, created: createdAt, updated: { S: now } };
}

export function itemOf(row: WireItem): RestItem {
  const text = (name: string) => row[name]!.S as string;
  const sk = text('sk');
  return {
    pk: text('pk'),
    sk: sk === '-' ? null : sk.slice(1),
    data: JSON.parse(text('data')) as Json,
    createdAt: text('created'),
    updatedAt: text('updated'),
  };
}

/** Runs an operation of the engine; its refusals become the API's. */
export async function run(engine: Engine, operation: string, input: Json): Promise<Json> {
  try {
    return await engine.run(operation, input);
  } catch (error) {
    if (!isClientError(error)) throw error;
    const type = error.body.__type;
    const message = error.body.message ?? error.body.Message ?? 'refused';
    if (type.endsWith('ResourceNotFoundException')) throw new Problem(404, 'There is no such database');
    if (type.endsWith('ConditionalCheckFailedException')) throw new Problem(409, 'The condition does not hold');
    throw bad(message);
  }
}

export async function readRow(engine: Engine, databaseId: string, key: RestKey): Promise<WireItem | null> {
  const input = { TableName: tableOf(databaseId), Key: keyOf(key), ConsistentRead: true };
  return ((await run(engine, 'GetItem', input)).Item as WireItem | undefined) ?? null;
}

/** `attribute_not_exists(pk)` and its opposite are what the reference shows of conditions. */
export function conditionOf(given: unknown): Json {
  if (given === undefined || given === null) return {};
  const name = /^\s*attribute_(not_)?exists\s*\(\s*(pk|sk)\s*\)\s*$/.exec(String(given));
  if (!name) throw bad('conditionExpression may be attribute_not_exists(pk) or attribute_exists(pk)');
  return {
    ConditionExpression: `attribute_${name[1] ?? ''}exists(#p)`,
    ExpressionAttributeNames: { '#p': 'pk' },
  };
}

/** The input of CreateTable for a database. */
export function databaseTable(databaseId: string): Json {
  const names = ['pk', 'sk'];
  return {
    TableName: tableOf(databaseId),
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: names.map((name) => ({ AttributeName: name, AttributeType: 'S' })),
    KeySchema: names.map((name, at) => ({ AttributeName: name, KeyType: at === 0 ? 'HASH' : 'RANGE' })),
  };
}

export async function createDatabase(engine: Engine, databaseId: string): Promise<void> {
  await engine.createReady(databaseTable(databaseId));
}
