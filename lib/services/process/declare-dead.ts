import type { Db, DbTransaction } from '@/db/client';
import { withTransaction } from '@/db/client';
import { type DeadFacts, deadFacts, knownCredentials, markDead } from '@/db/queries/process/passed-by';
import { AppError } from '@/lib/domain/errors';
import { type DeadCondition, deadConditions } from '@/lib/domain/plan/dead-gateway';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { requireRole } from '../view/require-role';
import { type PassByInput, requireWords } from './attest-gone';

/** The conditions of a gateway with what was observed of each. Null: there is no such gateway. */
export async function conditionsOf(
  tx: Db | DbTransaction,
  gatewayId: string,
): Promise<{ facts: DeadFacts; conditions: DeadCondition[] } | null> {
  const facts = await deadFacts(tx, gatewayId);
  if (!facts) return null;
  const keys = await knownCredentials(tx, gatewayId);
  const conditions = deadConditions({
    gone: facts.goneAtMs === null ? null : { by: facts.goneBy ?? 'somebody', atMs: facts.goneAtMs },
    keys: keys.map((key) => ({
      connection: key.connectionName,
      hint: key.accessKeyHint,
      isRefused: key.refusedAt !== null,
      probe: key.probe,
    })),
    refusedAtMs: facts.refusedAtMs,
    deltaMs: facts.deltaMs,
    nowMs: facts.nowMs,
    tables: facts.tables,
  });
  return { facts, conditions };
}

/**
 * A person declares a gateway dead on proof: fences pass it from now on, each table's fence looking once more at that
 * table's own proof (PROTOCOL F4). It returns only under a new identity.
 * @throws AppError `auth.role_too_low`, `gateway.not_found`, `gateway.not_proven_dead` with what is missing,
 * `input.invalid`, `table.name_not_typed`
 */
export async function declareDead(ctx: ServiceContext, actor: Actor, input: PassByInput): Promise<void> {
  requireRole(actor, 'approver');
  await withTransaction(ctx.db, async (tx) => {
    const found = await conditionsOf(tx, input.processId);
    if (!found) throw new AppError('gateway.not_found', 'There is no such gateway.');
    const { facts, conditions } = found;
    const reason = requireWords(input, facts.identity);
    const unmet = conditions.filter((one) => !one.met);
    if (unmet.length > 0)
      throw new AppError(
        'gateway.not_proven_dead',
        `Not proven yet: ${unmet.map((one) => `${one.sentence} (${one.observed})`).join(' ')}`,
      );
    if (!(await markDead(tx, { gatewayId: input.processId, by: actor.name, reason })))
      throw new AppError('gateway.not_proven_dead', `${facts.identity} is declared dead already.`);
    const sentence = `${actor.name} declared gateway ${facts.identity} dead on proof; fences pass it.`;
    await appendEvent(ctx, tx, { kind: 'gateway.declared_dead', sentence, actor, reason });
    const detail = { identity: facts.identity, conditions };
    await appendAudit(ctx, tx, { action: 'gateway.declare_dead', actor, subject: input.processId, detail, reason });
  });
}
