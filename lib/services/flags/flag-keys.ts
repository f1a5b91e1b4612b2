import { createHash, randomBytes } from 'node:crypto';
import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { withTransaction } from '@/db/client';
import { readFlagKeys } from '@/db/queries/flags/flags';
import { flagKey, plan } from '@/db/schema';
import type { FlagKeyView } from '@/lib/contracts/flags';
import { CHANNELS } from '@/lib/contracts/routing';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { invalid, parseInput } from '../parse-input';
import { requireRole } from '../view/require-role';
import { iso } from '../view/table-row';

const keyInput = z.object({
  application: z.string().trim().min(1, 'Name the application.').max(80, 'At most 80 characters.'),
  planIds: z
    .array(z.string().min(1).max(80))
    .min(1, 'Choose a plan, or all plans.')
    .max(100, 'At most 100.')
    .nullable(),
});
export type FlagKeyInput = z.input<typeof keyInput>;

/** `lff_` says whose it is to whoever finds one in a file. */
const newKey = (): string => `lff_${randomBytes(32).toString('base64url')}`;
export const flagKeyHash = (key: string): string => createHash('sha256').update(key).digest('hex');

/** Makes a key for an application that asks for flags. The key is in this answer and nowhere else. Role admin. */
export async function createFlagKey(
  ctx: ServiceContext,
  actor: Actor,
  input: FlagKeyInput,
): Promise<{ keyId: string; key: string }> {
  requireRole(actor, 'admin');
  const { application, planIds } = parseInput(keyInput, input);
  const id = ctx.newId('key');
  const key = newKey();
  await withTransaction(ctx.db, async (tx) => {
    if (planIds !== null) {
      const known = await tx.select({ id: plan.id }).from(plan).where(inArray(plan.id, planIds));
      if (known.length !== new Set(planIds).size) throw invalid({ planIds: 'One of the plans does not exist.' });
    }
    const row = { id, application, keyHash: flagKeyHash(key), hint: key.slice(-4), planIds, createdBy: actor.id };
    await tx.insert(flagKey).values(row);
    await tx.execute(sql`select pg_notify(${CHANNELS.routing}, '{}')`);
    const after = { application, hint: row.hint, planIds };
    const sentence = `A flag key for ${application} was made, ending in ${row.hint}.`;
    await appendEvent(ctx, tx, { kind: 'key.created', sentence, actor, after });
    await appendAudit(ctx, tx, { action: 'flag_key.create', actor, subject: id, detail: after });
  });
  return { keyId: id, key };
}

/** Ends a key; it is refused within a second. Doing it twice changes nothing. Role admin. */
export async function revokeFlagKey(ctx: ServiceContext, actor: Actor, input: { keyId: string }): Promise<void> {
  requireRole(actor, 'admin');
  await withTransaction(ctx.db, async (tx) => {
    const [row] = await tx
      .update(flagKey)
      .set({ revokedAt: sql`now()` })
      .where(and(eq(flagKey.id, input.keyId), isNull(flagKey.revokedAt)))
      .returning({ application: flagKey.application, hint: flagKey.hint });
    if (!row) {
      const known = await tx.select({ id: flagKey.id }).from(flagKey).where(eq(flagKey.id, input.keyId)).limit(1);
      if (known.length === 0) throw invalid({ keyId: 'There is no such key.' });
      return;
    }
    await tx.execute(sql`select pg_notify(${CHANNELS.routing}, '{}')`);
    const sentence = `The flag key of ${row.application}, ending in ${row.hint}, was revoked.`;
    await appendEvent(ctx, tx, { kind: 'key.revoked', sentence, actor, after: row });
    await appendAudit(ctx, tx, { action: 'flag_key.revoke', actor, subject: input.keyId, detail: row });
  });
}

/** Keys of applications that ask for flags; never their text. Role viewer. */
export async function flagKeysView(ctx: ServiceContext, actor: Actor): Promise<FlagKeyView[]> {
  requireRole(actor, 'viewer');
  const keys = await readFlagKeys(ctx.sql);
  return keys.map((key) => ({ ...key, createdAt: key.createdAt.toISOString(), revokedAt: iso(key.revokedAt) }));
}
