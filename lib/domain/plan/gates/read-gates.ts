/** Gates on reads: what gateways did with them, for how long, and whether either side can take them. */
import { formatCount, formatMs, formatShare } from '../../units';
import type { Facts } from '../facts';
import { SPARSE_SHARE_MILLI } from '../guardrails';
import { age, type Check, gate } from './check';

/** The dwell of the share that is in force now, before it may rise further or writes may flip. */
function dwellMsOf(facts: Facts): number {
  const { dwellMsByStop } = facts.settings;
  const share = facts.desiredShareMilli;
  if (share <= 0) return 0;
  if (share < 10_000) return dwellMsByStop['1000'];
  if (share < 50_000) return dwellMsByStop['10000'];
  if (share < 100_000) return dwellMsByStop['50000'];
  return dwellMsByStop['100000'];
}

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

export const READ_CHECKS = {
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
  unroutable_reads_zero: (f) =>
    gate(
      f.unroutableReads === 0,
      'Nothing reads in a way that only DynamoDB can answer.',
      `${formatCount(f.unroutableReads)} in the last ${formatMs(f.unroutableWindowMs)}`,
      '0',
      'traffic',
    ),
} satisfies Record<string, Check>;
