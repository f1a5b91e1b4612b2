import { withTransaction } from '@/db/client';
import { deadFacts, markGone, markWithdrawn, verifyAgain } from '@/db/queries/process/passed-by';
import { AppError } from '@/lib/domain/errors';
import { formatMs } from '@/lib/domain/units';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { GATEWAY_SILENT_MS } from '../table/facts';
import { requireRole } from '../view/require-role';

export interface PassByInput {
  processId: string;
  /** The identity of the gateway, or the id of the worker, typed by the person. */
  typedName: string;
  reason: string;
}

export const PASS_BY_REASON_CHARACTERS_MAX = 500;

/** What a person has to give for it. @throws AppError `input.invalid`, `table.name_not_typed` */
export function requireWords(input: PassByInput, name: string): string {
  const reason = input.reason.trim();
  const wrong =
    reason === ''
      ? 'Say why; it stays in the record.'
      : reason.length > PASS_BY_REASON_CHARACTERS_MAX
        ? `A reason has at most ${PASS_BY_REASON_CHARACTERS_MAX} characters.`
        : null;
  if (wrong) throw new AppError('input.invalid', { sentence: wrong, fields: { reason: wrong } });
  if (input.typedName !== name)
    throw new AppError('table.name_not_typed', {
      sentence: `Type ${name} exactly.`,
      fields: { typedName: `Type ${name} exactly.` },
    });
  return reason;
}

/**
 * A person attests that the machine of a silent gateway is gone: barriers pass it from now on, it may never register
 * again, it gets no key any more, and every table on its way owes a verification, because what it had in flight may be
 * missing on one side (PROTOCOL F4, F5). Its keys are taken away in the background; a fence, and the beginning of a read
 * shift, wait for the proof.
 * @throws AppError `auth.role_too_low`, `gateway.not_found`, `gateway.not_silent`, `input.invalid`, `table.name_not_typed`
 */
export async function attestGone(ctx: ServiceContext, actor: Actor, input: PassByInput): Promise<{ tables: string[] }> {
  requireRole(actor, 'approver');
  return await withTransaction(ctx.db, async (tx) => {
    const facts = await deadFacts(tx, input.processId);
    if (!facts) throw new AppError('gateway.not_found', 'There is no such gateway.');
    const reason = requireWords(input, facts.identity);
    const gone = await markGone(tx, {
      gatewayId: input.processId,
      by: actor.name,
      reason,
      silentMs: GATEWAY_SILENT_MS,
    });
    if (!gone)
      throw new AppError('gateway.not_silent', `${facts.identity} is not silent, or is waited for no more already.`);
    const tables = await verifyAgain(tx, {
      connectionId: gone.connectionId,
      reason: `Gateway ${gone.identity} vanished without a goodbye`,
    });
    const sentence = `${actor.name} attested that the machine of gateway ${gone.identity} is gone. Barriers pass it; its keys are being taken away.`;
    await appendEvent(ctx, tx, { kind: 'gateway.gone', sentence, actor, reason });
    for (const table of tables)
      await appendEvent(ctx, tx, {
        planId: table.planId,
        planTableId: table.id,
        kind: 'verification.owed',
        sentence: `${table.name}: verify again, because gateway ${gone.identity} vanished without a goodbye.`,
        actor,
      });
    const detail = { identity: gone.identity, verifyAgain: tables.map((table) => table.id) };
    await appendAudit(ctx, tx, { action: 'gateway.attest_gone', actor, subject: input.processId, detail, reason });
    return { tables: tables.map((table) => table.name) };
  });
}

/**
 * A person says that a silent worker has ended. That alone proves nothing, so it still counts at fences until every key
 * that it may know is replaced for all, revoked and refused; then it is recorded as ended by itself (PROTOCOL F1a). A
 * worker that lives after all ends at its next heart-beat.
 * @throws AppError `auth.role_too_low`, `worker.not_silent`, `input.invalid`, `table.name_not_typed`
 */
export async function withdrawWorker(ctx: ServiceContext, actor: Actor, input: PassByInput): Promise<void> {
  requireRole(actor, 'approver');
  const reason = requireWords(input, input.processId);
  await withTransaction(ctx.db, async (tx) => {
    const { processId: workerId } = input;
    if (!(await markWithdrawn(tx, { workerId, silentMs: GATEWAY_SILENT_MS })))
      throw new AppError('worker.not_silent', `There is no registered worker ${workerId} that has been silent.`);
    const sentence = `${actor.name} said that worker ${workerId} has ended, silent for over ${formatMs(GATEWAY_SILENT_MS)}. It counts until its keys are refused.`;
    await appendEvent(ctx, tx, { kind: 'worker.withdrawn', sentence, actor, reason });
    await appendAudit(ctx, tx, { action: 'worker.withdraw', actor, subject: workerId, detail: {}, reason });
  });
}
