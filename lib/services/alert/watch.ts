import { readDestinations } from '@/db/queries/alert/alerts';
import { abortedFences, failedRuns, type Happened, tablesUnderWay, usedSources } from '@/db/queries/alert/watch';
import { tablesWithDeadLetters } from '@/db/queries/dead-letter';
import { readQuotaUses } from '@/db/queries/pacing';
import { quotaWarning } from '@/lib/domain/pacing/quota';
import { isMirroring, writesOf } from '@/lib/domain/plan/stages';
import { formatCount } from '@/lib/domain/units';
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

/**
 * Raises an alert for every failed run, aborted fence, tripped guardrail, used source of a closed table, dead letter and
 * quota that will not last.
 */
export async function watchAlerts(ctx: ServiceContext): Promise<number> {
  const found: { kind: Exclude<AlertKind, 'test'>; happened: readonly Happened[] }[] = [
    { kind: 'run_failed', happened: await failedRuns(ctx.sql, LOOK_BACK_MS) },
    { kind: 'fence_aborted', happened: await abortedFences(ctx.sql, LOOK_BACK_MS) },
    { kind: 'source_traffic', happened: await usedSources(ctx.sql, TRAFFIC_MS) },
    { kind: 'guardrail_tripped', happened: await trippedGuardrails(ctx) },
    { kind: 'dead_letter', happened: await deadLetters(ctx) },
  ];
  let raised = 0;
  for (const { kind, happened } of found)
    for (const { planTableId, sentence } of happened)
      if ((await raiseAlert(ctx, { kind, planTableId, sentence })).raised) raised += 1;
  for (const { planTableId, sentence } of await endingQuotas(ctx))
    if ((await raiseAlert(ctx, { kind: 'quota_ending', planTableId, sentence })).raised) raised += 1;
  return raised;
}

/** Dead letters that nobody parked. */
async function deadLetters(ctx: ServiceContext): Promise<Happened[]> {
  return (await tablesWithDeadLetters(ctx.sql)).map(({ planTableId, name, count }) => ({
    ...{ planTableId, name },
    sentence: `${name}: ${formatCount(count)} ${count === 1 ? 'key is a dead letter' : 'keys are dead letters'}: the other side refuses the item for good.`,
  }));
}

/** Monthly quotas that end before their month does, or are nearly used; workers hold bulk work back at the reserve. */
async function endingQuotas(ctx: ServiceContext): Promise<{ planTableId: string | null; sentence: string }[]> {
  return (await readQuotaUses(ctx.sql)).flatMap(({ name, nowMs, planTableId, ...quota }) => {
    const sentence = quotaWarning(quota, { name, nowMs });
    return sentence === null ? [] : [{ planTableId, sentence }];
  });
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
