'use client';

import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useAct } from '@/app/_data/use-act';
import { FormError } from '@/app/_ui/kit/form-error';
import { Button } from '@/app/_ui/primitives/button';
import { Dialog, DialogClose, DialogContent, DialogTrigger } from '@/app/_ui/primitives/dialog';
import { Field, TextField } from '@/app/_ui/primitives/field';
import { Select } from '@/app/_ui/primitives/select';
import { addPersonAction } from './actions';
import { ROLE_CHOICES } from './role-choices';

const FORM = 'add-person';

export function AddPerson() {
  const [isOpen, setIsOpen] = useState(false);
  const { act, isPending, failure, clear } = useAct();
  const change = (next: boolean) => {
    if (next) clear();
    setIsOpen(next);
  };
  const add = async (form: FormData) => {
    const result = await act((key) => addPersonAction(Object.fromEntries(form), key));
    if (result.ok) setIsOpen(false);
  };
  return (
    <Dialog open={isOpen} onOpenChange={change}>
      <DialogTrigger
        render={
          <Button variant="primary">
            <Plus aria-hidden /> Add person
          </Button>
        }
      />
      <DialogContent
        title="Add person"
        description="They sign in with this address and password. Hand the password over by a way that you trust."
        width="sm"
        footer={
          <>
            <DialogClose render={<Button>Cancel</Button>} />
            <Button type="submit" form={FORM} variant="primary" isPending={isPending}>
              Add person
            </Button>
          </>
        }
      >
        <form
          id={FORM}
          noValidate
          className="flex flex-col gap-4"
          onSubmit={(event) => {
            // Not as the form's action, which would empty the fields when the server refuses.
            event.preventDefault();
            void add(new FormData(event.currentTarget));
          }}
        >
          <FormError failure={failure} />
          <TextField label="Name" name="name" autoComplete="off" error={failure?.fields?.name} />
          <TextField
            label="E-mail address"
            name="email"
            type="email"
            autoComplete="off"
            error={failure?.fields?.email}
          />
          <Field label="Role" name="role" error={failure?.fields?.role}>
            <Select name="role" choices={ROLE_CHOICES} defaultValue="viewer" />
          </Field>
          <TextField
            label="First password"
            hint="12 characters or more."
            name="password"
            type="password"
            autoComplete="new-password"
            error={failure?.fields?.password}
          />
        </form>
      </DialogContent>
    </Dialog>
  );
}
