'use server';

import { z } from 'zod';
import { runAction } from '@/app/_server/run-action';
import { planInput } from '@/lib/contracts/plan';
import { createPlan as create } from '@/lib/services/plan/create-plan';
import { dropDraft as drop, saveDraft as save } from '@/lib/services/plan/draft';
import { planDraft } from './draft';

export async function createPlan(input: unknown, idempotencyKey: string) {
  const rules = { role: 'operator', schema: planInput, action: 'plan.create', idempotencyKey } as const;
  return await runAction(rules, input, (given, { ctx, actor }) => create(ctx, actor, { ...given, idempotencyKey }));
}

export async function saveDraft(input: unknown) {
  return await runAction({ role: 'operator', schema: planDraft }, input, (draft, { ctx, actor }) =>
    save(ctx, actor, draft),
  );
}

export async function dropDraft() {
  return await runAction({ role: 'operator', schema: z.undefined() }, undefined, (_, { ctx, actor }) =>
    drop(ctx, actor),
  );
}
