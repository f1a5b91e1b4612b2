import { formatShare } from '../units';
import type { HoldKind, Stage, Strategy } from './stages';

export type Tone = 'idle' | 'active' | 'ok' | 'warn' | 'bad' | 'back';

/** How something looks, in three cues: word, icon shape, tone. */
export interface Look {
  label: string;
  tone: Tone;
  icon:
    | 'circle-dashed'
    | 'snowflake'
    | 'split'
    | 'copy'
    | 'search-check'
    | 'arrow-right-left'
    | 'arrow-right'
    | 'archive'
    | 'check'
    | 'pause'
    | 'cross'
    | 'arrow-left'
    | 'alert'
    | 'clock';
  says: string;
}

export const STAGE_LOOK = {
  planned: { label: 'Planned', tone: 'idle', icon: 'circle-dashed', says: 'Nothing has touched production.' },
  frozen: { label: 'Frozen', tone: 'warn', icon: 'snowflake', says: 'Writes are refused with a retryable error.' },
  dual_write: {
    label: 'Dual write',
    tone: 'active',
    icon: 'split',
    says: 'Each write goes to DynamoDB, then to TerraScale.',
  },
  backfill: {
    label: 'Backfill',
    tone: 'active',
    icon: 'copy',
    says: 'What was there before is being copied and confirmed.',
  },
  verify: { label: 'Verify', tone: 'active', icon: 'search-check', says: 'Both sides are compared, item by item.' },
  shift: {
    label: 'Read shift',
    tone: 'active',
    icon: 'arrow-right-left',
    says: 'A share of the keys is read from TerraScale.',
  },
  target_first: {
    label: 'Target first',
    tone: 'active',
    icon: 'arrow-right',
    says: 'TerraScale is the authority; DynamoDB follows.',
  },
  backup: { label: 'Backup', tone: 'ok', icon: 'archive', says: 'DynamoDB is a read-only backup.' },
  retired: { label: 'Retired', tone: 'idle', icon: 'check', says: 'The plan has ended for this table.' },
} as const satisfies Record<Stage, Look>;

export const HOLD_LOOK = {
  operator: { label: 'Paused', tone: 'warn', icon: 'pause', says: 'Somebody paused this table.' },
  throttle: { label: 'Throttled', tone: 'warn', icon: 'clock', says: 'A store asks for patience.' },
  gate: { label: 'Waiting', tone: 'warn', icon: 'clock', says: 'A gate is not met.' },
  fault: { label: 'Fault', tone: 'bad', icon: 'cross', says: 'Something failed and needs a person.' },
} as const satisfies Record<HoldKind, Look>;

export interface TableState {
  strategy: Strategy;
  stage: Stage;
  hold: { kind: HoldKind; reason: string } | null;
  openFence: { verb: string; step: string } | null;
  openBarrier: { verb: string } | null;
  readShareMilli: number;
  observedShareMilli: number | null;
}

export interface Badge extends Look {
  /** Appended to the badge, e.g. `Held: operator`. */
  segments: { label: string; tone: Tone }[];
}

/** Folds stage, hold and open step into one badge; the only place that decides how a table looks. */
export function badgeOf(state: TableState): Badge {
  const look: Look = STAGE_LOOK[state.stage];
  const segments: Badge['segments'] = [];
  if (state.stage === 'shift') segments.push({ label: formatShare(state.readShareMilli), tone: 'active' });
  if (state.openFence)
    segments.push({
      label: `Fence: ${state.openFence.step.replace(/_/g, ' ')}`,
      tone: state.openFence.verb === 'flip_back' ? 'back' : 'warn',
    });
  if (state.openBarrier)
    segments.push({ label: 'Waiting for gateways', tone: state.openBarrier.verb === 'abandon' ? 'back' : 'warn' });
  if (state.hold) segments.push({ label: HOLD_LOOK[state.hold.kind].label, tone: HOLD_LOOK[state.hold.kind].tone });
  const says = state.hold ? `${look.says} ${state.hold.reason}` : look.says;
  return { ...look, says, segments };
}

/** The table's state in words, for the top of its page. */
export function sentenceOf(name: string, state: TableState): string {
  const observed =
    state.observedShareMilli === null
      ? 'no reads yet'
      : `${formatShare(state.observedShareMilli)} of routable reads observed`;
  switch (state.stage) {
    case 'planned':
      return `${name}: writes and reads go to DynamoDB. Nothing has been changed.`;
    case 'frozen':
      return `${name}: writes are refused with a retryable error; reads go to DynamoDB.`;
    case 'dual_write':
    case 'backfill':
    case 'verify':
      return state.strategy === 'big_bang'
        ? `${name}: writes are refused with a retryable error; reads go to DynamoDB.`
        : `${name}: writes go to DynamoDB, then TerraScale; reads go to DynamoDB.`;
    case 'shift':
      return `${name}: writes go to DynamoDB, then TerraScale; ${formatShare(state.readShareMilli)} of keys are read from TerraScale (${observed}), fall-back on.`;
    case 'target_first':
      return `${name}: writes go to TerraScale, then DynamoDB; reads come from TerraScale.`;
    case 'backup':
      return `${name}: writes and reads go to TerraScale; DynamoDB is a read-only backup.`;
    case 'retired':
      return `${name}: writes and reads go to TerraScale. The plan has ended.`;
  }
}
