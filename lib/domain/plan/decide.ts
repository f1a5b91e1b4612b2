import { utf8 } from '../item/bytes';
import { err, ok, type Result } from '../result';
import { sha256 } from '../sha256';
import type { Actor, Facts, GateResult } from './facts';
import { checkGate, type Intent } from './gates';
import { type GateName, type Move, moveOf, ROLE_RANK, type Verb } from './moves';
import { SHARE_MAX_MILLI } from './stages';
import { type Step, stepsOf } from './steps';
import { isStreamGate } from './stream-gates';

export interface Decision {
  move: Move;
  steps: readonly Step[];
  /** Binds an approval and a commit to exactly these steps on exactly this version. */
  planHash: string;
  gates: readonly GateResult[];
  /** The share after the move. */
  readShareMilli: number;
}

export interface Refusal {
  reason: 'no_such_move' | 'fence_open' | 'barrier_open' | 'held' | 'role' | 'gates' | 'share' | 'no_change';
  sentence: string;
  gates: readonly GateResult[];
  /** The steps that it would take, so that a refused move can still be read and approved. */
  steps: readonly Step[];
  planHash: string | null;
}

const refuse = (reason: Refusal['reason'], sentence: string): { ok: false; error: Refusal } =>
  err({ reason, sentence, gates: [], steps: [], planHash: null });

/** Moves that nothing may delay: they only ever take risk away. */
const isAlwaysAllowed = (verb: Verb): boolean => verb === 'reads_to_source';

/**
 * What a move would do now, or why it may not. Pure: the button, the dry run and the act call it with the same facts.
 * The act calls it again inside its transaction and compares the hash with the one that the operator saw.
 */
export function decide(
  facts: Facts,
  verb: Verb,
  actor: Pick<Actor, 'role' | 'id'>,
  intent: Intent = {},
): Result<Decision, Refusal> {
  const move = moveOf(verb);
  if (!move.from.includes(facts.stage) || !move.strategies.includes(facts.strategy))
    return refuse('no_such_move', `${move.label} is not a move of a table in stage ${facts.stage}.`);
  if (verb === 'close_source' && (facts.stage === 'verify') !== (facts.strategy === 'big_bang'))
    return refuse('no_such_move', 'The source is closed from target_first, or from verify in a big bang.');
  const blocked = blockedBy(facts, move, actor);
  if (blocked) return blocked;
  const share = shareOf(facts, verb, intent);
  if (share === null) return refuse('share', 'The read share must be from 0 % to 100 % in steps of 0.001 %.');
  if (verb === 'set_read_share' && share === facts.desiredShareMilli)
    return refuse('no_change', `The read share is ${share / 1_000} % already.`);
  const steps = stepsOf(facts, move, share);
  const planHash = hashOf(facts, { verb, share, long: intent.long === true }, steps);
  const gates = gatesOf(facts, move, share).map((name) =>
    checkGate(name, facts, { ...intent, readShareMilli: share, planHash }),
  );
  const unmet = gates.filter((gate) => !gate.met);
  if (unmet.length > 0) {
    const sentence =
      unmet.length === 1 ? unmet[0]!.sentence.replace(/\.$/, '') + ' – not yet.' : `${unmet.length} gates are not met.`;
    return err({ reason: 'gates', sentence, gates, steps, planHash });
  }
  return ok({ move, steps, planHash, gates, readShareMilli: share });
}

function blockedBy(facts: Facts, move: Move, actor: Pick<Actor, 'role'>): { ok: false; error: Refusal } | null {
  if (move.role === 'system' && actor.role !== 'system') return refuse('role', 'Landfall makes this move by itself.');
  if (move.role !== 'system' && actor.role !== 'system' && ROLE_RANK[actor.role] < ROLE_RANK[move.role])
    return refuse('role', `${move.label} needs the role ${move.role}.`);
  if (isAlwaysAllowed(move.verb)) return null;
  if (facts.openFence)
    return refuse(
      'fence_open',
      `${moveOf(facts.openFence.verb as Verb).label} is at its step "${facts.openFence.step}"; other moves wait for it.`,
    );
  if (facts.openBarrier && move.verb !== 'abandon')
    return refuse(
      'barrier_open',
      `${moveOf(facts.openBarrier.verb as Verb).label} waits for gateways: ${facts.openBarrier.acknowledged} of ${facts.openBarrier.registered} acknowledged.`,
    );
  if (facts.openBarrier?.verb === 'abandon') return refuse('barrier_open', 'The table is being abandoned already.');
  if (facts.hold && facts.hold.kind !== 'throttle' && move.way === 'forward')
    return refuse('held', `Held by ${facts.hold.by}: ${facts.hold.reason}`);
  return null;
}

function shareOf(facts: Facts, verb: Verb, intent: Intent): number | null {
  if (verb === 'reads_to_source') return 0;
  if (verb !== 'set_read_share') return facts.desiredShareMilli;
  const share = intent.readShareMilli;
  if (share === undefined || !Number.isInteger(share) || share < 0 || share > SHARE_MAX_MILLI) return null;
  return share;
}

/** Going down with the read share has no gate; up has all of them. */
function gatesOf(facts: Facts, move: Move, share: number) {
  if (move.verb === 'set_read_share' && share < facts.desiredShareMilli) return [];
  // A shift is a dual-write story; a big bang has never observed a share or opened a live channel through gateways.
  // Where no stream is read there is none to be held up by.
  return move.gates.filter((name: GateName) => {
    if (isStreamGate(name)) return facts.stream !== null;
    // Said where it stops a move; of a target by the protocol there is nothing to say.
    if (name === 'target_answers_protocol') return facts.targetKind === 'terrascale_rest';
    if (name === 'no_mapped_attribute') return facts.mappings.length > 0;
    return name !== 'export_after_channel' || facts.exportSource !== null;
  });
}

function hashOf(facts: Facts, asked: { verb: Verb; share: number; long: boolean }, steps: readonly Step[]): string {
  const body = { table: facts.tableName, stage: facts.stage, version: facts.version, ...asked, steps };
  return Array.from(sha256(utf8(JSON.stringify(body))), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
