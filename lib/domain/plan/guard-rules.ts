/** Names of guardrails, what each may do, and how far it goes by itself. */
export const GUARD_RULES = [
  'mismatches',
  'missing',
  'target_errors',
  'user_errors',
  'slow',
  'fallback',
  'dirty_age',
  'mirror_failures',
  'source_errors',
  'routing_epoch',
  'telemetry_age',
] as const;
export type GuardRule = (typeof GUARD_RULES)[number];

/** A ratchet: each includes what is before it. */
export const GUARD_ACTIONS = ['none', 'warn', 'pause', 'roll_back'] as const;
export type GuardAction = (typeof GUARD_ACTIONS)[number];
export const GUARD_RANK: Record<GuardAction, number> = { none: 0, warn: 1, pause: 2, roll_back: 3 };

/**
 * `on`: takes reads back by itself. `dry`: says that it would. `off`: is not looked at. Refusing to raise the share is no
 * matter of the mode: a rule in `dry` pauses as one in `on` does, because not going on harms nobody.
 */
export const GUARD_MODES = ['off', 'dry', 'on'] as const;
export type GuardMode = (typeof GUARD_MODES)[number];
export type GuardModes = Partial<Record<GuardRule, GuardMode>>;

export interface GuardRuleText {
  title: string;
  /** Modes that a person may choose. Rules about the data itself are never off: they are mended, not silenced. */
  modes: readonly GuardMode[];
  /** In both profiles: a rehearsal that behaves unlike production rehearses something else. */
  mode: GuardMode;
  windowMs: number;
}

const MINUTE_MS = 60_000;
const ANY: readonly GuardMode[] = GUARD_MODES;
const NEVER_OFF: readonly GuardMode[] = ['dry', 'on'];
/** It pauses, and never takes reads back: that would not mend it. */
const PAUSES: readonly GuardMode[] = ['on'];

/**
 * On from the start is what counts wrong or failing answers against a fixed limit with a least sample: taking reads back is
 * then safe, fast and what a person would do at once. Dry is what rests on a comparison with another store's pace (slow)
 * or what a roll-back may not mend (old dirty keys are read from the authority anyway; a gateway that does not report
 * may not hear of it): it says for a while what it would have done before somebody lets it.
 */
export const GUARDS: Record<GuardRule, GuardRuleText> = {
  mismatches: { title: 'Items that differ', modes: NEVER_OFF, mode: 'on', windowMs: 10 * MINUTE_MS },
  missing: { title: 'Items missing on TerraScale', modes: NEVER_OFF, mode: 'on', windowMs: 5 * MINUTE_MS },
  target_errors: { title: 'Errors of TerraScale', modes: ANY, mode: 'on', windowMs: MINUTE_MS },
  user_errors: { title: 'Errors that users saw', modes: ANY, mode: 'on', windowMs: MINUTE_MS },
  slow: { title: 'Slow reads', modes: ANY, mode: 'dry', windowMs: MINUTE_MS },
  fallback: { title: 'Reads that fell back', modes: ANY, mode: 'on', windowMs: MINUTE_MS },
  dirty_age: { title: 'Dirty keys', modes: NEVER_OFF, mode: 'dry', windowMs: MINUTE_MS },
  mirror_failures: { title: 'Mirrored writes that failed', modes: PAUSES, mode: 'on', windowMs: MINUTE_MS },
  source_errors: { title: 'Errors of DynamoDB', modes: PAUSES, mode: 'on', windowMs: MINUTE_MS },
  routing_epoch: { title: 'Gateways on the routing in force', modes: PAUSES, mode: 'on', windowMs: MINUTE_MS },
  telemetry_age: { title: 'Reports of gateways', modes: NEVER_OFF, mode: 'dry', windowMs: MINUTE_MS },
};

export const guardModeOf = (rule: GuardRule, modes: GuardModes): GuardMode => modes[rule] ?? GUARDS[rule].mode;
