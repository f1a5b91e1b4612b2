import type { Db, DbTransaction } from '@/db/client';
import { NO_REPORT } from '@/db/queries/facts/guard';
import { type FactRow, loadFactRow } from '@/db/queries/facts/load';
import { CHECKLIST_ITEMS } from '@/lib/domain/plan/checklist';
import type { Facts, StreamFacts } from '@/lib/domain/plan/facts';
import { evaluateGuardrails, GUARDRAIL_WINDOW_MS, type Guardrail } from '@/lib/domain/plan/guardrails';
import type { Verb } from '@/lib/domain/plan/moves';
import { mayShadow } from '@/lib/domain/routing/shadow';
import type { SafeguardSet } from '@/lib/domain/safeguards';

/** Without a report for this long a gateway is shown as silent. It counts for every barrier and fence all the same. */
export const GATEWAY_SILENT_MS = 10_000;
/** The observed share is counted over the dwell of the share in force, and never over less than this. */
export const OBSERVED_MS_MIN = 60_000;

export interface LoadedFacts {
  facts: Facts;
  /** The same guardrails with what was observed and allowed, for the screen. */
  guardrails: Guardrail[];
  row: FactRow;
}

/**
 * Loads what is known of a table at one instant of the database's clock. `verb` and `actorId` choose which approval
 * counts: an unused, unexpired one of that verb by somebody else. Null: there is no such table.
 */
export async function loadFacts(
  ctx: { safeguards: SafeguardSet },
  tx: Db | DbTransaction,
  query: { planTableId: string; verb?: Verb; actorId?: string },
): Promise<LoadedFacts | null> {
  const row = await loadFactRow(tx, {
    planTableId: query.planTableId,
    verb: query.verb ?? '',
    actorId: query.actorId ?? '',
    windowMs: GUARDRAIL_WINDOW_MS,
    observedMsMin: OBSERVED_MS_MIN,
    silentMs: GATEWAY_SILENT_MS,
  });
  if (!row) return null;
  const guardrails = guardrailsOf(row);
  const facts = factsOf(row, guardrails);
  // Tests only: what was written between an export and the live channel is then in neither.
  if (!ctx.safeguards.exportAfterChannel && facts.exportSource)
    facts.exportSource = { ...facts.exportSource, shownUntilMs: Number.MAX_SAFE_INTEGER };
  // Tests only: a backfill may then begin while a source-only write of an older routing is still on its way.
  if (!ctx.safeguards.liveChannelFirst) return { facts: withoutLiveChannel(facts), guardrails, row };
  return { facts, guardrails, row };
}

const withoutLiveChannel = (facts: Facts): Facts => ({
  ...facts,
  openBarrier: null,
  liveChannelAckedAtMs: facts.nowMs - facts.settings.deltaMs,
  canaryArrivedAtMs: facts.nowMs,
});

function guardrailsOf(row: FactRow): Guardrail[] {
  const { windows, shadow_window: shadow } = row;
  return evaluateGuardrails({
    ...(windows['0'] ?? NO_REPORT),
    windowMs: GUARDRAIL_WINDOW_MS,
    readShareMilli: row.read_share_milli,
    earlier: [windows['1'] ?? NO_REPORT, windows['2'] ?? NO_REPORT],
    shadow: { ...shadow, milli: mayShadow(row.stage) ? row.shadow_milli : 0 },
    dirtyCount: row.dirty.count,
    dirtyCountMax: row.settings.dirtyCountMax,
    dirtyOldestMs: row.dirty.oldestMs,
    mismatchesOpen: row.mismatches_open,
    telemetryAgeMs: row.gateways.oldestReportMs,
    gatewaysRegistered: row.gateways.registered,
    gatewaysAcknowledged: row.gateways.acknowledged,
    epochAgeMs: row.routing_age_ms ?? 0,
    modes: row.guard_modes,
  });
}

function factsOf(row: FactRow, guardrails: Guardrail[]): Facts {
  return {
    strategy: row.strategy,
    stage: row.stage,
    version: row.version,
    tableName: row.name,
    nowMs: row.now_ms,
    settings: row.settings,
    stageSinceMs: row.stage_since_ms,
    downtimeAcknowledged: row.downtime_acknowledged,
    ...stepsUnderWay(row),
    ...readFacts(row),
    ...proofFacts(row),
    ...copyFacts(row),
    guardrails,
    shadow:
      mayShadow(row.stage) && row.shadow_milli > 0
        ? { compared: row.shadow_window.compared, differing: row.shadow_window.differing }
        : null,
  };
}

