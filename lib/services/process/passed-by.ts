/**
 * A process that is gone without a goodbye (PROTOCOL F1a, F4). Nobody but its supervisor can know that it has ended, so
 * what is proven instead is that it can write nothing: every key of the stores that it knew is replaced for all others,
 * revoked, and probed until it is refused, on both sides. Where the store has an issuer Landfall does that by itself;
 * elsewhere a person changes the key of the connection and revokes the old one, and the probes find out.
 */
import { eq, sql } from 'drizzle-orm';
import { withTransaction } from '@/db/client';
import {
  type KnownCredential,
  knownCredentials,
  notYetOnNewKeys,
  raiseEpochs,
  recordProbe,
  refusedWorkers,
} from '@/db/queries/process/passed-by';
import { recordWorkerExit } from '@/db/queries/worker';
import { connection, storeCredential } from '@/db/schema';
import { call } from '@/lib/adapters/dynamodb/call';
import type { StoreCredentials } from '@/lib/adapters/ports';
import type { ServiceContext } from '../context';
import { isKeyRefusal } from '../fence/credentials';
import { type Issuer, issuerOf } from '../fence/issuer';
import { openSealed, SEAL } from '../stores';

const PROBE_TIMEOUT_MS = 2_000;
const hintOf = (accessKeyId: string): string => `…${accessKeyId.slice(-4)}`;

/** One round for the loops: replaces, revokes, probes. What does not work now is tried again. Returns how many are refused. */
export async function passByRound(ctx: ServiceContext): Promise<number> {
  let refused = 0;
  for (const known of await knownCredentials(ctx.db)) {
    try {
      if (await takeAway(ctx, known)) refused += 1;
    } catch (error) {
      ctx.log.warn({ processId: known.processId, error }, 'A key of a process that is gone still works; tried again.');
    }
  }
  for (const workerId of await refusedWorkers(ctx.db)) await recordWorkerExit(ctx.sql, workerId);
  return refused;
}

/** True: it is refused now. */
async function takeAway(ctx: ServiceContext, known: KnownCredential): Promise<boolean> {
  const credentials = openSealed<StoreCredentials>(ctx, known.credentialSealed, known.sealedFor);
  const issuer = await issuerOf(ctx, known.connectionId);
  let isRevoked = false;
  if (issuer) {
    if (known.isInUse) await replace(ctx, issuer, known);
    const waiting = await notYetOnNewKeys(ctx.db, known.connectionId);
    if (waiting.length > 0) {
      const sentence = `replaced for all; revoked when these gateways use the new one: ${waiting.join(', ')}`;
      await recordProbe(ctx.db, { id: known.id, sentence, isRefused: false, isRevoked });
      return false;
    }
    await issuer.revoke(credentials.accessKeyId);
    isRevoked = true;
  }
  const answer = await probe(ctx, known.connectionId, credentials);
  const isRefused = answer.kind === 'refused' && isKeyRefusal(answer.errorType);
  const fix = known.isInUse && !issuer ? ': change the key of the connection, then revoke this one' : '';
  const came = answer.kind === 'unknown' ? `no answer (${answer.cause})` : isRefused ? answer.errorType : 'accepted';
  const sentence = isRefused ? `refused: ${came}` : `${came}${fix || (issuer ? '' : ': revoke it at its store')}`;
  await recordProbe(ctx.db, { id: known.id, sentence, isRefused, isRevoked });
  return isRefused;
}

/** A read of a table that nobody has: an accepted key is told so, a revoked one is refused before. */
async function probe(ctx: ServiceContext, connectionId: string, credentials: StoreCredentials) {
  const [where] = await ctx.db.select().from(connection).where(eq(connection.id, connectionId));
  if (!where) throw new Error('invariant: a key has a connection');
  const { kind, endpoint, region } = where;
  const wire = ctx.makeWire({ connectionId, kind, endpoint, region, credentials, timeoutMs: PROBE_TIMEOUT_MS });
  try {
    return await call(wire, { operation: 'DescribeTable', input: { TableName: 'landfall-probe-no-such-table' } });
  } finally {
    await wire.close();
  }
}

/** A new key in its place for everybody else, with an epoch that brings it to them. */
async function replace(ctx: ServiceContext, issuer: Issuer, known: KnownCredential): Promise<void> {
  const made = await issuer.issue(`landfall in place of ${known.accessKeyHint}`);
  const isTaken = await withTransaction(ctx.db, async (tx) => {
    const rows = await (known.sealedFor === SEAL.connection
      ? tx
          .update(connection)
          .set({
            credentialSealed: ctx.sealer.seal(JSON.stringify(made), SEAL.connection),
            credentialHint: hintOf(made.accessKeyId),
            // Workers open a connection anew when its version has risen.
            version: sql`${connection.version} + 1`,
          })
          .where(eq(connection.credentialSealed, known.credentialSealed))
          .returning({ id: connection.id })
      : tx
          .update(storeCredential)
          .set({
            credentialSealed: ctx.sealer.seal(JSON.stringify(made), SEAL.storeCredential),
            accessKeyHint: hintOf(made.accessKeyId),
          })
          .where(eq(storeCredential.credentialSealed, known.credentialSealed))
          .returning({ id: storeCredential.id }));
    if (rows.length > 0) await raiseEpochs(tx, known.connectionId);
    return rows.length > 0;
  });
  // Another process was quicker: its key is the one in use.
  if (!isTaken) await issuer.revoke(made.accessKeyId);
}
