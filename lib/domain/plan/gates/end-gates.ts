/** Gates on who has a say: gateways, signatures, a second person, and the clock of the backup. */
import { formatCount, formatMs } from '../../units';
import { type Check, gate } from './check';

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

export const END_CHECKS = {
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
} satisfies Record<string, Check>;
