/** Every gate of a move by its name; what each looks at stands by subject in `gates/` and beside it. */
import { exportAfterChannel } from './export-gate';
import type { Facts, GateResult } from './facts';
import type { Check, Intent } from './gates/check';
import { COPY_CHECKS } from './gates/copy-gates';
import { END_CHECKS } from './gates/end-gates';
import { READ_CHECKS } from './gates/read-gates';
import { VERIFICATION_CHECKS } from './gates/verification-gates';
import type { GateName } from './moves';
import { STREAM_CHECKS } from './stream-gates';
import { noMappedAttribute, targetAnswersProtocol } from './target-gate';

export type { Intent } from './gates/check';

const CHECKS: Record<GateName, Check> = {
  ...COPY_CHECKS,
  ...STREAM_CHECKS,
  export_after_channel: exportAfterChannel,
  ...VERIFICATION_CHECKS,
  ...READ_CHECKS,
  target_answers_protocol: targetAnswersProtocol,
  no_mapped_attribute: noMappedAttribute,
  ...END_CHECKS,
};

/** Looks at one gate; pure, so the screen, the dry run and the act see the same answer. */
export function checkGate(name: GateName, facts: Facts, intent: Intent): GateResult {
  return { gate: name, ...CHECKS[name](facts, intent) };
}
