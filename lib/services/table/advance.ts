import { type DbTransaction, withTransaction } from '@/db/client';
import { consumeApproval, latestApproval } from '@/db/queries/facts/approval';
import { type LockedTable, lockTable } from '@/db/queries/facts/lock';
import { AppError } from '@/lib/domain/errors';
import { type Decision, decide, type Refusal } from '@/lib/domain/plan/decide';
import { STAGE_LOOK } from '@/lib/domain/plan/display';
import type { Verb } from '@/lib/domain/plan/moves';
import { formatMs, formatShare } from '@/lib/domain/units';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { once } from '../evidence/idempotency';
import { requireKnownPostgres } from '../process/postgres';
import { type AppliedMove, applyMove } from './apply-move';
import { loadFacts } from './facts';
import { readsToSource } from './reads-to-source';

export interface AdvanceInput {
  tableId: string;
  verb: Verb;
  /** The version and the plan of steps that the operator saw in the dry run. */
  version: number;
  planHash: string;
  reason: string;
  typedName?: string;
  readShareMilli?: number;
  /** A long hold, acknowledged as downtime (PROTOCOL F1b). */
  long?: boolean;
  idempotencyKey: string | null;
}

export interface AdvanceResult extends AppliedMove {
  tableId: string;
  verb: Verb;
  sentence: string;
}

export const REASON_CHARACTERS_MAX = 500;

/**
 * Makes a move: facts, decision, conditional update, epoch, event, audit and the stored answer in one transaction. A
 * fence or barrier is opened and then driven by workers.
 * @throws AppError `table.lost_race`, `table.plan_changed`, `table.move_refused` (with gates), `table.move_unknown`,
 * `control.postgres_changed`, `table.name_not_typed`, `table.approval_self`, `table.share_invalid`, `auth.role_too_low`, `input.invalid`,
 * `input.repeated`, `table.not_found`
 */
export async function advance(ctx: ServiceContext, actor: Actor, input: AdvanceInput): Promise<AdvanceResult> {
  // It carries the share alone and leaves a hold held (PROTOCOL F2a); publishing its stage's routing would end the hold.
  if (input.verb === 'reads_to_source') return await advanceReadsToSource(ctx, actor, input);
  return await withTransaction(ctx.db, (tx) => {
    const ask = { key: input.idempotencyKey, action: 'table.advance', actorId: actor.id, payload: input };
    return once(tx, ask, () => commitMove(ctx, tx, { actor, input }));
  });
}

async function advanceReadsToSource(ctx: ServiceContext, actor: Actor, input: AdvanceInput): Promise<AdvanceResult> {
  const { tableId, verb, reason } = input;
  const { version, epoch } = await readsToSource(ctx, actor, { tableId, reason });
  const sentence = 'All reads are back on DynamoDB.';
  return { tableId, verb, sentence, stage: 'shift', version, epoch, readShareMilli: 0, fenceId: null, runId: null };
}

/** The move itself inside a transaction; for moves that Landfall makes as part of another change. */
export async function commitMove(
  ctx: ServiceContext,
  tx: DbTransaction,
  ask: { actor: Actor; input: AdvanceInput },
): Promise<AdvanceResult> {
  const { actor, input } = ask;
  await requireKnownPostgres(ctx, tx);
  const table = await lockTable(tx, input.tableId);
  if (!table) throw new AppError('table.not_found', 'There is no such table.');
  if (table.version !== input.version) throw lostRace(table);
  const query = { planTableId: input.tableId, verb: input.verb, actorId: actor.id };
  const loaded = await loadFacts(ctx, tx, query);
  if (!loaded) throw new AppError('table.not_found', 'There is no such table.');
  const decision = decide(loaded.facts, input.verb, actor, input);
  if (!decision.ok) {
    if (decision.error.gates.some((gate) => gate.gate === 'approval_given' && !gate.met))
      await refuseOwnApproval(tx, ask);
    throw refusalOf(decision.error);
  }
  if (decision.value.planHash !== input.planHash)
    throw new AppError('table.plan_changed', `${table.name} changed since the dry run; the steps are not the same.`);
  const reason = confirmed(table, decision.value, input);
  const approvedBy = await spendApproval(tx, ask, decision.value);
  const applied = await applyMove(ctx, tx, {
    table,
    decision: decision.value,
    actor,
    reason,
    long: input.long === true,
  });
  if (!applied) throw lostRace(table);
  const result = { ...applied, tableId: table.id, verb: input.verb, sentence: sentenceOf(table, decision.value) };
  await record(ctx, tx, { table, actor, input: { ...input, reason }, result, approvedBy });
  return result;
}

