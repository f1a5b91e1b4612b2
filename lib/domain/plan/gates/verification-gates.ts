/** Gates on what says that both sides are equal: verifications and dirty keys. */
import { formatCount, formatMs } from '../../units';
import type { Facts } from '../facts';
import { age, type Check, gate } from './check';

const deadWords = ({ dirty }: Facts): string =>
  dirty.dead === 0
    ? ''
    : `, ${formatCount(dirty.dead)} of them dead letters${dirty.parked > 0 ? ` (${formatCount(dirty.parked)} parked)` : ''}`;

export const VERIFICATION_CHECKS = {
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
} satisfies Record<string, Check>;
