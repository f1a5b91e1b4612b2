'use server';

import { z } from 'zod';
import { id, keyOf, reason } from '@/app/_server/action-input';
import { runAction } from '@/app/_server/run-action';
import {
  createGatewayKey as create,
  revokeGatewayKey as revoke,
  rotateGatewayKey as rotate,
} from '@/lib/services/key/gateway-keys';
import { attestGone as attest, withdrawWorker as withdraw } from '@/lib/services/process/attest-gone';
import { declareDead as declare } from '@/lib/services/process/declare-dead';

const names = z.array(z.string()).max(100).nullable();
const newKey = z.object({ application: z.string(), tables: names, operations: names });
const oldKey = z.object({ keyId: id });

const passBy = z.object({ processId: id, typedName: z.string().max(255), reason });
const passing = (action: string, input: unknown) =>
  ({ role: 'approver', schema: passBy, action, idempotencyKey: keyOf(input) }) as const;
type PassBy = z.input<typeof passBy> & { idempotencyKey: string };

export async function attestGone(input: PassBy) {
  return await runAction(passing('gateway.attest_gone', input), input, (given, { ctx, actor }) =>
    attest(ctx, actor, given),
  );
}

export async function declareDead(input: PassBy) {
  return await runAction(passing('gateway.declare_dead', input), input, (given, { ctx, actor }) =>
    declare(ctx, actor, given),
  );
}

export async function withdrawWorker(input: PassBy) {
  return await runAction(passing('worker.withdraw', input), input, (given, { ctx, actor }) =>
    withdraw(ctx, actor, given),
  );
}

/** Without an idempotency key, because the stored answer would hold the secret. */
export async function createGatewayKey(input: z.input<typeof newKey>) {
  return await runAction({ role: 'admin', schema: newKey }, input, (given, { ctx, actor }) =>
    create(ctx, actor, given),
  );
}

/** Without an idempotency key, for the same reason. */
export async function rotateGatewayKey(input: z.input<typeof oldKey>) {
  return await runAction({ role: 'admin', schema: oldKey }, input, (given, { ctx, actor }) =>
    rotate(ctx, actor, given),
  );
}

export async function revokeGatewayKey(input: z.input<typeof oldKey> & { idempotencyKey: string }) {
  const rules = { role: 'admin', schema: oldKey, action: 'key.revoke', idempotencyKey: keyOf(input) } as const;
  return await runAction(rules, input, (given, { ctx, actor }) => revoke(ctx, actor, given));
}
