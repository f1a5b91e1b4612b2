/**
 * A case: requests in order, each as the bytes of its body. Texts in it stand for what differs from run to run:
 * `T:name` a table, `@S`, `@N`, `@B` a string, number and binary that no other case uses.
 */
export interface Step {
  operation: string;
  body: string | Buffer;
  /** The whole `X-Amz-Target`; without it DynamoDB's own with the operation. */
  target?: string;
  headers?: Record<string, string>;
}

export interface Case {
  name: string;
  steps: Step[];
  /** Stages in which the gateway does better than the store behind it, and why. */
  better?: { in: readonly string[]; why: string };
}

export type Item = Record<string, unknown>;
type More = Record<string, unknown>;

export const c = (name: string, ...steps: Step[]): Case => ({ name, steps });

/** TerraScale knows tables by name alone; the gateway names them so. */
export const byArn = (given: Case): Case => ({
  ...given,
  better: { in: ['shift_0', 'shift_50', 'shift_100', 'target_first', 'target'], why: 'an ARN is named for TerraScale' },
});

export const call = (operation: string, input: unknown, rest: Partial<Step> = {}): Step => ({
  operation,
  body: JSON.stringify(input),
  ...rest,
});
/** A body as it stands, JSON or not. */
export const raw = (operation: string, body: string | Buffer, rest: Partial<Step> = {}): Step => ({
  operation,
  body,
  ...rest,
});

export const put = (item: Item, more: More = {}, table = 'hash') =>
  call('PutItem', { TableName: `T:${table}`, Item: item, ...more });
export const get = (key: Item, more: More = {}, table = 'hash') =>
  call('GetItem', { TableName: `T:${table}`, Key: key, ...more });
export const del = (key: Item, more: More = {}, table = 'hash') =>
  call('DeleteItem', { TableName: `T:${table}`, Key: key, ...more });
export const update = (key: Item, more: More = {}, table = 'hash') =>
  call('UpdateItem', { TableName: `T:${table}`, Key: key, ...more });
export const query = (more: More, table = 'range') => call('Query', { TableName: `T:${table}`, ...more });
export const scan = (more: More, table = 'scanned') => call('Scan', { TableName: `T:${table}`, ...more });
export const batchGet = (items: More, more: More = {}) => call('BatchGetItem', { RequestItems: items, ...more });
export const batchWrite = (items: More, more: More = {}) => call('BatchWriteItem', { RequestItems: items, ...more });
export const transactWrite = (items: unknown[], more: More = {}) =>
  call('TransactWriteItems', { TransactItems: items, ...more });
export const transactGet = (items: unknown[], more: More = {}) =>
  call('TransactGetItems', { TransactItems: items, ...more });

/** The key of a case in the table `hash`, and one of several in it. */
export const K: Item = { pk: { S: '@S' } };
export const k = (which: string | number): Item => ({ pk: { S: `@S-${which}` } });
/** A key of the table `range`. */
export const R = (sort: string | number): Item => ({ pk: { S: '@S' }, sk: { N: String(sort) } });

interface KeyPart {
  name: string;
  type: 'S' | 'N' | 'B';
}
export interface TableShape {
  name: string;
  partition: KeyPart;
  sort?: KeyPart;
  /** Where the store has them. */
  indexes?: boolean;
}

export const TABLES: readonly TableShape[] = [
  { name: 'hash', partition: { name: 'pk', type: 'S' } },
  { name: 'range', partition: { name: 'pk', type: 'S' }, sort: { name: 'sk', type: 'N' } },
  { name: 'bytes', partition: { name: 'pk', type: 'B' }, sort: { name: 'sk', type: 'S' } },
  { name: 'numbers', partition: { name: 'pk', type: 'N' }, sort: { name: 'sk', type: 'B' } },
  { name: 'odd', partition: { name: '__proto__', type: 'S' }, sort: { name: '10', type: 'S' } },
  { name: 'indexed', partition: { name: 'pk', type: 'S' }, sort: { name: 'sk', type: 'S' }, indexes: true },
  { name: 'scanned', partition: { name: 'pk', type: 'S' } },
];
/** Items of `scanned`, which no case writes. */
export const SCANNED = Array.from({ length: 30 }, (_, at) => ({
  pk: { S: `item-${at}` },
  n: { N: String(at) },
  text: { S: 'x'.repeat(at) },
  2: { BOOL: at % 2 === 0 },
  10: { NULL: true },
}));
