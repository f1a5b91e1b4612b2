'use server';

import { redirect } from 'next/navigation';
import { routes } from '../../_routes/routes';
import { setUp } from '../../_server/set-up';
import type { ActionFailure } from '../../_ui/action-result';

export interface SetupState {
  failure: ActionFailure | null;
  name: string;
  email: string;
  token: string;
}

export async function setUpAction(_: SetupState, form: FormData): Promise<SetupState> {
  const text = (name: string) => String(form.get(name) ?? '').slice(0, 256);
  const given = { token: text('token'), name: text('name'), email: text('email') };
  const result = await setUp({ ...given, password: text('password') });
  if (result.ok) redirect(routes.fleet());
  return { failure: result, ...given };
}
