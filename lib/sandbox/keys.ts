/** Keys of a store: who may do what. Kept in one small file that is replaced whole. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

export const PERMISSIONS = ['read', 'write', 'describe', 'manage'] as const;
export type Permission = (typeof PERMISSIONS)[number];

export interface StoreKey {
  accessKeyId: string;
  secretAccessKey: string;
  label: string;
  permissions: Permission[];
}

const NEEDS: Record<string, Permission> = {
  ...Object.fromEntries(['GetItem', 'BatchGetItem', 'Query', 'Scan', 'TransactGetItems'].map((name) => [name, 'read'])),
  ...Object.fromEntries(
    ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'TransactWriteItems'].map((name) => [name, 'write']),
  ),
  ...Object.fromEntries(
    ['DescribeTable', 'ListTables', 'DescribeTimeToLive', 'ListTagsOfResource'].map((name) => [name, 'describe']),
  ),
};
export const permissionFor = (operation: string): Permission => NEEDS[operation] ?? 'manage';

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

  /** False when there is no such key. Requests already under way end as they began. */
  makeReadOnly(accessKeyId: string): boolean {
    const key = this.#keys.get(accessKeyId);
    if (!key) return false;
    this.put({ ...key, permissions: key.permissions.filter((each) => each === 'read' || each === 'describe') });
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
