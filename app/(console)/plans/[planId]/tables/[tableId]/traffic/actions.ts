'use server';

import { keyOf } from '@/app/_server/action-input';
import { runAction } from '@/app/_server/run-action';
import { parkDeadLetters as park, retryDeadLetters as retry } from '@/lib/services/dirty/dead-letters';
import { repairShadowSample as repair } from '@/lib/services/run/repair-shadow';
import { setGuardMode as guard } from '@/lib/services/table/guard-modes';
import { setShadowShare as share } from '@/lib/services/table/shadow-share';
import * as shape from '../inputs';

export async function setShadowShare(input: shape.Keyed<typeof shape.shadowShareInput>) {
  const action = { role: 'operator', action: 'table.shadow_share', idempotencyKey: keyOf(input) } as const;
  return await runAction({ ...action, schema: shape.shadowShareInput }, input, (given, { ctx, actor }) =>
    share(ctx, actor, given),
  );
}

export async function setGuardMode(input: shape.Keyed<typeof shape.guardModeInput>) {
  const action = { role: 'approver', action: 'table.guard_mode', idempotencyKey: keyOf(input) } as const;
  return await runAction({ ...action, schema: shape.guardModeInput }, input, (given, { ctx, actor }) =>
    guard(ctx, actor, given),
  );
}

export async function repairShadowSample(input: shape.Keyed<typeof shape.shadowSampleInput>) {
  const action = { role: 'operator', action: 'shadow.repair', idempotencyKey: keyOf(input) } as const;
  return await runAction({ ...action, schema: shape.shadowSampleInput }, input, (given, { ctx, actor }) =>
    repair(ctx, actor, given),
  );
}

export async function retryDeadLetters(input: shape.Keyed<typeof shape.deadLettersInput>) {
  const action = { role: 'operator', action: 'dirty.retry', idempotencyKey: keyOf(input) } as const;
  return await runAction({ ...action, schema: shape.deadLettersInput }, input, (given, { ctx, actor }) =>
    retry(ctx, actor, given),
  );
}

export async function parkDeadLetters(input: shape.Keyed<typeof shape.parkInput>) {
  const action = { role: 'operator', action: 'dirty.park', idempotencyKey: keyOf(input) } as const;
  return await runAction({ ...action, schema: shape.parkInput }, input, (given, { ctx, actor }) =>
    park(ctx, actor, given),
  );
}
