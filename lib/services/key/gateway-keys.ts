import { randomBytes } from 'node:crypto';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { type DbTransaction, withTransaction } from '@/db/client';
import { gatewayKey } from '@/db/schema';
import { CHANNELS } from '@/lib/contracts/routing';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { invalid, parseInput } from '../parse-input';
import { requireRole } from '../view/require-role';

/** The gateway opens the secret with the same purpose. */
export const GATEWAY_KEY_PURPOSE = 'gateway-key';

const names = z
  .array(
    z
      .string()
      .trim()
      .regex(/^[A-Za-z0-9_.-]{1,255}$/, 'Letters, digits, _, - or dots.'),
  )
  .max(100, 'At most 100.')
  .nullable()
  .default(null);

const keyInput = z.object({
  application: z.string().trim().min(1, 'Name the application.').max(80, 'At most 80 characters.'),
  tables: names,
  operations: names,
});
export type GatewayKeyInput = z.input<typeof keyInput>;

/** AWS's own shape, so that every SDK takes it; `AKLF` says whose it is. */
const newAccessKeyId = (): string => `AKLF${randomBytes(10).toString('hex').toUpperCase().slice(0, 16)}`;
const newSecret = (): string => randomBytes(30).toString('base64url');

/** Two, so that an application changes to its new key before the old one is revoked. */
export const ACTIVE_KEYS_MAX = 2;

/** Locks the application's keys, so that two people do not make a third between them. */
async function refuseThird(tx: DbTransaction, application: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtext(${`gateway_key ${application}`}))`);
  const active = await tx
    .select({ id: gatewayKey.id })
    .from(gatewayKey)
    .where(and(eq(gatewayKey.application, application), isNull(gatewayKey.revokedAt)));
  if (active.length < ACTIVE_KEYS_MAX) return;
  throw invalid({
    application: `${application} has ${ACTIVE_KEYS_MAX} active keys already: revoke the old one first.`,
  });
}

/**
 * Makes a second key with the scopes of one that is active, for its application to change to; the old one goes on until
 * it is revoked. Role admin.
 */
export async function rotateGatewayKey(ctx: ServiceContext, actor: Actor, input: { keyId: string }) {
  requireRole(actor, 'admin');
  const rows = await ctx.db
    .select({ application: gatewayKey.application, tables: gatewayKey.tables, operations: gatewayKey.operations })
    .from(gatewayKey)
    .where(and(eq(gatewayKey.id, input.keyId), isNull(gatewayKey.revokedAt)))
    .limit(1);
  const [known] = rows;
  if (!known) throw invalid({ keyId: 'There is no such active key.' });
  return await createGatewayKey(ctx, actor, known);
}

/** Makes a key for an application. The secret is in this answer and nowhere else that can be read again. Role admin. */
export async function createGatewayKey(
  ctx: ServiceContext,
  actor: Actor,
  input: GatewayKeyInput,
): Promise<{ keyId: string; accessKeyId: string; secretAccessKey: string }> {
  requireRole(actor, 'admin');
  const { application, tables, operations } = parseInput(keyInput, input);
  const id = ctx.newId('key');
  const accessKeyId = newAccessKeyId();
  const secretAccessKey = newSecret();
  const secretSealed = ctx.sealer.seal(secretAccessKey, GATEWAY_KEY_PURPOSE);
  await withTransaction(ctx.db, async (tx) => {
    await refuseThird(tx, application);
    const row = { id, application, accessKeyId, secretSealed, tables, operations, createdBy: actor.id };
    await tx.insert(gatewayKey).values(row);
    await tx.execute(sql`select pg_notify(${CHANNELS.routing}, '{}')`);
    const after = { application, accessKeyId, tables, operations };
    const sentence = `A gateway key for ${application} was made: ${accessKeyId}.`;
    await appendEvent(ctx, tx, { kind: 'key.created', sentence, actor, after });
    await appendAudit(ctx, tx, { action: 'key.create', actor, subject: id, detail: after });
  });
  return { keyId: id, accessKeyId, secretAccessKey };
}

/** Ends a key; gateways refuse it within seconds. Doing it twice changes nothing. Role admin. */
export async function revokeGatewayKey(ctx: ServiceContext, actor: Actor, input: { keyId: string }): Promise<void> {
  requireRole(actor, 'admin');
  await withTransaction(ctx.db, async (tx) => {
    const rows = await tx
      .update(gatewayKey)
      .set({ revokedAt: sql`now()` })
      .where(and(eq(gatewayKey.id, input.keyId), isNull(gatewayKey.revokedAt)))
      .returning({ application: gatewayKey.application, accessKeyId: gatewayKey.accessKeyId });
    const row = rows[0];
    if (!row) {
      const known = await tx
        .select({ id: gatewayKey.id })
        .from(gatewayKey)
        .where(eq(gatewayKey.id, input.keyId))
        .limit(1);
      if (known.length === 0) throw invalid({ keyId: 'There is no such key.' });
      return;
    }
    await tx.execute(sql`select pg_notify(${CHANNELS.routing}, '{}')`);
    const sentence = `The gateway key ${row.accessKeyId} of ${row.application} was revoked.`;
    await appendEvent(ctx, tx, { kind: 'key.revoked', sentence, actor, after: row });
    await appendAudit(ctx, tx, { action: 'key.revoke', actor, subject: input.keyId, detail: row });
  });
}
