import { randomBytes } from 'node:crypto';
import { hashPassword } from 'better-auth/crypto';
import { type Db, type DbTransaction, sqlStateOf } from '@/db/client';
import { account, user } from '@/db/schema';
import { AppError } from '@/lib/domain/errors';
import type { Role } from '@/lib/domain/plan/moves';
import { PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN } from './create-auth';

const UNIQUE_VIOLATION = '23505';
const NAME_CHARS_MAX = 100;

export interface NewUser {
  name: string;
  email: string;
  password: string;
  role: Role;
}

const idOf = (prefix: string): string => `${prefix}_${randomBytes(12).toString('base64url')}`;

function check({ name, email, password }: NewUser): void {
  const fields: Record<string, string> = {};
  if (name.length === 0 || name.length > NAME_CHARS_MAX) fields.name = `A name of 1 to ${NAME_CHARS_MAX} characters.`;
  if (!/^[^\s@]+@[^\s@]+$/.test(email) || email.length > 254)
    fields.email = 'An e-mail address, such as ada@example.com.';
  if (password.length < PASSWORD_CHARS_MIN || password.length > PASSWORD_CHARS_MAX)
    fields.password = `A password of ${PASSWORD_CHARS_MIN} to ${PASSWORD_CHARS_MAX} characters.`;
  if (Object.keys(fields).length > 0)
    throw new AppError('input.invalid', { sentence: 'The account cannot be made like this.', fields });
}

/**
 * A person with a password, ready to sign in. Callers have checked who asks. `at` may be a transaction.
 * @throws AppError `input.invalid` with fields, `auth.email_taken`.
 */
export async function createUser(at: Db | DbTransaction, given: NewUser): Promise<{ id: string }> {
  const made = { ...given, name: given.name.trim(), email: given.email.trim().toLowerCase() };
  check(made);
  const id = idOf('usr');
  const password = await hashPassword(made.password);
  try {
    // One statement each, in the caller's transaction or in one of ours: a person without an account cannot sign in.
    await at.transaction(async (tx) => {
      await tx.insert(user).values({ id, name: made.name, email: made.email, emailVerified: true, role: made.role });
      await tx
        .insert(account)
        .values({ id: idOf('acc'), userId: id, accountId: id, providerId: 'credential', password });
    });
  } catch (error) {
    if (sqlStateOf(error) !== UNIQUE_VIOLATION) throw error;
    throw new AppError('auth.email_taken', {
      sentence: `${made.email} has an account already.`,
      fields: { email: 'Somebody has this address already.' },
    });
  }
  return { id };
}
