import { type ApprovalRecord, readApprovals } from '@/db/queries/view/tables';
import type { MoveView } from '@/lib/contracts/views';
import { AppError } from '@/lib/domain/errors';
import { decide } from '@/lib/domain/plan/decide';
import type { Facts } from '@/lib/domain/plan/facts';
import { MOVES, type Move, moveOf, movesFrom, type Verb } from '@/lib/domain/plan/moves';
import { SHARE_MAX_MILLI } from '@/lib/domain/plan/stages';
import type { Actor, ServiceContext } from '../context';
import { type LoadedFacts, loadFacts } from '../table/facts';
import { requireRole } from './require-role';
import { nextStopMilli } from './row-extras';

interface MoveInput {
  actor: Actor;
  tableId: string;
  loaded: LoadedFacts;
  approvals: readonly ApprovalRecord[];
}

/** Every move that the table's stage offers, allowed or not, each with its gates and its steps. */
export async function moveViews(ctx: ServiceContext, input: MoveInput): Promise<MoveView[]> {
  const { strategy, stage } = input.loaded.facts;
  return await Promise.all(movesFrom(strategy, stage).map((move) => viewOf(ctx, { ...input, move })));
}

/**
 * What one move would do now: the code of the act, without the act. `readShareMilli` is for `set_read_share`; without
 * it the next stop is shown. @throws AppError `table.not_found`, `table.move_unknown`
 */
export async function moveView(
  ctx: ServiceContext,
  actor: Actor,
  input: { tableId: string; verb: string; readShareMilli?: number | null; long?: boolean },
): Promise<MoveView> {
  requireRole(actor, 'viewer');
  const known = MOVES.find((move) => move.verb === input.verb);
  if (!known) throw new AppError('table.move_unknown', `No move is named ${input.verb.slice(0, 60)}.`);
  const [loaded, approvals] = await Promise.all([
    loadFacts(ctx, ctx.db, { planTableId: input.tableId, verb: known.verb, actorId: actor.id }),
    readApprovals(ctx.sql, input.tableId),
  ]);
  if (!loaded) throw new AppError('table.not_found', `There is no table ${input.tableId.slice(0, 60)}.`);
  const share = input.readShareMilli ?? undefined;
  return await viewOf(ctx, {
    actor,
    tableId: input.tableId,
    loaded,
    approvals,
    move: moveOf(known.verb),
    share,
    long: input.long,
  });
}

async function viewOf(
  ctx: ServiceContext,
  input: MoveInput & { move: Move; share?: number; long?: boolean },
): Promise<MoveView> {
  const { actor, move, approvals } = input;
  const facts = move.needsApproval ? await factsFor(ctx, input) : input.loaded.facts;
  const share = input.share ?? nextStopMilli(facts) ?? SHARE_MAX_MILLI;
  const intent = { long: input.long, ...(move.verb === 'set_read_share' ? { readShareMilli: share } : {}) };
  const answer = decide(facts, move.verb, actor, { ...intent, actorId: actor.id });
  // Whoever may not make the move still sees its gates and steps: they say what the table waits for.
  const isRole = !answer.ok && answer.error.reason === 'role';
  const shown = isRole ? decide(facts, move.verb, { id: actor.id, role: move.role }, intent) : answer;
  const plan = shown.ok ? shown.value : shown.error;
  const { planHash } = plan;
  const given = approvals.find((one) => one.verb === move.verb) ?? null;
  return {
    verb: move.verb,
    label: move.label,
    says: move.says,
    kind: move.kind,
    way: move.way,
    confirm: move.confirm,
    needsApproval: move.needsApproval,
    pointOfNoReturn: move.pointOfNoReturn,
    allowed: answer.ok,
    refusal: answer.ok ? null : answer.error.sentence,
    gates: [...plan.gates],
    steps: [...plan.steps],
    planHash,
    approval: given
      ? {
          by: given.by,
          at: given.at.toISOString(),
          expiresAt: given.expiresAt.toISOString(),
          current: given.planHash === planHash && given.expiresAt.getTime() > facts.nowMs,
        }
      : null,
  };
}

/** Facts with the approval of this very verb; an approval of one's own does not count. */
async function factsFor(ctx: ServiceContext, input: MoveInput & { move: Move }): Promise<Facts> {
  const query = { planTableId: input.tableId, verb: input.move.verb as Verb, actorId: input.actor.id };
  const loaded = await loadFacts(ctx, ctx.db, query);
  return loaded?.facts ?? input.loaded.facts;
}

/** The highest share that may be set now: the slider's End key. Going down is always allowed. */
export function shareCeilingMilli(facts: Facts, actor: Actor): number {
  if (facts.stage !== 'shift') return facts.desiredShareMilli;
  const asked = Math.min(SHARE_MAX_MILLI, facts.approvedShareMilli);
  if (asked <= facts.desiredShareMilli) return facts.desiredShareMilli;
  return decide(facts, 'set_read_share', actor, { readShareMilli: asked }).ok ? asked : facts.desiredShareMilli;
}
