'use server';

import { redirect } from 'next/navigation';
import { routes } from '../_routes/routes';
import { signOut } from '../_server/authenticate';

export async function signOutAction(): Promise<void> {
  await signOut();
  redirect(routes.signIn());
}
