/**
 * One answer of several to a BatchGetItem: items as the bytes that came, tables in the application's order, and within a
 * table in the order of its keys where items name theirs.
 */
import type { TableRouting } from '@/lib/contracts/routing';
import type { WireItem } from '@/lib/domain/item/item';
import { keyId } from '@/lib/domain/item/key';
import { type GatewayAnswer, withBody } from './answer';
import { type Edit, edited, elementsAt, membersAt, placeOf, setEdits, whole } from './json-bytes';
import { decode, isJson, type Json, member } from './parse';

export interface Asked {
  /** As the application names it. */
  name: string;
  table: TableRouting | null;
  keys: readonly Json[];
}

/** A failed answer is the whole's, since an application cannot be told half of it. */
export function merged(asked: readonly Asked[], answers: readonly GatewayAnswer[]): GatewayAnswer {
  const [base] = answers as [GatewayAnswer];
  if (answers.length === 1) return base;
  const failed = answers.find((answer) => answer.status !== 200);
  if (failed) return failed;
  const { body } = base;
  const edits: Edit[] = setEdits(body, whole(body), { name: 'Responses', text: responses(asked, answers) });
  const left = unprocessed(asked, answers);
  edits.push(...setEdits(body, whole(body), { name: 'UnprocessedKeys', text: JSON.stringify(left) }));
  const consumed = capacity(answers);
  if (consumed.length > 0) {
    edits.push(...setEdits(body, whole(body), { name: 'ConsumedCapacity', text: JSON.stringify(consumed) }));
  }
  return withBody(base, edited(body, edits));
}

function responses(asked: readonly Asked[], answers: readonly GatewayAnswer[]): string {
  const tables = asked.flatMap((one) => {
    const found = answers.map(({ body }) => itemsOf(body, one.name));
    if (found.every((items) => items === null)) return [];
    const items = inOrderOfKeys(
      one,
      found.flatMap((some) => some ?? []),
    );
    return [`${JSON.stringify(one.name)}:[${items.join(',')}]`];
  });
  return `{${tables.join(',')}}`;
}

function itemsOf(body: Buffer, table: string): string[] | null {
  const all = placeOf(membersAt(body, whole(body)), 'Responses');
  const place = all === null ? null : placeOf(membersAt(body, all), table);
  return place === null ? null : elementsAt(body, place).map(({ start, end }) => body.toString('utf8', start, end));
}

function inOrderOfKeys({ table, keys }: Asked, items: string[]): string[] {
  if (table === null) return items;
  const idOf = (one: unknown) => {
    const id = keyId(one as WireItem, table.keySchema);
    return id.ok ? id.value : null;
  };
  const order = new Map(keys.map((key, at) => [idOf(key), at]));
  const placed = items.map((text) => ({ text, at: order.get(idOf(JSON.parse(text))) ?? keys.length }));
  return placed.sort((a, b) => a.at - b.at).map(({ text }) => text);
}

function unprocessed(asked: readonly Asked[], answers: readonly GatewayAnswer[]): Json {
  const left = asked.flatMap(({ name }): [string, Json][] => {
    const parts = answers.flatMap(({ body }) => {
      const all = decode(body)?.UnprocessedKeys;
      const one = isJson(all) ? member(all, name) : undefined;
      return isJson(one) ? [one] : [];
    });
    if (parts.length === 0) return [];
    const keys = parts.flatMap((part) => (Array.isArray(part.Keys) ? part.Keys : []));
    return [[name, { ...parts[0], Keys: keys }]];
  });
  return Object.fromEntries(left);
}

/** One entry a table, as of one request. */
function capacity(answers: readonly GatewayAnswer[]): unknown[] {
  const sums = new Map<unknown, unknown>();
  for (const { body } of answers) {
    const consumed = decode(body)?.ConsumedCapacity;
    for (const one of Array.isArray(consumed) ? consumed.filter(isJson) : []) {
      sums.set(one.TableName, added(sums.get(one.TableName), one));
    }
  }
  return [...sums.values()];
}

function added(first: unknown, second: unknown): unknown {
  if (first === undefined) return second;
  if (typeof first === 'number' && typeof second === 'number') return first + second;
  if (!isJson(first) || !isJson(second)) return first;
  return Object.fromEntries(
    [...new Set([...Object.keys(first), ...Object.keys(second)])].map((name) => [
      name,
      second[name] === undefined ? first[name] : added(first[name], second[name]),
    ]),
  );
}
