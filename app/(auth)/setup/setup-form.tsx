'use client';

import { useActionState } from 'react';
import { FormError } from '../../_ui/kit/form-error';
import { Button } from '../../_ui/primitives/button';
import { TextField } from '../../_ui/primitives/field';
import { type SetupState, setUpAction } from './actions';

const START: SetupState = { failure: null, name: '', email: '', token: '' };

export function SetupForm() {
  const [state, act, isPending] = useActionState(setUpAction, START);
  const fields = state.failure?.fields;
  return (
    <form action={act} className="mt-4 flex flex-col gap-4" noValidate>
      <FormError failure={state.failure} hasHelp={false} />
      <TextField
        key={`token ${state.token}`}
        label="Set-up token"
        hint="The web process printed it to its log when it started. A new start prints a new one."
        name="token"
        autoComplete="off"
        spellCheck={false}
        defaultValue={state.token}
        error={fields?.token}
      />
      <TextField
        key={`name ${state.name}`}
        label="Your name"
        hint="Stands beside everything you do."
        name="name"
        autoComplete="name"
        defaultValue={state.name}
        error={fields?.name}
      />
      <TextField
        key={`email ${state.email}`}
        label="E-mail address"
        name="email"
        type="email"
        autoComplete="username"
        defaultValue={state.email}
        error={fields?.email}
      />
      <TextField
        label="Password"
        hint="12 characters or more."
        name="password"
        type="password"
        autoComplete="new-password"
        error={fields?.password}
      />
      <Button type="submit" variant="primary" isPending={isPending}>
        {isPending ? 'Making the account…' : 'Make the first administrator'}
      </Button>
    </form>
  );
}
