import 'server-only';
import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { cache } from 'react';
import { AppError } from '@/lib/domain/errors';
import type { Actor } from '@/lib/domain/plan/facts';
import { ROLE_RANK, ROLES, type Role } from '@/lib/domain/plan/moves';
import { routes } from '../_routes/routes';
import { container } from './container';

export interface SignedIn {
  actor: Actor & { role: Role };
  email: string;
}

/** Who asks, read once a request; null when nobody is signed in or the account is disabled. */
export const session = cache(async (): Promise<SignedIn | null> => await sessionOf(await headers()));

/** The same for a request that is at hand. */
export async function sessionOf(head: Headers): Promise<SignedIn | null> {
  const found = await container().auth.api.getSession({ headers: head });
  if (!found || found.user.banned) return null;
  const role = ROLES.find((each) => each === found.user.role) ?? 'viewer';
  return { actor: { id: found.user.id, name: found.user.name, role }, email: found.user.email };
}

/** For pages: whoever is signed out goes to the sign-in page. */
export async function requireSession(): Promise<SignedIn> {
  return (await session()) ?? redirect(routes.signIn());
}

/** @throws AppError `auth.signed_out`, `auth.role_too_low`. */
export function authorise(who: SignedIn | null, role: Role): SignedIn {
  if (!who) throw new AppError('auth.signed_out', 'You are signed out. Sign in again; nothing was changed.');
  if (ROLE_RANK[who.actor.role] >= ROLE_RANK[role]) return who;
  throw new AppError('auth.role_too_low', `This takes the role ${role} or higher; yours is ${who.actor.role}.`);
}
