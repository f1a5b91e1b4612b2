'use server';

import { z } from 'zod';
import { id, keyOf } from '@/app/_server/action-input';
import { runAction } from '@/app/_server/run-action';
import {
  createAlertDestination as create,
  removeAlertDestination as remove,
  sendTestAlert as test,
} from '@/lib/services/alert/destinations';

const added = z.object({ name: z.string(), url: z.string() });
const known = z.object({ destinationId: id });
type Known = z.input<typeof known> & { idempotencyKey: string };

/** Without an idempotency key, because the stored answer would hold the secret. */
export async function addDestination(input: z.input<typeof added>) {
  return await runAction({ role: 'admin', schema: added }, input, (given, { ctx, actor }) => create(ctx, actor, given));
}

export async function removeDestination(input: Known) {
  const rules = { role: 'admin', schema: known, action: 'alert.remove', idempotencyKey: keyOf(input) } as const;
  return await runAction(rules, input, (given, { ctx, actor }) => remove(ctx, actor, given));
}

export async function sendTest(input: Known) {
  const rules = { role: 'operator', schema: known, action: 'alert.test', idempotencyKey: keyOf(input) } as const;
  return await runAction(rules, input, (given, { ctx, actor }) => test(ctx, actor, given));
}
