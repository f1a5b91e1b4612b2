import { withTransaction } from '@/db/client';
import { latestApproval } from '@/db/queries/facts/approval';
import { AppError } from '@/lib/domain/errors';
import { decide, type Refusal } from '@/lib/domain/plan/decide';
import type { Facts, GateResult } from '@/lib/domain/plan/facts';
import type { Guardrail } from '@/lib/domain/plan/guardrails';
import { type Move, moveOf, type Verb } from '@/lib/domain/plan/moves';
import type { Step } from '@/lib/domain/plan/steps';
import type { Actor, ServiceContext } from '../context';
import { loadFacts } from './facts';

export interface DryRunInput {
  tableId: string;
  verb: Verb;
  readShareMilli?: number;
  long?: boolean;
}

/** What a move would do now and every condition that it has, met or not. */
export interface DryRun {
  move: Move;
  version: number;
  allowed: boolean;
  refusal: { reason: Refusal['reason']; sentence: string } | null;
  gates: readonly GateResult[];
  steps: readonly Step[];
  /** Null where the move does not exist at all for this table now, so that there is nothing to approve. */
  planHash: string | null;
  readShareMilli: number;
  approval: { by: string; at: string; expiresAt: string; current: boolean } | null;
  facts: Facts;
  guardrails: Guardrail[];
}

/**
 * Looks at a move without making it: the same facts and the same decision as the act. Changes nothing.
 * @throws AppError `table.not_found`
 */
export async function dryRun(ctx: ServiceContext, actor: Actor, input: DryRunInput): Promise<DryRun> {
  return await withTransaction(
    ctx.db,
    async (tx) => {
      const query = { planTableId: input.tableId, verb: input.verb, actorId: actor.id };
      const loaded = await loadFacts(ctx, tx, query);
      if (!loaded) throw new AppError('table.not_found', 'There is no such table.');
      const { facts, guardrails } = loaded;
      const decision = decide(facts, input.verb, actor, input);
      const approval = await latestApproval(tx, { planTableId: input.tableId, verb: input.verb });
      const plan = decision.ok ? decision.value : decision.error;
      return {
        move: moveOf(input.verb),
        version: facts.version,
        allowed: decision.ok,
        refusal: decision.ok ? null : { reason: decision.error.reason, sentence: decision.error.sentence },
        gates: plan.gates,
        steps: plan.steps,
        planHash: plan.planHash,
        readShareMilli: decision.ok ? decision.value.readShareMilli : (input.readShareMilli ?? facts.desiredShareMilli),
        approval: approval && {
          by: approval.by,
          at: new Date(approval.atMs).toISOString(),
          expiresAt: new Date(approval.expiresAtMs).toISOString(),
          current: approval.planHash === plan.planHash && approval.expiresAtMs > facts.nowMs,
        },
        facts,
        guardrails,
      };
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}
