/** Gates before a copy and at its end: what is known of both sides, the live channel, the budget, the segments. */
import { formatCount, formatMs } from '../../units';
import { age, type Check, gate } from './check';

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

export const COPY_CHECKS = {
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
} satisfies Record<string, Check>;
