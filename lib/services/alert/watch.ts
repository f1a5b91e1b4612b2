import { readDestinations } from '@/db/queries/alert/alerts';
import { abortedFences, failedRuns, type Happened, tablesUnderWay, usedSources } from '@/db/queries/alert/watch';
import { isMirroring, writesOf } from '@/lib/domain/plan/stages';
import { lapseSignOffs } from '../checklist/lapse';
import type { ServiceContext } from '../context';
import { keepHouse } from '../process/keep-house';
import { loadFacts } from '../table/facts';
import { type AlertKind, deliverPending, QUIET_MS, raiseAlert } from './deliver';

/** Shorter than the quiet time of an alert, so that one failure is one alert. */
const LOOK_BACK_MS = QUIET_MS / 2;
const TRAFFIC_MS = 60_000;

/**
 * One round of care, for the worker's loop: raises what happened, delivers again what was not taken, lets sign-offs
 * lapse, and takes away what nobody reads any more. Safe in several workers at once: the same alert is raised once within its quiet time.
 */
export async function careRound(ctx: ServiceContext): Promise<void> {
  if ((await readDestinations(ctx.db)).length > 0) {
    await watchAlerts(ctx);
    await deliverPending(ctx);
  }
  await lapseSignOffs(ctx);
  await keepHouse(ctx);
}

/** Raises an alert for every failed run, aborted fence, tripped guardrail and used source of a closed table. */
export async function watchAlerts(ctx: ServiceContext): Promise<number> {
  const found: { kind: Exclude<AlertKind, 'test'>; happened: readonly Happened[] }[] = [
    { kind: 'run_failed', happened: await failedRuns(ctx.sql, LOOK_BACK_MS) },
    { kind: 'fence_aborted', happened: await abortedFences(ctx.sql, LOOK_BACK_MS) },
    { kind: 'source_traffic', happened: await usedSources(ctx.sql, TRAFFIC_MS) },
    { kind: 'guardrail_tripped', happened: await trippedGuardrails(ctx) },
  ];
  let raised = 0;
  for (const { kind, happened } of found)
    for (const { planTableId, sentence } of happened)
      if ((await raiseAlert(ctx, { kind, planTableId, sentence })).raised) raised += 1;
  return raised;
}

async function trippedGuardrails(ctx: ServiceContext): Promise<Happened[]> {
  const tripped: Happened[] = [];
  for (const { planTableId, name, stage, strategy } of await tablesUnderWay(ctx.sql)) {
    if (!isMirroring(writesOf(strategy, stage))) continue;
    const loaded = await loadFacts(ctx, ctx.db, { planTableId });
    const rails = loaded?.guardrails.filter((rail) => rail.state === 'tripped') ?? [];
    const sentences = rails.map((rail) => rail.sentence).join(' ');
    if (rails.length > 0) tripped.push({ planTableId, name, sentence: `${name}: ${sentences}` });
  }
  return tripped;
}
