/**
 * What is done about guardrails, by any worker every few seconds. A rule that goes up is said once; one that asks for
 * reads back gets them at once where it is on, and says that it would where it is dry. It is a ratchet: nothing here ever
 * raises a share, so after a roll-back a person looks, gives a reason and commits a new dry run.
 */
import { withTransaction } from '@/db/client';
import { tablesUnderWay } from '@/db/queries/alert/watch';
import { type GuardStateRow, keepGuard, moveGuard, readGuardStates } from '@/db/queries/guard/state';
import { AppError } from '@/lib/domain/errors';
import { GUARD_RANK, type GuardAction } from '@/lib/domain/plan/guard-rules';
import { type Guardrail, rollBacks } from '@/lib/domain/plan/guardrails';
import { isMirroring, writesOf } from '@/lib/domain/plan/stages';
import { formatMs, formatShare } from '@/lib/domain/units';
import { raiseAlert } from '../alert/deliver';
import type { Actor, ServiceContext } from '../context';
import { appendEvent } from '../evidence/event';
import { type LoadedFacts, loadFacts } from './facts';
import { readsToSource } from './reads-to-source';

export const GUARDRAIL: Actor = Object.freeze({ id: 'guardrail', name: 'Guardrail', role: 'system' });
/** A rule comes down only after it was quiet for so long: one that swings about its limit is said once. */
const CALM_MS = 60_000;

/** Looks at every table under way. One that cannot be looked at keeps no other waiting; throws its error at the end. */
export async function guardRound(ctx: ServiceContext): Promise<{ rolledBack: string[] }> {
  const rolledBack: string[] = [];
  const failures: unknown[] = [];
  for (const { planTableId, stage, strategy } of await tablesUnderWay(ctx.sql)) {
    if (!isMirroring(writesOf(strategy, stage))) continue;
    try {
      if (await guardTable(ctx, planTableId)) rolledBack.push(planTableId);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return { rolledBack };
}

/** Looks at one table; true: its reads were taken back now. */
export async function guardTable(ctx: ServiceContext, planTableId: string): Promise<boolean> {
  const loaded = await loadFacts(ctx, ctx.db, { planTableId });
  if (!loaded) return false;
  const known = new Map((await readGuardStates(ctx.db, planTableId)).map((row) => [row.rule, row]));
  for (const rail of loaded.guardrails) await note(ctx, { planTableId, loaded, rail, known: known.get(rail.name) });
  return await takeReadsBack(ctx, planTableId, loaded);
}

interface Note {
  planTableId: string;
  loaded: LoadedFacts;
  rail: Guardrail;
  known: GuardStateRow | undefined;
}

async function note(ctx: ServiceContext, { planTableId, loaded, rail, known }: Note): Promise<void> {
  const before: GuardAction = known?.action ?? 'none';
  const change = GUARD_RANK[rail.action] - GUARD_RANK[before];
  const { sentence, name: rule, action } = rail;
  if (change === 0) {
    if (action !== 'none') await keepGuard(ctx.db, { planTableId, rule, action, sentence });
    return;
  }
  if (change < 0 && (known?.calmMs ?? 0) < CALM_MS) return;
  await withTransaction(ctx.db, async (tx) => {
    const from = known?.action ?? null;
    if (!(await moveGuard(tx, { planTableId, rule, from, action, sentence }))) return;
    const words = wordsOf(loaded, rail, before);
    if (words === null) return;
    const entry = { planId: loaded.row.plan_id, planTableId, actor: GUARDRAIL, actorKind: 'guardrail' as const };
    const [was, is] = [{ action: before }, { action, mode: rail.mode, observed: rail.observed, limit: rail.limit }];
    await appendEvent(ctx, tx, { ...entry, ...words, before: was, after: is, reason: sentence });
  });
}

/** What the record says of a change; null: too small for it. */
function wordsOf(
  { row, facts }: LoadedFacts,
  rail: Guardrail,
  before: GuardAction,
): { kind: string; sentence: string } | null {
  const { name } = row;
  if (GUARD_RANK[rail.action] < GUARD_RANK.pause) {
    if (GUARD_RANK[before] < GUARD_RANK.pause) return null;
    return { kind: 'guardrail.recovered', sentence: `${name}: within its limit again. ${rail.sentence}` };
  }
  const share = facts.stage === 'shift' ? facts.desiredShareMilli : 0;
  if (rail.action === 'roll_back' && share > 0 && rail.mode === 'dry')
    return {
      kind: 'guardrail.would_roll_back',
      sentence: `${name}: dry run, reads stay at ${formatShare(share)}. This rule would take them back: ${rail.sentence}`,
    };
  const held = facts.stage === 'shift' ? 'the read share may not rise' : 'no move forward';
  return { kind: 'guardrail.tripped', sentence: `${name}: ${held}. ${rail.sentence}` };
}

async function takeReadsBack(ctx: ServiceContext, planTableId: string, loaded: LoadedFacts): Promise<boolean> {
  const { facts, row } = loaded;
  if (facts.stage !== 'shift' || facts.desiredShareMilli === 0) return false;
  const rails = rollBacks(loaded.guardrails).filter((rail) => rail.mode === 'on');
  if (rails.length === 0) return false;
  const reason = rails
    .map((rail) => `${rail.sentence} Limit: ${rail.limit}, in ${formatMs(rail.windowMs)}.`)
    .join(' ')
    .slice(0, 1_000);
  try {
    const done = await readsToSource(ctx, GUARDRAIL, { tableId: planTableId, reason, actorKind: 'guardrail' });
    if (!done.changed) return false;
  } catch (error) {
    // Moved on meanwhile: there is no share to take back any more.
    if (error instanceof AppError && error.code === 'table.move_unknown') return false;
    throw error;
  }
  const sentence = `${row.name}: a guardrail took all reads back to DynamoDB, from ${formatShare(facts.desiredShareMilli)}. ${reason}`;
  await raiseAlert(ctx, { kind: 'guardrail_rolled_back', planTableId, sentence });
  return true;
}
