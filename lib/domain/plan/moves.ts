import type { Stage, Strategy } from './stages';

/** The moves of a table, once, as data: buttons, server, docs diagram and tests all read this list. */
export const MOVE_KINDS = ['barrier', 'fence', 'epoch', 'plain', 'automatic'] as const;
export type MoveKind = (typeof MOVE_KINDS)[number];
export type Role = 'viewer' | 'operator' | 'approver' | 'admin';
export const ROLES = ['viewer', 'operator', 'approver', 'admin'] as const satisfies readonly Role[];
export const ROLE_RANK: Record<Role, number> = { viewer: 0, operator: 1, approver: 2, admin: 3 };

export type Verb =
  | 'begin_dual_write'
  | 'freeze'
  | 'begin_backfill'
  | 'complete_backfill'
  | 'begin_shift'
  | 'set_read_share'
  | 'flip_writes'
  | 'flip_back'
  | 'close_source'
  | 'retire'
  | 'reads_to_source'
  | 'abandon';

export interface Move {
  verb: Verb;
  from: readonly Stage[];
  /** The stage after the move; big bang closes the source straight from verify. */
  to: Stage;
  strategies: readonly Strategy[];
  kind: MoveKind;
  way: 'forward' | 'back' | 'level';
  gates: readonly GateName[];
  /** What the operator must give before it is committed. */
  confirm: 'none' | 'reason' | 'typed_name';
  role: Role | 'system';
  /** A person other than the actor must have approved this plan of steps. */
  needsApproval: boolean;
  pointOfNoReturn: boolean;
  label: string;
  says: string;
}

export const GATES = [
  'assessment_passed',
  'target_structure_proven',
  'key_may_write',
  'forecast_within_quota',
  'downtime_acknowledged',
  'timeouts_below_hold',
  'live_channel_proven',
  'export_after_channel',
  'stream_proven',
  'stream_current',
  'no_writes_beside',
  'budget_set',
  'segments_done',
  'set_aside_accepted',
  'verification_clean',
  'verification_fresh',
  'verify_again_cleared',
  'dirty_bounded',
  'source_can_take_reads',
  'reads_observed',
  'dwell_elapsed',
  'guardrails_green',
  'share_within_ceiling',
  'full_share_observed',
  'target_probes_green',
  'target_answers_protocol',
  'no_mapped_attribute',
  'no_dirty_key',
  'no_recent_unknown',
  'gateways_registered',
  'gone_gateways_proven',
  'sign_offs_complete',
  'unroutable_reads_zero',
  'backup_elapsed',
  'source_quiet',
  'approval_given',
] as const;
export type GateName = (typeof GATES)[number];

const DUAL: readonly Strategy[] = ['dual_write', 'incremental'];
const ALL: readonly Strategy[] = ['big_bang', 'dual_write', 'incremental'];

