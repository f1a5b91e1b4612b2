'use server';

import { z } from 'zod';
import { id, keyOf } from '@/app/_server/action-input';
import { runAction } from '@/app/_server/run-action';
import { createFlagKey as create, revokeFlagKey as revoke } from '@/lib/services/flags/flag-keys';

const newKey = z.object({ application: z.string(), planIds: z.array(id).max(100).nullable() });
const oldKey = z.object({ keyId: id });

/** Without an idempotency key, because the stored answer would hold the key. */
export async function createFlagKey(input: z.input<typeof newKey>) {
  return await runAction({ role: 'admin', schema: newKey }, input, (given, { ctx, actor }) =>
    create(ctx, actor, given),
  );
}

export async function revokeFlagKey(input: z.input<typeof oldKey> & { idempotencyKey: string }) {
  const rules = { role: 'admin', schema: oldKey, action: 'flag_key.revoke', idempotencyKey: keyOf(input) } as const;
  return await runAction(rules, input, (given, { ctx, actor }) => revoke(ctx, actor, given));
}
