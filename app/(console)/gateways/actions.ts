'use server';

import { z } from 'zod';
import { id, keyOf } from '@/app/_server/action-input';
import { runAction } from '@/app/_server/run-action';
import { createGatewayKey as create, revokeGatewayKey as revoke } from '@/lib/services/key/gateway-keys';

const newKey = z.object({ application: z.string(), tables: z.array(z.string()).max(100).nullable() });
const oldKey = z.object({ keyId: id });

/** Without an idempotency key, because the stored answer would hold the secret. */
export async function createGatewayKey(input: z.input<typeof newKey>) {
  return await runAction({ role: 'admin', schema: newKey }, input, (given, { ctx, actor }) =>
    create(ctx, actor, given),
  );
}

export async function revokeGatewayKey(input: z.input<typeof oldKey> & { idempotencyKey: string }) {
  const rules = { role: 'admin', schema: oldKey, action: 'key.revoke', idempotencyKey: keyOf(input) } as const;
  return await runAction(rules, input, (given, { ctx, actor }) => revoke(ctx, actor, given));
}
