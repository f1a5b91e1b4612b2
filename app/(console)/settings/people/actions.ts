'use server';

import { type ActionResult, runAction } from '@/app/_server/run-action';
import {
  addPerson,
  changeRole,
  changeRoleInput,
  newPersonInput,
  setDisabled,
  setDisabledInput,
} from '@/lib/services/auth/people';

export const addPersonAction = async (input: unknown, idempotencyKey: string): Promise<ActionResult<{ id: string }>> =>
  runAction(
    { role: 'admin', schema: newPersonInput, action: 'person.add', idempotencyKey },
    input,
    (given, { ctx, actor }) => addPerson(ctx, actor, given),
  );

export const changeRoleAction = async (input: unknown): Promise<ActionResult<void>> =>
  runAction({ role: 'admin', schema: changeRoleInput }, input, (given, { ctx, actor }) =>
    changeRole(ctx, actor, given),
  );

export const setDisabledAction = async (input: unknown): Promise<ActionResult<void>> =>
  runAction({ role: 'admin', schema: setDisabledInput }, input, (given, { ctx, actor }) =>
    setDisabled(ctx, actor, given),
  );
