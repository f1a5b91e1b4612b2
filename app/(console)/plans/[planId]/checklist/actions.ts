'use server';

import { keyOf } from '@/app/_server/action-input';
import { runAction } from '@/app/_server/run-action';
import {
  acknowledgeDowntime as acknowledge,
  setRollbackDocument,
  setTrainedPeople,
  signOff,
} from '@/lib/services/checklist/sign-off';
import * as shape from './inputs';

const operator = (action: string, input: unknown) =>
  ({ role: 'operator', action, idempotencyKey: keyOf(input) }) as const;

export async function signOffItem(input: shape.SignOff) {
  const rules = { ...operator('checklist.sign', input), schema: shape.signOffInput };
  return await runAction(rules, input, (given, { ctx, actor, idempotencyKey }) =>
    signOff(ctx, actor, { ...given, idempotencyKey }),
  );
}

export async function keepRollbackDocument(input: shape.Supplied) {
  const rules = { ...operator('checklist.rollback_document', input), schema: shape.suppliedInput };
  return await runAction(rules, input, ({ planId, text }, { ctx, actor }) =>
    setRollbackDocument(ctx, actor, { planId, document: text }),
  );
}

export async function keepTrainedPeople(input: shape.Supplied) {
  const rules = { ...operator('checklist.trained_people', input), schema: shape.suppliedInput };
  return await runAction(rules, input, ({ planId, text }, { ctx, actor }) =>
    setTrainedPeople(ctx, actor, { planId, people: text }),
  );
}

export async function acknowledgeDowntime(input: { planId: string; idempotencyKey: string }) {
  const rules = { ...operator('plan.acknowledge_downtime', input), schema: shape.planInput };
  return await runAction(rules, input, (given, { ctx, actor }) => acknowledge(ctx, actor, given));
}
