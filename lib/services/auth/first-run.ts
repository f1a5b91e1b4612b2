/**
 * The first administrator. There is no default account: while nobody is admin, each start of the web process prints a
 * token to its log; whoever can read that log may make the first account with it, once.
 *
 * Only the token's hash is stored, in one row. Consuming it is one conditional update in the transaction that makes the
 * account, so of two people at once one wins, and a failed creation leaves the token as it was. A new start replaces an
 * unused token, so the one in the newest log is the one that counts.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { type Db, withTransaction } from '@/db/client';
import { setupToken, user } from '@/db/schema';
import { AppError } from '@/lib/domain/errors';
import { createUser, type NewUser } from './create-user';

const ROW = 'first_run';
/** Advisory lock of first-run set-up; beside 7001, which is that of migrations. */
const LOCK = 7_002;

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

const isEqual = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

type Reader = Pick<Db, 'select'>;

/** Whether somebody administers this installation. */
export async function hasAdmin(db: Reader): Promise<boolean> {
  const found = await db.select({ id: user.id }).from(user).where(eq(user.role, 'admin')).limit(1);
  return found.length > 0;
}

/** Makes a new token while nobody is admin, and returns it for the log; null when there is an admin. */
export async function offerSetup(db: Db): Promise<string | null> {
  const token = randomBytes(24).toString('base64url');
  const tokenHash = hashOf(token);
  return await withTransaction(db, async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${LOCK})`);
    if (await hasAdmin(tx)) return null;
    await tx
      .insert(setupToken)
      .values({ id: ROW, tokenHash })
      .onConflictDoUpdate({ target: setupToken.id, set: { tokenHash, createdAt: sql`now()`, usedAt: null } });
    return token;
  });
}

/**
 * Makes the first administrator with the token of the log.
 * @throws AppError `auth.setup_done`, `auth.setup_token_wrong`, and those of `createUser`.
 */
export async function completeSetup(db: Db, token: string, person: Omit<NewUser, 'role'>): Promise<{ id: string }> {
  return await withTransaction(db, async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${LOCK})`);
    if (await hasAdmin(tx))
      throw new AppError('auth.setup_done', 'The first administrator exists already. Sign in with that account.');
    const [row] = await tx
      .select()
      .from(setupToken)
      .where(and(eq(setupToken.id, ROW), isNull(setupToken.usedAt)));
    if (!row || !isEqual(row.tokenHash, hashOf(token.trim()))) {
      throw new AppError('auth.setup_token_wrong', {
        sentence: 'This is not the set-up token that the web process printed at its last start.',
        fields: { token: 'Copy it from the log of the web process.' },
      });
    }
    await tx.update(setupToken).set({ usedAt: sql`now()` }).where(eq(setupToken.id, ROW));
    return await createUser(tx, { ...person, role: 'admin' });
  });
}