function lostRace(table: LockedTable): AppError {
  const to = table.stage === 'shift' ? formatShare(table.readShareMilli) : STAGE_LOOK[table.stage].label;
  const by = table.lastChangeBy ?? 'somebody';
  const ago = table.lastChangeAgeMs === null ? 'meanwhile' : `${formatMs(table.lastChangeAgeMs)} ago`;
  return new AppError('table.lost_race', `${table.name} was moved to ${to} by ${by} ${ago}.`);
}

function refusalOf(refusal: Refusal): AppError {
  const detail = { sentence: refusal.sentence, gates: refusal.gates };
  switch (refusal.reason) {
    case 'no_such_move':
      return new AppError('table.move_unknown', detail);
    case 'role':
      return new AppError('auth.role_too_low', detail);
    case 'share':
      return new AppError('table.share_invalid', { ...detail, fields: { readShareMilli: refusal.sentence } });
    case 'fence_open':
    case 'barrier_open':
    case 'held':
    case 'gates':
    case 'no_change':
      return new AppError('table.move_refused', detail);
  }
}

/** What the person had to give: the typed name where the move is hard to take back, and the reason. */
function confirmed(table: LockedTable, decision: Decision, input: AdvanceInput): string {
  const { confirm } = decision.move;
  const reason = input.reason.trim();
  if (reason.length > REASON_CHARACTERS_MAX)
    throw invalid('reason', `A reason has at most ${REASON_CHARACTERS_MAX} characters.`);
  if (confirm !== 'none' && reason === '') throw invalid('reason', 'Say why; it stays in the record.');
  if (confirm === 'typed_name' && input.typedName !== table.name)
    throw new AppError('table.name_not_typed', {
      sentence: `Type ${table.name} exactly to commit.`,
      fields: { typedName: `Type ${table.name} exactly.` },
    });
  return reason;
}

const invalid = (field: string, sentence: string): AppError =>
  new AppError('input.invalid', { sentence, fields: { [field]: sentence } });

async function refuseOwnApproval(tx: DbTransaction, ask: { actor: Actor; input: AdvanceInput }): Promise<void> {
  const { actor, input } = ask;
  const approval = await latestApproval(tx, { planTableId: input.tableId, verb: input.verb });
  if (approval?.byId === actor.id && approval.planHash === input.planHash)
    throw new AppError('table.approval_self', 'You approved this move yourself; somebody else must commit it.');
}

async function spendApproval(
  tx: DbTransaction,
  ask: { actor: Actor; input: AdvanceInput },
  decision: Decision,
): Promise<string | null> {
  if (!decision.move.needsApproval) return null;
  const { input, actor } = ask;
  const by = await consumeApproval(tx, {
    planTableId: input.tableId,
    verb: input.verb,
    planHash: decision.planHash,
    actorId: actor.id,
  });
  if (by.length === 0) throw new AppError('table.move_refused', 'The approval was used or has expired meanwhile.');
  return by[0] as string;
}

function sentenceOf(table: LockedTable, decision: Decision): string {
  const { move, readShareMilli } = decision;
  if (move.verb === 'set_read_share')
    return `${table.name}: read share from ${formatShare(table.readShareMilli)} to ${formatShare(readShareMilli)}.`;
  if (move.kind === 'fence') return `${table.name}: ${move.label} began; writes are held.`;
  if (move.verb === 'abandon' && table.strategy !== 'big_bang')
    return `${table.name}: being abandoned; all reads are back on DynamoDB.`;
  return `${table.name}: ${move.label}, from ${STAGE_LOOK[table.stage].label} to ${STAGE_LOOK[move.to].label}.`;
}

async function record(
  ctx: ServiceContext,
  tx: DbTransaction,
  done: { table: LockedTable; actor: Actor; input: AdvanceInput; result: AdvanceResult; approvedBy: string | null },
): Promise<void> {
  const { table, actor, input, result, approvedBy } = done;
  const before = { stage: table.stage, readShareMilli: table.readShareMilli, version: table.version };
  const after = { stage: result.stage, readShareMilli: result.readShareMilli, version: result.version };
  await appendEvent(ctx, tx, {
    planId: table.planId,
    planTableId: table.id,
    kind: result.fenceId ? 'fence.opened' : `move.${input.verb}`,
    sentence: result.sentence,
    actor,
    before,
    after,
    reason: input.reason || null,
    epoch: result.epoch,
  });
  await appendAudit(ctx, tx, {
    action: `table.${input.verb}`,
    actor,
    subject: table.id,
    detail: { before, after, epoch: result.epoch, planHash: input.planHash, approvedBy, long: input.long === true },
    reason: input.reason || null,
    idempotencyKey: input.idempotencyKey,
  });
}
