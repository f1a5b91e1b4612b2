import { eq } from 'drizzle-orm';
import { withTransaction } from '@/db/client';
import { DEAD_LETTERS_MAX, type DeadLetterRow, parkKeys, readDeadLetters, unparkKeys } from '@/db/queries/dead-letter';
import { markKeys } from '@/db/queries/dirty';
import { planTable } from '@/db/schema';
import { AppError } from '@/lib/domain/errors';
import { keyHash } from '@/lib/domain/item/key';
import { formatCount } from '@/lib/domain/units';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { invalid } from '../parse-input';
import { requireRole } from '../view/require-role';

export interface DeadLetterInput {
  tableId: string;
  /** Digests of the keys in hex, as the view gives them. */
  ids: readonly string[];
}

const PARK_REASON_MAX = 500;

/**
 * Tries dead letters again: their keys are marked, so a settle reads the authority anew and writes what it has now. One
 * that is refused again is a dead letter again. What was parked is so no longer.
 * @throws AppError `auth.role_too_low`, `table.not_found`, `dirty.not_dead`
 */
export async function retryDeadLetters(ctx: ServiceContext, actor: Actor, input: DeadLetterInput): Promise<number> {
  requireRole(actor, 'operator');
  const { table, letters } = await find(ctx, input);
  await record(ctx, { actor, table, letters, verb: 'retry', says: 'tried again' });
  await unparkKeys(ctx.sql, { planTableId: table.id, ids: letters.map((letter) => letter.id) });
  // After the record: marking is safe to repeat, and a mark without its record would be a change nobody asked for.
  await markKeys(ctx.sql, {
    planTableId: table.id,
    schema: table.keySchema,
    keyIds: letters.map((letter) => letter.keyId),
    cause: 'operator',
  });
  return letters.length;
}

/**
 * Lets dead letters wait, with a reason: no alert asks for them any more. They stay dirty, are read from the authority,
 * and hold every move that dirty keys hold. A new write of the key is tried all the same.
 * @throws AppError `auth.role_too_low`, `table.not_found`, `dirty.not_dead`, `input.invalid`
 */
export async function parkDeadLetters(
  ctx: ServiceContext,
  actor: Actor,
  input: DeadLetterInput & { reason: string },
): Promise<number> {
  requireRole(actor, 'operator');
  const reason = input.reason.trim();
  if (reason === '' || reason.length > PARK_REASON_MAX)
    throw invalid({ reason: `Say in at most ${PARK_REASON_MAX} characters why it may wait.` });
  const { table, letters } = await find(ctx, input);
  const ids = letters.map((letter) => letter.id);
  const parked = await parkKeys(ctx.sql, { planTableId: table.id, ids, by: actor.name, reason });
  if (parked === 0) throw notDead();
  await record(ctx, { actor, table, letters, verb: 'park', says: 'parked', reason });
  return parked;
}

const notDead = () =>
  new AppError(
    'dirty.not_dead',
    'It is no dead letter any more: it was settled, or written anew. Nothing was changed.',
  );

type Table = typeof planTable.$inferSelect;

async function find(ctx: ServiceContext, input: DeadLetterInput): Promise<{ table: Table; letters: DeadLetterRow[] }> {
  if (input.ids.length === 0 || input.ids.length > DEAD_LETTERS_MAX)
    throw invalid({ ids: `Choose from 1 to ${DEAD_LETTERS_MAX} dead letters.` });
  const [table] = await ctx.db.select().from(planTable).where(eq(planTable.id, input.tableId));
  if (!table) throw new AppError('table.not_found', 'There is no such table.');
  const letters = await readDeadLetters(ctx.sql, { planTableId: table.id, ids: input.ids });
  if (letters.length === 0) throw notDead();
  return { table, letters };
}

async function record(
  ctx: ServiceContext,
  what: {
    actor: Actor;
    table: Table;
    letters: readonly DeadLetterRow[];
    verb: 'retry' | 'park';
    says: string;
    reason?: string;
  },
): Promise<void> {
  const { actor, table, letters, verb, says, reason } = what;
  const action = `dirty.${verb}`;
  const count = letters.length === 1 ? 'a dead letter is' : `${formatCount(letters.length)} dead letters are`;
  await withTransaction(ctx.db, async (tx) => {
    const entry = { planId: table.planId, planTableId: table.id, actor, reason };
    await appendEvent(ctx, tx, { ...entry, kind: action, sentence: `${table.name}: ${count} ${says}.` });
    const detail = { keyHashes: letters.map((letter) => keyHash(letter.keyId)) };
    await appendAudit(ctx, tx, { action, actor, subject: table.id, detail, reason });
  });
}
