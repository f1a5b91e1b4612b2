'use client';

import { useActionState } from 'react';
import { FormError } from '../../_ui/kit/form-error';
import { Button } from '../../_ui/primitives/button';
import { TextField } from '../../_ui/primitives/field';
import { type SignInState, signInAction } from './actions';

const START: SignInState = { failure: null, email: '' };

export function SignInForm({ next }: { next: string }) {
  const [state, act, isPending] = useActionState(signInAction, START);
  return (
    <form action={act} className="mt-4 flex flex-col gap-4">
      <FormError failure={state.failure} hasHelp={false} />
      <input type="hidden" name="next" value={next} />
      <TextField
        key={state.email}
        label="E-mail address"
        name="email"
        type="email"
        autoComplete="username"
        required
        defaultValue={state.email}
      />
      <TextField label="Password" name="password" type="password" autoComplete="current-password" required />
      <Button type="submit" variant="primary" isPending={isPending}>
        {isPending ? 'Signing in…' : 'Sign in'}
      </Button>
    </form>
  );
}
