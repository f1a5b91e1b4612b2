import { asc, eq, sql } from 'drizzle-orm';
import { type Db, type DbTransaction, withTransaction } from '@/db/client';
import { session, user } from '@/db/schema';
import { AppError } from '@/lib/domain/errors';
import { ROLES, type Role } from '@/lib/domain/plan/moves';

export interface Person {
  id: string;
  name: string;
  email: string;
  role: Role;
  isDisabled: boolean;
  createdAt: string;
  lastSignInAt: string | null;
}

const PEOPLE_MAX = 500;
/** Same lock as first-run set-up: "is there an admin" must not change between the question and the answer. */
const LOCK = 7_002;

const roleOf = (value: string): Role => ROLES.find((role) => role === value) ?? 'viewer';

/** Everybody with an account, by name. */
export async function listPeople(db: Db): Promise<Person[]> {
  const rows = await db
    .select({
      id: user.id,
      name: user.name,
      email: user.email,
      role: user.role,
      banned: user.banned,
      createdAt: user.createdAt,
      lastSignInAt: sql<string | null>`max(${session.createdAt})`,
    })
    .from(user)
    .leftJoin(session, eq(session.userId, user.id))
    .groupBy(user.id)
    .orderBy(asc(user.name))
    .limit(PEOPLE_MAX);
  return rows.map(({ banned, ...row }) => ({
    ...row,
    role: roleOf(row.role),
    isDisabled: banned,
    createdAt: row.createdAt.toISOString(),
    lastSignInAt: row.lastSignInAt === null ? null : new Date(row.lastSignInAt).toISOString(),
  }));
}

/** Runs a change and refuses it when it would leave nobody who administers. */
async function keepingAnAdmin(db: Db, userId: string, change: (tx: DbTransaction) => Promise<unknown>): Promise<void> {
  await withTransaction(db, async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${LOCK})`);
    const [person] = await tx.select({ id: user.id }).from(user).where(eq(user.id, userId));
    if (!person) throw new AppError('input.invalid', 'There is no such person. Reload the list.');
    await change(tx);
    const admins = await tx
      .select({ id: user.id })
      .from(user)
      .where(sql`${user.role} = 'admin' and not ${user.banned}`)
      .limit(1);
    if (admins.length === 0)
      throw new AppError('input.invalid', 'Somebody has to stay administrator. Make another one first.');
  });
}

/** Takes effect on the person's next request. @throws AppError `input.invalid` for the last administrator. */
export async function changeRole(db: Db, userId: string, role: Role): Promise<void> {
  await keepingAnAdmin(db, userId, (tx) =>
    tx.update(user).set({ role, updatedAt: sql`now()` }).where(eq(user.id, userId)),
  );
}

/** Disabling ends every session at once; the person stays in the record. */
export async function setDisabled(db: Db, userId: string, isDisabled: boolean): Promise<void> {
  await keepingAnAdmin(db, userId, async (tx) => {
    await tx.update(user).set({ banned: isDisabled, updatedAt: sql`now()` }).where(eq(user.id, userId));
    if (isDisabled) await tx.delete(session).where(eq(session.userId, userId));
  });
}
