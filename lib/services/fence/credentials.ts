import { and, eq, gte } from 'drizzle-orm';
import type { DbTransaction } from '@/db/client';
import type { LockedTable } from '@/db/queries/facts/lock';
import {
  type DirectionPurpose,
  markRetired,
  markRetiring,
  otherUser,
  type Retiring,
  retiringCredentials,
} from '@/db/queries/fence/credentials';
import type { FenceRow } from '@/db/queries/fence/fence';
import { connection, plan, storeCredential } from '@/db/schema';
import { call } from '@/lib/adapters/dynamodb/call';
import type { StoreCredentials } from '@/lib/adapters/ports';
import type { Verb } from '@/lib/domain/plan/moves';
import type { ServiceContext } from '../context';
import { openSealed, SEAL } from '../stores';
import { issuerOf } from './issuer';

/** Uses that begin and end with a flip (PROTOCOL F3). */
const NEW_USES: Partial<Record<Verb, readonly DirectionPurpose[]>> = {
  flip_writes: ['primary', 'reverse'],
  flip_back: ['origin', 'mirror'],
};
const OLD_USES: Partial<Record<Verb, readonly DirectionPurpose[]>> = {
  flip_writes: ['origin', 'mirror'],
  flip_back: ['primary', 'reverse'],
  close_source: ['reverse'],
};
const PROBE_TIMEOUT_MS = 2_000;

const isOnSource = (purpose: DirectionPurpose): boolean => purpose === 'origin' || purpose === 'reverse';
const hintOf = (accessKeyId: string): string => `…${accessKeyId.slice(-4)}`;

/**
 * Issues new secrets for the uses that begin with this flip, where the store has an issuer and no other table shares
 * the use. It runs beside the wait for gateways, so it costs the hold nothing. Safe to repeat, by another driver too:
 * what was issued since the hold is not issued again, and a key that a driver issued and did not live to record is
 * revoked. False: an issuer did not answer; then the fence must not flip with the shared key (PROTOCOL F3).
 */
export async function issueCredentials(ctx: ServiceContext, fence: FenceRow): Promise<boolean> {
  const purposes = NEW_USES[fence.verb];
  if (!purposes) return true;
  try {
    const [row] = await ctx.db.select().from(plan).where(eq(plan.id, fence.planId));
    if (!row) return true;
    const connectionOf = (purpose: DirectionPurpose) =>
      isOnSource(purpose) ? row.sourceConnectionId : row.targetConnectionId;
    await Promise.all(
      purposes.map((purpose) => issueOne(ctx, { fence, purpose, connectionId: connectionOf(purpose) })),
    );
    return true;
  } catch (error) {
    ctx.log.warn({ fenceId: fence.id, error }, 'A new credential was not issued; the fence waits for it.');
    return false;
  }
}

async function issueOne(
  ctx: ServiceContext,
  ask: { fence: FenceRow; purpose: DirectionPurpose; connectionId: string },
): Promise<void> {
  const { fence, purpose, connectionId } = ask;
  const issuer = await issuerOf(ctx, connectionId);
  if (!issuer) return;
  if (await otherUser(ctx.db, { connectionId, purpose, planTableId: fence.planTableId })) return;
  const mine = and(eq(storeCredential.connectionId, connectionId), eq(storeCredential.purpose, purpose));
  const since = gte(storeCredential.createdAt, new Date(fence.openedAtMs));
  const issued = await ctx.db.select({ id: storeCredential.id }).from(storeCredential).where(and(mine, since));
  if (issued.length > 0) return;
  const label = `landfall ${purpose} ${fence.id}`;
  // Of a driver that died here: nobody knows its secret, so nobody would ever revoke it.
  for (const orphan of await issuer.labelled(label)) await issuer.revoke(orphan);
  const credentials = await issuer.issue(label);
  await ctx.db.insert(storeCredential).values({
    id: ctx.newId('key'),
    connectionId,
    purpose,
    credentialSealed: ctx.sealer.seal(JSON.stringify(credentials), SEAL.storeCredential),
    accessKeyHint: hintOf(credentials.accessKeyId),
  });
}

/** After an undone flip: what was issued for it is never used. */
export async function retireIssued(tx: DbTransaction, fence: FenceRow): Promise<void> {
  const [row] = await tx.select().from(plan).where(eq(plan.id, fence.planId));
  if (!row) return;
  for (const purpose of NEW_USES[fence.verb] ?? []) {
    const connectionId = isOnSource(purpose) ? row.sourceConnectionId : row.targetConnectionId;
    await markRetiring(tx, { connectionId, purpose, sinceMs: fence.openedAtMs });
  }
}

/**
 * With the release: the credentials of the old direction are to be retired, unless another table still uses them. Says
 * in words what stays in use; null: everything of the old direction goes.
 */
export async function retireOldDirection(
  tx: DbTransaction,
  done: { fence: FenceRow; table: LockedTable },
): Promise<string | null> {
  const { fence, table } = done;
  const kept: string[] = [];
  for (const purpose of OLD_USES[fence.verb] ?? []) {
    const connectionId = isOnSource(purpose) ? table.sourceConnectionId : table.targetConnectionId;
    const user = await otherUser(tx, { connectionId, purpose, planTableId: table.id });
    if (user) kept.push(`${purpose} (also used by ${user})`);
    else if ((await markRetiring(tx, { connectionId, purpose })) === 0)
      kept.push(`${purpose} (shared with the connection)`);
  }
  return kept.length === 0 ? null : `Credentials that stay in use: ${kept.join(', ')}.`;
}

/**
 * Revokes credentials that are to be retired and proves it by a refused probe. For the loops: what does not work now is
 * tried again. Returns how many were retired for good.
 */
export async function retireCredentials(ctx: ServiceContext): Promise<number> {
  let retired = 0;
  for (const row of await retiringCredentials(ctx.db)) {
    try {
      if (await retireOne(ctx, row)) retired += 1;
    } catch (error) {
      ctx.log.warn({ credentialId: row.id, error }, 'A credential is not revoked yet; it is tried again.');
    }
  }
  return retired;
}

async function retireOne(ctx: ServiceContext, row: Retiring): Promise<boolean> {
  const credentials = openSealed<StoreCredentials>(ctx, row.credentialSealed, SEAL.storeCredential);
  const issuer = await issuerOf(ctx, row.connectionId);
  await issuer?.revoke(credentials.accessKeyId);
  const [where] = await ctx.db.select().from(connection).where(eq(connection.id, row.connectionId));
  if (!where) return false;
  const { id: connectionId, kind, endpoint, region } = where;
  const wire = ctx.makeWire({ connectionId, kind, endpoint, region, credentials, timeoutMs: PROBE_TIMEOUT_MS });
  try {
    // A read of a table that nobody has: an accepted key is told so, a revoked one is refused before.
    const input = { TableName: 'landfall-probe-no-such-table' };
    const answer = await call(wire, { operation: 'DescribeTable', input });
    if (answer.kind !== 'refused' || !isKeyRefusal(answer.errorType)) return false;
    await markRetired(ctx.db, row.id);
    return true;
  } finally {
    await wire.close();
  }
}

const KEY_REFUSALS: ReadonlySet<string> = new Set([
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'ExpiredTokenException',
  'AccessDeniedException',
  'AccessDenied',
  'MissingAuthenticationTokenException',
  'Unauthorized',
]);

/** Whether a store refused the key itself, and not what was asked with it. */
export const isKeyRefusal = (errorType: string): boolean => KEY_REFUSALS.has(errorType);
