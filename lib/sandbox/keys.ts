/** Keys of a store: who may do what. Kept in one small file that is replaced whole. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** `stream` turns a table's stream on and off; whoever may manage tables may do that too. */
export const PERMISSIONS = ['read', 'write', 'describe', 'stream', 'manage'] as const;
export type Permission = (typeof PERMISSIONS)[number];

export interface StoreKey {
  accessKeyId: string;
  secretAccessKey: string;
  label: string;
  permissions: Permission[];
  /** Tables that it may read and not write, as a policy with a resource would say. */
  readOnlyTables?: string[];
}

const NEEDS: Record<string, Permission> = {
  UpdateTable: 'stream',
  ...Object.fromEntries(['GetItem', 'BatchGetItem', 'Query', 'Scan', 'TransactGetItems'].map((name) => [name, 'read'])),
  ...Object.fromEntries(
    ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'TransactWriteItems'].map((name) => [name, 'write']),
  ),
  ...Object.fromEntries(
    ['ListStreams', 'DescribeStream', 'GetShardIterator', 'GetRecords'].map((name) => [
      `DynamoDBStreams_20120810.${name}`,
      'read',
    ]),
  ),
  ...Object.fromEntries(
    [
      'DescribeTable',
      'ListTables',
      'DescribeTimeToLive',
      'ListTagsOfResource',
      'DescribeContinuousBackups',
      'DescribeExport',
    ].map((name) => [name, 'describe']),
  ),
};
const mayUse = (key: StoreKey, operation: string): boolean => {
  const needed = permissionFor(operation);
  return key.permissions.includes(needed) || (needed === 'stream' && key.permissions.includes('manage'));
};
export const permissionFor = (operation: string): Permission => NEEDS[operation] ?? 'manage';

/** Tables that a request would change. */
export function tablesWritten(operation: string, text: string): string[] {
  if (permissionFor(operation) !== 'write') return [];
  let input: { TableName?: string; RequestItems?: object; TransactItems?: Record<string, { TableName?: string }>[] };
  try {
    input = JSON.parse(text);
  } catch {
    return [];
  }
  const transacted = (Array.isArray(input?.TransactItems) ? input.TransactItems : []).flatMap((entry) =>
    Object.entries(entry ?? {}).map(([kind, { TableName }]) => (kind === 'ConditionCheck' ? undefined : TableName)),
  );
  const named = [input?.TableName, ...Object.keys(input?.RequestItems ?? {}), ...transacted];
  return named.filter((name) => typeof name === 'string');
}

/** Whether a key may do what a request asks for. */
export const isAllowed = (key: StoreKey, operation: string, text: string): boolean =>
  mayUse(key, operation) &&
  (key.readOnlyTables === undefined ||
    !tablesWritten(operation, text).some((table) => key.readOnlyTables?.includes(table)));

export class KeyRing {
  readonly #keys = new Map<string, StoreKey>();

  /** `file` null keeps the keys in memory; `prefix` opens each access key id. */
  constructor(
    private readonly file: string | null,
    private readonly prefix: string,
  ) {
    if (file === null || !existsSync(file)) return;
    for (const key of JSON.parse(readFileSync(file, 'utf8')) as StoreKey[]) this.#keys.set(key.accessKeyId, key);
  }

  find(accessKeyId: string): StoreKey | null {
    return this.#keys.get(accessKeyId) ?? null;
  }

  list(): Omit<StoreKey, 'secretAccessKey'>[] {
    return [...this.#keys.values()].map(({ secretAccessKey: _, ...shown }) => shown);
  }

  issue(label: string, permissions: Permission[]): StoreKey {
    return this.put({
      accessKeyId: `${this.prefix}${randomBytes(10).toString('hex').toUpperCase()}`,
      secretAccessKey: randomBytes(30).toString('base64url'),
      label,
      permissions,
    });
  }

  /** A key with a known id, e.g. the demo's first one. */
  put(key: StoreKey): StoreKey {
    this.#keys.set(key.accessKeyId, key);
    this.#save();
    return key;
  }

  /** For some tables or, without `tables`, for all. False: no such key. Requests under way end as they began. */
  makeReadOnly(accessKeyId: string, tables?: readonly string[]): boolean {
    const key = this.#keys.get(accessKeyId);
    if (!key) return false;
    if (tables) this.put({ ...key, readOnlyTables: [...new Set([...(key.readOnlyTables ?? []), ...tables])] });
    else this.put({ ...key, permissions: key.permissions.filter((each) => each === 'read' || each === 'describe') });
    return true;
  }

  revoke(accessKeyId: string): boolean {
    const isGone = this.#keys.delete(accessKeyId);
    if (isGone) this.#save();
    return isGone;
  }

  #save(): void {
    if (this.file === null) return;
    writeFileSync(`${this.file}.new`, JSON.stringify([...this.#keys.values()]), { mode: 0o600 });
    renameSync(`${this.file}.new`, this.file);
  }
}
