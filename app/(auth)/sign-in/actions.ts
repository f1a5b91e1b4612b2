'use server';

import { redirect } from 'next/navigation';
import { safeNext } from '../../_routes/routes';
import { signIn } from '../../_server/authenticate';
import type { ActionFailure } from '../../_ui/action-result';

export interface SignInState {
  failure: ActionFailure | null;
  email: string;
}

export async function signInAction(_: SignInState, form: FormData): Promise<SignInState> {
  const email = String(form.get('email') ?? '').slice(0, 254);
  const result = await signIn(email, String(form.get('password') ?? '').slice(0, 256));
  if (result.ok) redirect(safeNext(String(form.get('next') ?? '')));
  return { failure: result, email };
}
