import type { Facts, GateResult } from '../facts';

/** What the operator asks for beside the move itself. */
export interface Intent {
  readShareMilli?: number;
  /** The plan of steps that an approval must be bound to. */
  planHash?: string;
  actorId?: string;
  /** A hold of at most 2Δ, acknowledged as downtime, in which an unknown outcome is waited for (PROTOCOL F1b). */
  long?: boolean;
}

/** One look at the facts: met or not, in a sentence, with what was observed and the limit. */
export type Check = (facts: Facts, intent: Intent) => Omit<GateResult, 'gate'>;

export const gate = (
  met: boolean,
  sentence: string,
  observed: string,
  limit: string,
  see: GateResult['see'],
): Omit<GateResult, 'gate'> => ({ met, sentence, observed, limit, see });

/** Time since then, ms; null where it never was. */
export const age = (facts: Facts, sinceMs: number | null): number | null =>
  sinceMs === null ? null : facts.nowMs - sinceMs;
