'use server';

import { keyOf } from '@/app/_server/action-input';
import { runAction } from '@/app/_server/run-action';
import { assessTable as assess } from '@/lib/services/plan/assess-table';
import { proveTypes as prove } from '@/lib/services/plan/prove-types';
import { provisionTarget as provision } from '@/lib/services/plan/provision-target';
import { setMappings as choose } from '@/lib/services/plan/set-mappings';
import { waiveCheck as waive } from '@/lib/services/plan/waive-check';
import * as shape from './inputs';

const operator = (action: string, input: unknown) =>
  ({ role: 'operator', action, idempotencyKey: keyOf(input) }) as const;

export async function assessTable(input: shape.Keyed<typeof shape.tableInput>) {
  const rules = { ...operator('table.assess', input), schema: shape.tableInput };
  return await runAction(rules, input, async (given, { ctx, actor }) => void (await assess(ctx, actor, given)));
}

export async function provisionTarget(input: shape.Keyed<typeof shape.tableInput>) {
  const rules = { ...operator('table.provision_target', input), schema: shape.tableInput };
  return await runAction(rules, input, async (given, { ctx, actor }) => void (await provision(ctx, actor, given)));
}

export async function proveTypes(input: shape.Keyed<typeof shape.tableInput>) {
  const rules = { ...operator('table.prove_types', input), schema: shape.tableInput };
  return await runAction(rules, input, async (given, { ctx, actor }) => void (await prove(ctx, actor, given)));
}

export async function setMappings(input: shape.Keyed<typeof shape.mappingsInput>) {
  const rules = { ...operator('table.set_mappings', input), schema: shape.mappingsInput };
  return await runAction(rules, input, async (given, { ctx, actor }) => void (await choose(ctx, actor, given)));
}

export async function waiveCheck(input: shape.Keyed<typeof shape.waiverInput>) {
  const rules = { ...operator('table.waive_check', input), schema: shape.waiverInput };
  return await runAction(rules, input, async (given, { ctx, actor }) => void (await waive(ctx, actor, given)));
}
