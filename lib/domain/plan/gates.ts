import { formatCount, formatMs, formatShare } from '../units';
import { exportAfterChannel } from './export-gate';
import type { Facts, GateResult } from './facts';
import { SPARSE_SHARE_MILLI } from './guardrails';
import type { GateName } from './moves';
import { STREAM_CHECKS } from './stream-gates';
import { noMappedAttribute, targetAnswersProtocol } from './target-gate';

/** What the operator asks for beside the move itself. */
export interface Intent {
  readShareMilli?: number;
  /** The plan of steps that an approval must be bound to. */
  planHash?: string;
  actorId?: string;
  /** A hold of at most 2Δ, acknowledged as downtime, in which an unknown outcome is waited for (PROTOCOL F1b). */
  long?: boolean;
}

type Check = (facts: Facts, intent: Intent) => Omit<GateResult, 'gate'>;

const gate = (
  met: boolean,
  sentence: string,
  observed: string,
  limit: string,
  see: GateResult['see'],
): Omit<GateResult, 'gate'> => ({ met, sentence, observed, limit, see });

const age = (facts: Facts, sinceMs: number | null): number | null => (sinceMs === null ? null : facts.nowMs - sinceMs);

/** The dwell of the share that is in force now, before it may rise further or writes may flip. */
export function dwellMsOf(facts: Facts): number {
  const { dwellMsByStop } = facts.settings;
  const share = facts.desiredShareMilli;
  if (share <= 0) return 0;
  if (share < 10_000) return dwellMsByStop['1000'];
  if (share < 50_000) return dwellMsByStop['10000'];
  if (share < 100_000) return dwellMsByStop['50000'];
  return dwellMsByStop['100000'];
}

const liveChannel: Check = (facts) => {
  if (facts.strategy === 'big_bang') {
    const waited = age(facts, facts.liveChannelAckedAtMs);
    const met = waited !== null && waited >= facts.settings.deltaMs;
    return gate(
      met,
      'The freeze has held for longer than an abandoned request can live.',
      waited === null ? 'not acknowledged by every gateway' : formatMs(waited),
      `at least ${formatMs(facts.settings.deltaMs)} (Δ)`,
      'gateways',
    );
  }
  const waited = age(facts, facts.liveChannelAckedAtMs);
  const limit = `every gateway acknowledged, ${formatMs(facts.settings.deltaMs)} (Δ) passed, canary arrived`;
  const sentence =
    'Dual write is proven: every gateway does it, late requests are dead, and a canary has arrived through it.';
  if (waited === null)
    return gate(
      false,
      sentence,
      `${facts.gateways.acknowledged} of ${facts.gateways.registered} gateways acknowledged`,
      limit,
      'gateways',
    );
  if (waited < facts.settings.deltaMs)
    return gate(false, sentence, `acknowledged ${formatMs(waited)} ago`, limit, 'gateways');
  if (facts.canaryArrivedAtMs === null)
    return gate(false, sentence, 'the canary has not arrived yet', limit, 'gateways');
  return gate(true, sentence, `proven ${formatMs(facts.nowMs - facts.canaryArrivedAtMs)} ago`, limit, 'gateways');
};

const readsObserved: Check = (facts) => {
  const min = facts.settings.routableReadsMin;
  const sentence = 'The share in force is what gateways really do, counted from their reads.';
  if (facts.desiredShareMilli === 0)
    return gate(true, sentence, 'the share is 0 %', 'reads are counted from the first stop on', 'traffic');
  if (facts.observedShareMilli === null || facts.routableReads === 0)
    return gate(false, sentence, 'no reads yet', `at least ${formatCount(min)} routable reads`, 'traffic');
  // Of a table with few partition keys none may be in a small share: counted and said, it does not hold the next stop.
  const isSparse = facts.observedShareMilli === 0 && facts.desiredShareMilli < SPARSE_SHARE_MILLI;
  const met = facts.routableReads >= min && (facts.observedShareMilli > 0 || isSparse);
  return gate(
    met,
    sentence,
    `${formatShare(facts.observedShareMilli)} of ${formatCount(facts.routableReads)} routable reads`,
    `at least ${formatCount(min)} routable reads`,
    'traffic',
  );
};