function stepsUnderWay(row: FactRow) {
  const isBarrierOpen = row.barrier_verb !== null && row.barrier_passed_at_ms === null;
  const { registered, barrier } = row.gateways;
  const dualWriteAt = row.barrier_verb === 'begin_dual_write' ? row.barrier_passed_at_ms : null;
  return {
    hold:
      row.hold_kind === null
        ? null
        : {
            kind: row.hold_kind,
            reason: row.hold_reason ?? '',
            by: row.hold_by ?? '',
            sinceMs: row.hold_since_ms ?? row.now_ms,
          },
    openFence: row.fence ? { verb: row.fence.verb, step: row.fence.step } : null,
    openBarrier: isBarrierOpen ? { verb: row.barrier_verb as string, acknowledged: barrier, registered } : null,
    gateways: { registered, acknowledged: row.gateways.acknowledged, silent: row.gateways.silent },
    liveChannelAckedAtMs: row.strategy === 'big_bang' ? row.freeze_released_at_ms : dualWriteAt,
    canaryArrivedAtMs: row.canary_arrived_at_ms,
    goneGateways: row.gone_gateways,
    intentsOpen: row.intents_open,
    dirty: { ...row.dirty, waitingForDelta: row.dirty.waiting },
  };
}

/** `target / all` in thousandths of a percent, rounded down: 100 % only when nothing else was counted. */
export const observedMilliOf = (reads: { target: number; source: number; fallback: number }): number | null => {
  const all = reads.target + reads.source + reads.fallback;
  return all === 0 ? null : Math.floor((reads.target / all) * 100_000);
};

function readFacts(row: FactRow) {
  const { share_reads: reads } = row;
  return {
    desiredShareMilli: row.read_share_milli,
    observedShareMilli: observedMilliOf(reads),
    routableReads: reads.target + reads.source + reads.fallback,
    shareSinceMs: row.share_since_ms,
    approvedShareMilli: row.approved_share_milli,
    sourceCanTakeReads: row.windows['0'] && row.windows['0'].reads > 0 ? row.windows['0'].sourceErrors === 0 : null,
    unroutableReads: row.unroutable_reads,
    unroutableWindowMs: row.settings.unroutableWindowMs,
    backupUntilMs: row.backup_until_ms,
    sourceTrafficSinceBackup: row.source_traffic_since_backup,
  };
}

function proofFacts(row: FactRow) {
  const waived = new Set(row.waivers.map((waiver) => waiver.check));
  const checks = row.assessment ?? [];
  const count = (state: string) => checks.filter((check) => check.state === state && !waived.has(check.check)).length;
  return {
    assessment: {
      failed: count('failed'),
      unknown: count('unknown'),
      waived: checks.filter((check) => waived.has(check.check) && check.state !== 'passed').length,
      ranAtMs: row.assessed_at_ms,
    },
    targetProvenAtMs: row.target_proven_at_ms,
    keyMayWrite: row.key_may_write,
    forecast: row.forecast,
    budget: row.budget_per_second === null ? null : { requestsPerSecond: row.budget_per_second },
    targetProbes: row.target_probes,
    targetKind: row.target_kind,
    mappings: row.mappings,
    signOffs: { done: row.signed_off, required: CHECKLIST_ITEMS.length },
    approval: row.approval ? { by: row.approval.by, planHash: row.approval.planHash, atMs: row.approval.atMs } : null,
  };
}

/** No shard left to read: the end of one and its children's listing are moments apart, and say nothing of a lag. */
function streamFacts(row: FactRow): StreamFacts | null {
  if (row.live_channel !== 'gateway_stream') return null;
  const none = { positionAtMs: null, canarySeenAtMs: null, besideGateway: 0, besideLastAtMs: null, fault: null };
  if (!row.stream) return { ...none, state: 'opening', lagMs: null };
  const { throughAtMs, ...stream } = row.stream;
  return { ...stream, lagMs: throughAtMs === null ? null : Math.max(0, row.now_ms - throughAtMs) };
}

function copyFacts(row: FactRow) {
  const { backfill, verification } = row;
  return {
    stream: streamFacts(row),
    exportSource: row.export_source,
    backfill: backfill
      ? {
          state: backfill.state,
          segments: backfill.segments,
          segmentsDone: backfill.done,
          segmentsFailed: backfill.failed,
          setAside: backfill.setAside,
          setAsideAccepted: backfill.accepted,
        }
      : null,
    verification: verification
      ? {
          state: verification.state,
          full: !verification.stopped && !verification.sampled,
          startedAtMs: verification.startedAtMs,
          finishedAtMs: verification.finishedAtMs,
          mismatches: verification.mismatches,
          compared: verification.compared,
        }
      : null,
    verifyAgainSinceMs: row.verify_again_since_ms,
  };
}
