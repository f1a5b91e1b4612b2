'use server';

import { keyOf } from '@/app/_server/action-input';
import { runAction } from '@/app/_server/run-action';
import { acceptSetAside as accept } from '@/lib/services/run/accept-set-aside';
import {
  cancelRun as cancel,
  resumeRun as goOn,
  setRunLimit as limit,
  pauseRun as pause,
} from '@/lib/services/run/control';
import { recheckMismatch as recheck, repairMismatch as repair } from '@/lib/services/run/repair';
import { repairAll } from '@/lib/services/run/repair-all';
import { startSqlReadBack as readBySql } from '@/lib/services/run/sql-read-back';
import { startVerification as verify } from '@/lib/services/run/verification';
import { advance } from '@/lib/services/table/advance';
import { approve } from '@/lib/services/table/approve';
import { hold, resume } from '@/lib/services/table/hold';
import * as shape from './inputs';

const operator = (action: string, input: unknown) =>
  ({ role: 'operator', action, idempotencyKey: keyOf(input) }) as const;

export async function commitMove(input: shape.Keyed<typeof shape.moveInput>) {
  const rules = { ...operator('table.advance', input), schema: shape.moveInput };
  return await runAction(rules, input, (given, { ctx, actor, idempotencyKey }) =>
    advance(ctx, actor, { ...given, idempotencyKey }),
  );
}

export async function approveMove(input: shape.Keyed<typeof shape.approvalInput>) {
  const rules = { ...operator('table.approve', input), role: 'approver', schema: shape.approvalInput } as const;
  return await runAction(rules, input, (given, { ctx, actor }) => approve(ctx, actor, given));
}

export async function holdTable(input: shape.Keyed<typeof shape.holdInput>) {
  const rules = { ...operator('table.hold', input), schema: shape.holdInput };
  return await runAction(rules, input, (given, { ctx, actor }) => hold(ctx, actor, given));
}

export async function resumeTable(input: shape.Keyed<typeof shape.tableInput>) {
  const rules = { ...operator('table.resume', input), schema: shape.tableInput };
  return await runAction(rules, input, (given, { ctx, actor }) => resume(ctx, actor, given));
}

export async function pauseRun(input: shape.Keyed<typeof shape.runInput>) {
  const rules = { ...operator('run.pause', input), schema: shape.runInput };
  return await runAction(rules, input, (given, { ctx, actor }) => pause(ctx, actor, given));
}

export async function resumeRun(input: shape.Keyed<typeof shape.runInput>) {
  const rules = { ...operator('run.resume', input), schema: shape.runInput };
  return await runAction(rules, input, (given, { ctx, actor }) => goOn(ctx, actor, given));
}

export async function cancelRun(input: shape.Keyed<typeof shape.runInput>) {
  const rules = { ...operator('run.cancel', input), schema: shape.runInput };
  return await runAction(rules, input, (given, { ctx, actor }) => cancel(ctx, actor, given));
}

export async function setRunLimit(input: shape.Keyed<typeof shape.runLimitInput>) {
  const rules = { ...operator('run.limit', input), schema: shape.runLimitInput };
  return await runAction(rules, input, (given, { ctx, actor }) => limit(ctx, actor, given));
}

export async function acceptSetAside(input: shape.Keyed<typeof shape.setAsideInput>) {
  const rules = { ...operator('run.accept_set_aside', input), schema: shape.setAsideInput };
  return await runAction(rules, input, (given, { ctx, actor }) => accept(ctx, actor, given));
}

export async function startVerification(input: shape.Keyed<typeof shape.verificationInput>) {
  const rules = { ...operator('run.verify', input), schema: shape.verificationInput };
  return await runAction(rules, input, (given, { ctx, actor, idempotencyKey }) =>
    verify(ctx, actor, { ...given, idempotencyKey }),
  );
}

export async function startSqlReadBack(input: shape.Keyed<typeof shape.tableInput>) {
  const rules = { ...operator('run.sql_read_back', input), schema: shape.tableInput };
  return await runAction(rules, input, (given, { ctx, actor, idempotencyKey }) =>
    readBySql(ctx, actor, { ...given, idempotencyKey }),
  );
}

export async function recheckMismatch(input: shape.Keyed<typeof shape.mismatchInput>) {
  const rules = { ...operator('mismatch.recheck', input), schema: shape.mismatchInput };
  return await runAction(rules, input, (given, { ctx, actor }) => recheck(ctx, actor, given));
}

export async function repairMismatch(input: shape.Keyed<typeof shape.mismatchInput>) {
  const rules = { ...operator('mismatch.repair', input), schema: shape.mismatchInput };
  return await runAction(rules, input, (given, { ctx, actor }) => repair(ctx, actor, given));
}

export async function repairAllMismatches(input: shape.Keyed<typeof shape.repairAllInput>) {
  const rules = { ...operator('mismatch.repair_all', input), schema: shape.repairAllInput };
  return await runAction(rules, input, (given, { ctx, actor }) => repairAll(ctx, actor, given));
}