const shadowWords = ({ shadow }: Facts): string =>
  shadow === null
    ? 'shadow reads off'
    : `${formatCount(shadow.differing)} of ${formatCount(shadow.compared)} items of shadow reads differ`;

const deadWords = ({ dirty }: Facts): string =>
  dirty.dead === 0
    ? ''
    : `, ${formatCount(dirty.dead)} of them dead letters${dirty.parked > 0 ? ` (${formatCount(dirty.parked)} parked)` : ''}`;

const approval: Check = (facts, intent) => {
  const limit = 'another person approved exactly this dry run';
  const sentence = 'A second person approved this move.';
  if (!facts.approval) return gate(false, sentence, 'not approved', limit, 'overview');
  if (facts.nowMs - facts.approval.atMs > facts.settings.approvalMs)
    return gate(false, sentence, `approved by ${facts.approval.by}, expired`, limit, 'overview');
  if (intent.planHash && facts.approval.planHash !== intent.planHash)
    return gate(false, sentence, `${facts.approval.by} approved other steps`, limit, 'overview');
  return gate(true, sentence, `approved by ${facts.approval.by}`, limit, 'overview');
};

const CHECKS: Record<GateName, Check> = {
  assessment_passed: (f) =>
    gate(
      f.assessment.ranAtMs !== null && f.assessment.failed === 0 && f.assessment.unknown === 0,
      'Every check of the assessment passed or was waived by name.',
      f.assessment.ranAtMs === null
        ? 'not assessed'
        : `${f.assessment.failed} failed, ${f.assessment.unknown} unknown, ${f.assessment.waived} waived`,
      '0 failed',
      'assessment',
    ),
  target_structure_proven: (f) =>
    gate(
      f.targetProvenAtMs !== null,
      'The target table exists and behaves with the key of the source.',
      f.targetProvenAtMs === null ? 'not proven' : `proven ${formatMs(f.nowMs - f.targetProvenAtMs)} ago`,
      'a probe item written, read and deleted',
      'assessment',
    ),
  key_may_write: (f) =>
    gate(
      f.keyMayWrite === true,
      'The key of the target may write, found out by writing.',
      f.keyMayWrite === null ? 'not probed' : f.keyMayWrite ? 'may write' : 'may not write',
      'may write',
      'connections',
    ),
  forecast_within_quota: (f) => {
    const quota = f.forecast?.requestsQuotaPerMonth ?? null;
    const met = f.forecast !== null && (quota === null || f.forecast.requestsPerMonth <= quota);
    return gate(
      met,
      'The forecast of requests fits the quota of the target.',
      f.forecast ? `${formatCount(f.forecast.requestsPerMonth)} requests` : 'no forecast',
      quota === null ? 'no monthly quota' : `${formatCount(quota)} requests a month`,
      'assessment',
    );
  },
  downtime_acknowledged: (f) =>
    gate(
      f.downtimeAcknowledged,
      'Somebody acknowledged that writes stop for the whole copy.',
      f.downtimeAcknowledged ? 'acknowledged' : 'not acknowledged',
      'acknowledged by name',
      'overview',
    ),
  timeouts_below_hold: (f) =>
    gate(
      f.settings.storeTimeoutMs * 2 < f.settings.holdMsMax,
      'A store request cannot outlive half of the hold.',
      formatMs(f.settings.storeTimeoutMs),
      `below ${formatMs(f.settings.holdMsMax / 2)}`,
      'overview',
    ),
  live_channel_proven: liveChannel,
  ...STREAM_CHECKS,
  export_after_channel: exportAfterChannel,
  budget_set: (f) =>
    gate(
      f.budget !== null && f.budget.requestsPerSecond > 0,
      'The connections have a rate budget.',
      f.budget ? `${formatCount(f.budget.requestsPerSecond)} requests/s` : 'no budget',
      'a budget above 0',
      'connections',
    ),
  segments_done: (f) =>
    gate(
      f.backfill !== null &&
        f.backfill.segmentsFailed === 0 &&
        f.backfill.segments > 0 &&
        f.backfill.segmentsDone === f.backfill.segments,
      'Every segment of the backfill is done.',
      f.backfill
        ? `${f.backfill.segmentsDone} of ${f.backfill.segments} done, ${f.backfill.segmentsFailed} failed`
        : 'no backfill',
      'all done, none failed',
      'backfill',
    ),
  set_aside_accepted: (f) =>
    gate(
      f.backfill !== null && f.backfill.setAside === f.backfill.setAsideAccepted,
      'Every item that could not be written was accepted by name.',
      f.backfill ? `${f.backfill.setAside} set aside, ${f.backfill.setAsideAccepted} accepted` : 'no backfill',
      'all accepted',
      'backfill',
    ),
  verification_clean: (f) =>
    gate(
      f.verification !== null &&
        f.verification.state === 'done' &&
        f.verification.full &&
        f.verification.mismatches === 0,
      'A full verification ended without a mismatch.',
      f.verification
        ? `${f.verification.full ? '' : 'not full: '}${f.verification.state}, ${formatCount(f.verification.mismatches)} mismatches in ${formatCount(f.verification.compared)} items`
        : 'never verified',
      'full, 0 mismatches',
      'verification',
    ),
  verification_fresh: (f) => {
    const old = age(f, f.verification?.finishedAtMs ?? null);
    return gate(
      old !== null && old <= f.settings.verificationFreshMs,
      'The verification is fresh.',
      old === null ? 'never verified' : `verified ${formatMs(old)} ago`,
      `at most ${formatMs(f.settings.verificationFreshMs)}`,
      'verification',
    );
  },
  verify_again_cleared: (f) => {
    const cleared =
      f.verifyAgainSinceMs === null ||
      ((f.verification?.startedAtMs ?? 0) > f.verifyAgainSinceMs &&
        f.verification?.state === 'done' &&
        f.verification.mismatches === 0);
    return gate(
      cleared,
      'Nothing happened that makes the last verification void.',
      f.verifyAgainSinceMs === null ? 'nothing' : `verify again since ${formatMs(f.nowMs - f.verifyAgainSinceMs)} ago`,
      'a verification begun later is clean',
      'verification',
    );
  },
  dirty_bounded: (f) =>
    gate(
      f.dirty.count <= f.settings.dirtyCountMax,
      'Few keys are waiting to be settled.',
      `${formatCount(f.dirty.count)} dirty keys${deadWords(f)}`,
      `at most ${formatCount(f.settings.dirtyCountMax)}`,
      'traffic',
    ),
  source_can_take_reads: (f) =>
    gate(
      f.sourceCanTakeReads === true,
      'DynamoDB can take all reads back at any moment.',
      f.sourceCanTakeReads === null
        ? 'not measured'
        : f.sourceCanTakeReads
          ? 'serving reads without errors'
          : 'source reads fail',
      'no source error in the window',
      'traffic',
    ),
  reads_observed: readsObserved,
  dwell_elapsed: (f) => {
    const waited = age(f, f.shareSinceMs) ?? 0;
    const needed = dwellMsOf(f);
    return gate(
      waited >= needed,
      'The share has been in force for its dwell.',
      f.desiredShareMilli === 0 ? 'the share is 0 %' : `${formatMs(waited)} at ${formatShare(f.desiredShareMilli)}`,
      `at least ${formatMs(needed)}`,
      'traffic',
    );
  },
  guardrails_green: (f) => {
    const red = f.guardrails.filter((rail) => rail.state === 'tripped' || rail.state === 'no_data');
    return gate(
      red.length === 0,
      'No guardrail is tripped and none lacks data.',
      red.length === 0
        ? `${f.guardrails.length} looked at, ${shadowWords(f)}`
        : red.map((rail) => rail.sentence).join(' '),
      'all green',
      'traffic',
    );
  },
  share_within_ceiling: (f, intent) => {
    const asked = intent.readShareMilli ?? f.desiredShareMilli;
    return gate(
      asked <= f.approvedShareMilli,
      'The share is within the approved ceiling.',
      formatShare(asked),
      `at most ${formatShare(f.approvedShareMilli)}`,
      'overview',
    );
  },
  full_share_observed: (f) => {
    const met =
      f.desiredShareMilli === 100_000 &&
      f.observedShareMilli === 100_000 &&
      f.routableReads >= f.settings.routableReadsMin;
    return gate(
      met,
      'All routable reads are served by TerraScale.',
      f.observedShareMilli === null
        ? 'no reads yet'
        : `${formatShare(f.observedShareMilli)} of ${formatCount(f.routableReads)} routable reads`,
      `100 % of at least ${formatCount(f.settings.routableReadsMin)} routable reads`,
      'traffic',
    );
  },
  target_probes_green: (f) =>
    gate(
      f.targetProbes?.consistentRead === true && f.targetProbes.sortOrder,
      'The target reads its own writes and sorts like the source.',
      f.targetProbes === null
        ? 'not probed'
        : `consistent read ${f.targetProbes.consistentRead ? 'yes' : 'no'}, sort order ${f.targetProbes.sortOrder ? 'yes' : 'no'}`,
      'both yes',
      'assessment',
    ),
  target_answers_protocol: targetAnswersProtocol,
  no_mapped_attribute: noMappedAttribute,
  // Keys of an active application are never all settled at one instant: the fence settles the last ones under its hold.
  no_dirty_key: (f) =>
    gate(
      // A dead letter cannot be settled at all, parked or not, so no hold is begun for it.
      f.dirty.count <= f.settings.fenceDirtyMax && f.dirty.dead === 0,
      'The dirty keys can be settled within the hold.',
      `${formatCount(f.dirty.count)} dirty keys${deadWords(f)}`,
      `at most ${formatCount(f.settings.fenceDirtyMax)}, none of them a dead letter; 0 at the flip itself`,
      'traffic',
    ),
  no_recent_unknown: (f, intent) =>
    gate(
      f.dirty.waitingForDelta === 0 || intent.long === true,
      'No write with an unknown outcome is younger than Δ.',
      `${formatCount(f.dirty.waitingForDelta)} waiting`,
      intent.long ? 'waited for inside the long hold' : `0 younger than ${formatMs(f.settings.deltaMs)}`,
      'traffic',
    ),
  gateways_registered: (f) =>
    gate(
      f.gateways.registered > 0,
      'At least one gateway serves this connection.',
      `${f.gateways.registered} registered, ${f.gateways.silent} silent`,
      'at least 1',
      'gateways',
    ),
  gone_gateways_proven: (f) => {
    const open = f.goneGateways.filter((gateway) => !gateway.isProven).map((gateway) => gateway.identity);
    return gate(
      open.length === 0,
      'No gateway that is gone can have left anything behind, or still write.',
      f.goneGateways.length === 0
        ? 'none is gone'
        : open.length === 0
          ? 'all proven'
          : `not proven: ${open.join(', ')}`,
      'its keys refused, Δ passed, then a full verification clean',
      'gateways',
    );
  },
  sign_offs_complete: (f) =>
    gate(
      f.signOffs.done === f.signOffs.required,
      'The verification checklist is signed off.',
      `${f.signOffs.done} of ${f.signOffs.required}`,
      `${f.signOffs.required} of ${f.signOffs.required}`,
      'checklist',
    ),
  unroutable_reads_zero: (f) =>
    gate(
      f.unroutableReads === 0,
      'Nothing reads in a way that only DynamoDB can answer.',
      `${formatCount(f.unroutableReads)} in the last ${formatMs(f.unroutableWindowMs)}`,
      '0',
      'traffic',
    ),
  backup_elapsed: (f) =>
    gate(
      f.backupUntilMs !== null && f.nowMs >= f.backupUntilMs,
      'The backup clock has run out.',
      f.backupUntilMs === null
        ? 'no clock'
        : f.nowMs >= f.backupUntilMs
          ? 'elapsed'
          : `${formatMs(f.backupUntilMs - f.nowMs)} left`,
      'elapsed',
      'overview',
    ),
  source_quiet: (f) =>
    gate(
      f.sourceTrafficSinceBackup === 0,
      'Nothing used the source since it was closed.',
      `${formatCount(f.sourceTrafficSinceBackup)} requests`,
      '0',
      'traffic',
    ),
  approval_given: approval,
};

/** Looks at one gate; pure, so the screen, the dry run and the act see the same answer. */
export function checkGate(name: GateName, facts: Facts, intent: Intent): GateResult {
  return { gate: name, ...CHECKS[name](facts, intent) };
}
