import { and, asc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { type Db, type DbTransaction, withTransaction } from '@/db/client';
import { session, user } from '@/db/schema';
import { AppError } from '@/lib/domain/errors';
import type { Actor } from '@/lib/domain/plan/facts';
import { ROLES, type Role } from '@/lib/domain/plan/moves';
import type { ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN } from './create-auth';
import { createUser } from './create-user';

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

const byIdOf = z.object({ userId: z.string().min(1) });
export const newPersonInput = z.object({
  name: z.string().trim().min(1, 'A name of 1 to 100 characters.').max(100, 'A name of 1 to 100 characters.'),
  email: z.email('An e-mail address, such as ada@example.com.').max(254),
  password: z
    .string()
    .min(PASSWORD_CHARS_MIN, `A password of ${PASSWORD_CHARS_MIN} characters or more.`)
    .max(PASSWORD_CHARS_MAX, `A password of at most ${PASSWORD_CHARS_MAX} characters.`),
  role: z.enum(ROLES, 'One of viewer, operator, approver and admin.'),
});
export const changeRoleInput = byIdOf.extend({ role: z.enum(ROLES, 'One of viewer, operator, approver and admin.') });
export const setDisabledInput = byIdOf.extend({ isDisabled: z.boolean() });

/** The rule stands here and not at the edge alone: whoever calls a verb must be allowed it. */
function mustBeAdmin(actor: Actor): void {
  if (actor.role !== 'admin')
    throw new AppError('auth.role_too_low', `People are administered by admins; your role is ${actor.role}.`);
}

/** Makes an account. @throws AppError `auth.role_too_low`, `auth.email_taken`, `input.invalid`. */
export async function addPerson(
  ctx: ServiceContext,
  actor: Actor,
  given: z.output<typeof newPersonInput>,
): Promise<{ id: string }> {
  mustBeAdmin(actor);
  return await withTransaction(ctx.db, async (tx) => {
    const made = await createUser(tx, given);
    const detail = { email: given.email, role: given.role };
    await appendAudit(ctx, tx, { action: 'person.add', actor, subject: made.id, detail });
    return made;
  });
}

/** Runs a change of a person and refuses it when it would leave nobody who administers. */
async function keepingAnAdmin(
  ctx: ServiceContext,
  userId: string,
  change: (tx: DbTransaction, before: { role: string; banned: boolean }) => Promise<void>,
): Promise<void> {
  await withTransaction(ctx.db, async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${LOCK})`);
    const [before] = await tx.select({ role: user.role, banned: user.banned }).from(user).where(eq(user.id, userId));
    if (!before) throw new AppError('input.invalid', 'There is no such person. Reload the list.');
    await change(tx, before);
    const admins = await tx
      .select({ id: user.id })
      .from(user)
      .where(and(eq(user.role, 'admin'), eq(user.banned, false)))
      .limit(1);
    if (admins.length > 0) return;
    throw new AppError('input.invalid', 'Somebody has to stay administrator. Make another one first.');
  });
}

/** Takes effect on the person's next request. @throws AppError `auth.role_too_low`; `input.invalid` for the last admin. */
export async function changeRole(
  ctx: ServiceContext,
  actor: Actor,
  { userId, role }: z.output<typeof changeRoleInput>,
): Promise<void> {
  mustBeAdmin(actor);
  await keepingAnAdmin(ctx, userId, async (tx, before) => {
    await tx.update(user).set({ role, updatedAt: sql`now()` }).where(eq(user.id, userId));
    const detail = { before: before.role, after: role };
    await appendAudit(ctx, tx, { action: 'person.change_role', actor, subject: userId, detail });
  });
}

/** Disabling ends every session at once; the person stays in the record. Throws like `changeRole`. */
export async function setDisabled(
  ctx: ServiceContext,
  actor: Actor,
  { userId, isDisabled }: z.output<typeof setDisabledInput>,
): Promise<void> {
  mustBeAdmin(actor);
  await keepingAnAdmin(ctx, userId, async (tx, before) => {
    await tx.update(user).set({ banned: isDisabled, updatedAt: sql`now()` }).where(eq(user.id, userId));
    if (isDisabled) await tx.delete(session).where(eq(session.userId, userId));
    const detail = { before: before.banned, after: isDisabled };
    await appendAudit(ctx, tx, {
      action: isDisabled ? 'person.disable' : 'person.enable',
      actor,
      subject: userId,
      detail,
    });
  });
}
