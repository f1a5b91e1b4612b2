import { and, desc, eq } from 'drizzle-orm';
import { connection, storeCredential } from '@/db/schema';
import type { StoreCredentials, StoreTarget } from '@/lib/adapters/ports';
import { AppError } from '@/lib/domain/errors';
import type { ServiceContext } from './context';

export type CredentialPurpose = (typeof storeCredential.$inferSelect)['purpose'];

/** Purposes under which sealed texts may be opened. */
export const SEAL = {
  connection: 'connection',
  storeCredential: 'store-credential',
  issuer: 'issuer',
} as const;

/**
 * A store as a service talks to it: with the newest active credential of this use (PROTOCOL F3) where there is one and
 * one was asked for, else with the connection's own.
 * @throws AppError `connection.not_found`
 */
export async function storeTarget(
  ctx: Pick<ServiceContext, 'db' | 'sealer'>,
  ask: { connectionId: string; timeoutMs: number; purpose?: CredentialPurpose },
): Promise<StoreTarget> {
  const [row] = await ctx.db.select().from(connection).where(eq(connection.id, ask.connectionId));
  if (!row) throw new AppError('connection.not_found', 'There is no such connection.');
  const own = ask.purpose ? await activeCredential(ctx, ask.connectionId, ask.purpose) : null;
  return {
    connectionId: row.id,
    kind: row.kind,
    endpoint: row.endpoint,
    region: row.region,
    credentials: own ?? openSealed<StoreCredentials>(ctx, row.credentialSealed, SEAL.connection),
    timeoutMs: ask.timeoutMs,
  };
}

async function activeCredential(
  ctx: Pick<ServiceContext, 'db' | 'sealer'>,
  connectionId: string,
  purpose: CredentialPurpose,
): Promise<StoreCredentials | null> {
  const mine = and(eq(storeCredential.connectionId, connectionId), eq(storeCredential.purpose, purpose));
  const [row] = await ctx.db
    .select({ sealed: storeCredential.credentialSealed })
    .from(storeCredential)
    .where(and(mine, eq(storeCredential.state, 'active')))
    .orderBy(desc(storeCredential.createdAt))
    .limit(1);
  return row ? openSealed<StoreCredentials>(ctx, row.sealed, SEAL.storeCredential) : null;
}

/** Opens a sealed JSON; a text that does not open means another sealing key, and the process cannot go on with it. */
export function openSealed<T>(ctx: Pick<ServiceContext, 'sealer'>, sealed: string, purpose: string): T {
  const opened = ctx.sealer.open(sealed, purpose);
  if (!opened.ok)
    throw new Error(
      `a sealed ${purpose} does not open (${opened.error}); is LANDFALL_SEALING_KEY the one it was sealed with?`,
    );
  return JSON.parse(opened.value) as T;
}
