import { and, eq, isNull, sql } from 'drizzle-orm';
import { withTransaction } from '@/db/client';
import { lockTable } from '@/db/queries/facts/lock';
import { connection, planTable, storeCredential } from '@/db/schema';
import { deleteItem } from '@/lib/adapters/dynamodb/items';
import type { StoreCredentials } from '@/lib/adapters/ports';
import { AppError } from '@/lib/domain/errors';
import { canaryKey } from '@/lib/domain/routing/canary';
import { type Actor, type ServiceContext, SYSTEM } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { openSealed, SEAL } from '../stores';
import { liftHold, placeHold } from '../table/hold';
import { requireRole } from '../view/require-role';
import { isKeyRefusal } from './credentials';
import { issuerOf } from './issuer';

export interface SourceRefusal {
  proven: boolean;
  /** What was tried and what came back. */
  sentence: string;
}

/**
 * Makes Landfall's own key read-only for a closed source table, where the store has an issuer, and tries a write with it:
 * the deletion of a key that nobody has, which changes nothing should it be allowed after all. Refused: proven. Else the
 * table is held with a sentence that says what a person must do; calling it again proves it then.
 * @throws AppError `auth.role_too_low`, `table.not_found`, `table.move_unknown` when the source is not closed
 */
export async function proveSourceRefusal(
  ctx: ServiceContext,
  actor: Actor,
  input: { tableId: string },
): Promise<SourceRefusal> {
  requireRole(actor, 'operator');
  const table = await withTransaction(ctx.db, (tx) => lockTable(tx, input.tableId));
  if (!table) throw new AppError('table.not_found', 'There is no such table.');
  if (table.stage !== 'backup' && table.stage !== 'retired')
    throw new AppError('table.move_unknown', `The source of ${table.name} is not closed.`);
  const [source] = await ctx.db.select().from(connection).where(eq(connection.id, table.sourceConnectionId));
  if (!source) throw new AppError('connection.not_found', 'There is no such connection.');
  const credentials = openSealed<StoreCredentials>(ctx, source.credentialSealed, SEAL.connection);
  const issuer = await issuerOf(ctx, source.id);
  let trouble: string | null = null;
  try {
    if (issuer) {
      const issued = await ctx.db
        .select({ sealed: storeCredential.credentialSealed })
        .from(storeCredential)
        .where(and(eq(storeCredential.connectionId, source.id), eq(storeCredential.state, 'active')));
      const others = issued.map((row) => openSealed<StoreCredentials>(ctx, row.sealed, SEAL.storeCredential));
      // Other tables of this source go on being written with the same keys, so only this table is taken from them.
      for (const key of [credentials, ...others]) await issuer.makeReadOnly(key.accessKeyId, [table.name]);
    }
  } catch {
    trouble = 'its key service did not answer';
  }
  const { id: connectionId, kind, endpoint, region } = source;
  const timeoutMs = table.settings.storeTimeoutMs;
  const wire = ctx.makeWire({ connectionId, kind, endpoint, region, credentials, timeoutMs });
  try {
    const key = canaryKey(table.keySchema, `refusal-${table.id}`);
    const answer = await deleteItem(wire, { table: table.name, key });
    const proven = answer.kind === 'refused' && isKeyRefusal(answer.errorType);
    const came =
      answer.kind === 'ok' ? 'accepted' : answer.kind === 'refused' ? answer.errorType : `unknown (${answer.cause})`;
    const fix = trouble ?? `make the key ${source.credentialHint} read-only for ${table.name}`;
    const sentence = proven
      ? `A write to ${table.name} on ${source.name} was refused: ${came}.`
      : `A write to ${table.name} on ${source.name} was ${came}; ${fix}, then prove it again.`;
    await store(ctx, actor, { tableId: table.id, proven, sentence });
    return { proven, sentence };
  } finally {
    await wire.close();
  }
}

async function store(ctx: ServiceContext, actor: Actor, result: SourceRefusal & { tableId: string }): Promise<void> {
  await withTransaction(ctx.db, async (tx) => {
    const table = await lockTable(tx, result.tableId);
    if (!table) return;
    const { proven, sentence: reason } = result;
    if (!proven) {
      if (table.holdKind === null) await placeHold(ctx, tx, { table, actor: SYSTEM, kind: 'gate', reason });
      return;
    }
    const rows = await tx
      .update(planTable)
      .set({ sourceRefusalProvenAt: sql`clock_timestamp()` })
      .where(and(eq(planTable.id, table.id), isNull(planTable.sourceRefusalProvenAt)))
      .returning({ id: planTable.id });
    await liftHold(ctx, tx, { table, actor: SYSTEM, kind: 'gate' });
    if (rows.length === 0) return;
    const entry = { planId: table.planId, planTableId: table.id, actor };
    await appendEvent(ctx, tx, { ...entry, kind: 'source.refused', sentence: reason });
    const detail = { sentence: reason };
    await appendAudit(ctx, tx, { action: 'table.source_refusal_proven', actor, subject: table.id, detail });
  });
}
