/**
 * Another Postgres in the place of the one before (PROTOCOL F6): a fail-over, a restore. It may have lost commits, and
 * with them an epoch that gateways already act on, so nothing is moved until every gateway that counts has said what it
 * obeys. The highest of that is taken with its content, the incarnation rises above everything that anybody ever saw,
 * and every table on its way owes a verification, because marks may be among what was lost. Nothing here can prove that
 * nothing was lost, so this holds after a clean fail-over too.
 *
 * It is recognised by the system identifier, by the timeline, and by a gateway that acknowledges an epoch which was
 * never published here: a data directory that was copied back has neither a new identifier nor a new timeline.
 */
import { type Db, type DbTransaction, withTransaction } from '@/db/client';
import {
  gatewaysAhead,
  knownPostgres,
  openRecovery,
  type PostgresMark,
  seePostgres,
  storePostgres,
  unreported,
} from '@/db/queries/process/postgres';
import { AppError } from '@/lib/domain/errors';
import { type ServiceContext, SYSTEM } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { recover } from './recover';

/**
 * Gateways that live and that a restored database does not know register anew within a poll; so many polls are waited
 * for before those that it knows are taken for all.
 */
export const RECOVERY_WAIT_MS = 15_000;

const isOther = (known: PostgresMark, seen: PostgresMark): boolean =>
  known.systemIdentifier !== seen.systemIdentifier || known.timeline !== seen.timeline;

/**
 * Refuses to move anything while it is not known what gateways obey; in the transaction of the move.
 * @throws AppError `control.postgres_changed`
 */
export async function requireKnownPostgres(ctx: ServiceContext, tx: DbTransaction): Promise<void> {
  // Tests only: what a restored database says is then published over what gateways already act on.
  if (!ctx.safeguards.snapshotsFirst) return;
  const known = await knownPostgres(tx);
  if (!known) return;
  if (known.openedAtMs === null && !isOther(known, await seePostgres(ctx.db, tx))) return;
  const waiting = known.openedAtMs === null ? [] : await unreported(tx, known.round);
  throw new AppError('control.postgres_changed', sayWaiting(waiting));
}

export const sayWaiting = (waiting: readonly string[]): string =>
  waiting.length === 0
    ? 'Another Postgres has taken the place of the one before; what gateways obey is being collected.'
    : `Another Postgres has taken the place of the one before; moves wait until these gateways say what they obey: ${waiting.join(', ')}.`;

/** Whether a fence may take a step now; the same test without a throw. */
export async function isPostgresKnown(ctx: ServiceContext, tx: DbTransaction): Promise<boolean> {
  try {
    await requireKnownPostgres(ctx, tx);
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === 'control.postgres_changed') return false;
    throw error;
  }
}

/** For the loops of workers and web: recognises another Postgres, and ends the recovery once everybody has reported. */
export async function watchPostgres(ctx: ServiceContext, options: { waitMs?: number } = {}): Promise<void> {
  const seen = await seePostgres(ctx.db, ctx.db);
  const known = await knownPostgres(ctx.db);
  if (!known) return await storePostgres(ctx.db, seen);
  if (known.openedAtMs !== null) {
    if ((known.ageMs ?? 0) >= (options.waitMs ?? RECOVERY_WAIT_MS)) await recover(ctx);
    return;
  }
  const reason = isOther(known, seen) ? changeOf(known, seen) : await regression(ctx.db);
  if (reason === null) return;
  await withTransaction(ctx.db, async (tx) => {
    if (!(await openRecovery(tx, { mark: seen, round: known.round, reason }))) return;
    const sentence = `Another Postgres has taken the place of the one before: ${reason}. Nothing is moved until every gateway has said what it obeys.`;
    await appendEvent(ctx, tx, { kind: 'postgres.changed', sentence, actor: SYSTEM });
    const detail = { known, seen, reason };
    await appendAudit(ctx, tx, { action: 'postgres.changed', actor: SYSTEM, subject: 'postgres', detail });
  });
}

const changeOf = (known: PostgresMark, seen: PostgresMark): string =>
  known.systemIdentifier === seen.systemIdentifier
    ? `its timeline went from ${known.timeline} to ${seen.timeline}`
    : 'its system identifier is another one';

async function regression(db: Db): Promise<string | null> {
  const [ahead] = await gatewaysAhead(db);
  if (!ahead) return null;
  return `gateway ${ahead.identity} obeys epoch ${ahead.epoch}, and the newest one here is ${ahead.head}`;
}
