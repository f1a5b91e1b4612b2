import { AppError } from '@/lib/domain/errors';
import { ROLE_RANK, type Role } from '@/lib/domain/plan/moves';
import type { Actor } from '../context';

/**
 * Every verb and every data function begins with it: an action and a GET route are both public doors.
 * @throws AppError `auth.role_too_low`
 */
export function requireRole(actor: Actor, role: Role): void {
  if (actor.role === 'system' || ROLE_RANK[actor.role] >= ROLE_RANK[role]) return;
  throw new AppError('auth.role_too_low', `This needs the role ${role}; you have the role ${actor.role}.`);
}

export const hasRole = (actor: Actor, role: Role): boolean =>
  actor.role === 'system' || ROLE_RANK[actor.role] >= ROLE_RANK[role];
