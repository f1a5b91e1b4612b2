import { eq } from 'drizzle-orm';
import { connection } from '@/db/schema';
import type { StoreCredentials } from '@/lib/adapters/ports';
import type { ServiceContext } from '../context';
import { openSealed, SEAL } from '../stores';

/** A hold waits for nobody's key service; without an answer the credentials stay as they are, and the event says so. */
const ISSUER_TIMEOUT_MS = 1_000;

/** A service beside a store that makes keys, makes them read-only and revokes them. */
export interface Issuer {
  issue(label: string): Promise<StoreCredentials>;
  /** False: there is no such key. With `tables` only writes to these are refused from now on. */
  makeReadOnly(accessKeyId: string, tables: readonly string[]): Promise<boolean>;
  /** Access key ids that carry this label: of a driver that died between the issue and its record. */
  labelled(label: string): Promise<string[]>;
  /** Revoking what is gone succeeds. */
  revoke(accessKeyId: string): Promise<void>;
}

/** The issuer of a connection; null: a person makes keys there. */
export async function issuerOf(
  ctx: Pick<ServiceContext, 'db' | 'sealer'>,
  connectionId: string,
): Promise<Issuer | null> {
  const [row] = await ctx.db
    .select({ sealed: connection.issuerSealed })
    .from(connection)
    .where(eq(connection.id, connectionId));
  if (!row?.sealed) return null;
  const { url, token } = openSealed<{ url: string; token: string }>(ctx, row.sealed, SEAL.issuer);
  const base = url.replace(/\/$/, '');
  const ask = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`${base}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(ISSUER_TIMEOUT_MS),
    });
    if (!answer.ok && answer.status !== 404)
      throw new Error(`the issuer answered ${answer.status} to ${method} of a key`);
    return { status: answer.status, body: (await answer.json()) as unknown };
  };
  return {
    issue: async (label) => {
      const { status, body } = await ask('POST', '/keys', { label, permissions: ['read', 'write', 'describe'] });
      const { accessKeyId, secretAccessKey } = body as Partial<StoreCredentials>;
      if (status === 404 || !accessKeyId || !secretAccessKey) throw new Error('the issuer made no key');
      return { accessKeyId, secretAccessKey };
    },
    labelled: async (label) => {
      const { body } = await ask('GET', '/keys');
      const { keys = [] } = body as { keys?: { accessKeyId: string; label?: string }[] };
      return keys.filter((key) => key.label === label).map((key) => key.accessKeyId);
    },
    makeReadOnly: async (accessKeyId, tables) =>
      (await ask('POST', `/keys/${encodeURIComponent(accessKeyId)}/read-only`, { tables })).status !== 404,
    revoke: async (accessKeyId) => {
      await ask('DELETE', `/keys/${encodeURIComponent(accessKeyId)}`);
    },
  };
}