export const MOVES = [
  {
    verb: 'begin_dual_write',
    from: ['planned'],
    to: 'dual_write',
    strategies: DUAL,
    kind: 'barrier',
    way: 'forward',
    gates: [
      'assessment_passed',
      'target_structure_proven',
      'key_may_write',
      'forecast_within_quota',
      'timeouts_below_hold',
      'gateways_registered',
    ],
    confirm: 'reason',
    role: 'operator',
    needsApproval: false,
    pointOfNoReturn: false,
    label: 'Begin dual write',
    says: 'Every write goes to DynamoDB first and then to TerraScale. Reads stay on DynamoDB.',
  },
  {
    verb: 'freeze',
    from: ['planned'],
    to: 'frozen',
    strategies: ['big_bang'],
    kind: 'fence',
    way: 'forward',
    gates: [
      'assessment_passed',
      'target_structure_proven',
      'key_may_write',
      'forecast_within_quota',
      'timeouts_below_hold',
      'downtime_acknowledged',
      'gateways_registered',
    ],
    confirm: 'reason',
    role: 'operator',
    needsApproval: false,
    pointOfNoReturn: false,
    label: 'Freeze writes',
    says: 'The gateway refuses writes with a retryable error until the table is on TerraScale or the plan is abandoned.',
  },
  {
    verb: 'begin_backfill',
    from: ['dual_write', 'frozen'],
    to: 'backfill',
    strategies: ALL,
    kind: 'plain',
    way: 'forward',
    gates: ['live_channel_proven', 'stream_proven', 'export_after_channel', 'budget_set'],
    confirm: 'none',
    role: 'operator',
    needsApproval: false,
    pointOfNoReturn: false,
    label: 'Begin backfill',
    says: 'Workers copy every item that is already in DynamoDB, confirming each against the source.',
  },
  {
    verb: 'complete_backfill',
    from: ['backfill'],
    to: 'verify',
    strategies: ALL,
    kind: 'automatic',
    way: 'forward',
    gates: ['segments_done', 'set_aside_accepted'],
    confirm: 'none',
    role: 'system',
    needsApproval: false,
    pointOfNoReturn: false,
    label: 'Complete backfill',
    says: 'Every segment is done, so the table can be verified.',
  },
  {
    verb: 'begin_shift',
    from: ['verify'],
    to: 'shift',
    strategies: DUAL,
    kind: 'epoch',
    way: 'forward',
    gates: [
      'verification_clean',
      'verification_fresh',
      'verify_again_cleared',
      'dirty_bounded',
      'stream_current',
      'source_can_take_reads',
      'gone_gateways_proven',
      'target_answers_protocol',
    ],
    confirm: 'reason',
    role: 'operator',
    needsApproval: false,
    pointOfNoReturn: false,
    label: 'Begin read shift',
    says: 'The read share starts at 0 %. DynamoDB stays the authority.',
  },
  {
    verb: 'set_read_share',
    from: ['shift'],
    to: 'shift',
    strategies: DUAL,
    kind: 'epoch',
    way: 'level',
    gates: ['reads_observed', 'dwell_elapsed', 'guardrails_green', 'stream_current', 'share_within_ceiling'],
    confirm: 'reason',
    role: 'operator',
    needsApproval: false,
    pointOfNoReturn: false,
    label: 'Shift reads',
    says: 'A stable share of partition keys is read from TerraScale, with fall-back to DynamoDB.',
  },
  {
    verb: 'flip_writes',
    from: ['shift'],
    to: 'target_first',
    strategies: DUAL,
    kind: 'fence',
    way: 'forward',
    gates: [
      'full_share_observed',
      'dwell_elapsed',
      'verification_clean',
      'verification_fresh',
      'verify_again_cleared',
      'target_probes_green',
      'target_answers_protocol',
      'no_mapped_attribute',
      'no_dirty_key',
      'stream_current',
      'no_writes_beside',
      'no_recent_unknown',
      'timeouts_below_hold',
      'gateways_registered',
      'approval_given',
    ],
    confirm: 'typed_name',
    role: 'operator',
    needsApproval: true,
    pointOfNoReturn: false,
    label: 'Flip write authority to TerraScale',
    says: 'Writes pause for at most the hold bound; then TerraScale answers first and DynamoDB follows.',
  },
  {
    verb: 'flip_back',
    from: ['target_first'],
    to: 'shift',
    strategies: DUAL,
    kind: 'fence',
    way: 'back',
    gates: ['verify_again_cleared', 'no_dirty_key', 'no_recent_unknown'],
    confirm: 'reason',
    role: 'operator',
    needsApproval: false,
    pointOfNoReturn: false,
    label: 'Flip write authority back to DynamoDB',
    says: 'Writes pause for at most the hold bound; then DynamoDB answers first again. Nothing is lost.',
  },
  {
    verb: 'close_source',
    from: ['target_first', 'verify'],
    to: 'backup',
    strategies: ALL,
    kind: 'fence',
    way: 'forward',
    gates: [
      'verification_clean',
      'verification_fresh',
      'verify_again_cleared',
      'no_dirty_key',
      'stream_current',
      'no_writes_beside',
      'no_recent_unknown',
      'unroutable_reads_zero',
      'target_answers_protocol',
      'no_mapped_attribute',
      'sign_offs_complete',
      'approval_given',
    ],
    confirm: 'typed_name',
    role: 'operator',
    needsApproval: true,
    pointOfNoReturn: true,
    label: 'Close the source',
    says: 'DynamoDB stops receiving writes and stays as a read-only backup. There is no lossless way back after this.',
  },
  {
    verb: 'retire',
    from: ['backup'],
    to: 'retired',
    strategies: ALL,
    kind: 'plain',
    way: 'forward',
    gates: ['backup_elapsed', 'source_quiet', 'approval_given'],
    confirm: 'typed_name',
    role: 'approver',
    needsApproval: true,
    pointOfNoReturn: true,
    label: 'Retire the backup',
    says: 'The plan ends for this table. Landfall does not delete the DynamoDB table.',
  },
  {
    verb: 'reads_to_source',
    from: ['shift'],
    to: 'shift',
    strategies: DUAL,
    kind: 'epoch',
    way: 'back',
    gates: [],
    confirm: 'none',
    role: 'operator',
    needsApproval: false,
    pointOfNoReturn: false,
    label: 'Reads back to DynamoDB',
    says: 'All reads return to DynamoDB at once. Nothing can block it.',
  },
  {
    verb: 'abandon',
    from: ['frozen', 'dual_write', 'backfill', 'verify', 'shift'],
    to: 'planned',
    strategies: ALL,
    kind: 'barrier',
    way: 'back',
    gates: [],
    confirm: 'reason',
    role: 'operator',
    needsApproval: false,
    pointOfNoReturn: false,
    label: 'Abandon',
    says: 'Reads return to DynamoDB at once, dual write stops after a barrier, and the copy must be made and verified anew.',
  },
] as const satisfies readonly Move[];

export function moveOf(verb: Verb): Move {
  const move = MOVES.find((candidate) => candidate.verb === verb);
  if (!move) throw new Error(`invariant: no move is named ${verb}`);
  return move;
}

/** Moves that a table at this stage offers, forward ones first. */
export function movesFrom(strategy: Strategy, stage: Stage): readonly Move[] {
  return MOVES.filter(
    (move: Move) =>
      move.from.includes(stage) &&
      move.strategies.includes(strategy) &&
      // Big bang closes from verify; the other strategies only from target_first.
      !(move.verb === 'close_source' && (stage === 'verify') !== (strategy === 'big_bang')),
  );
}
