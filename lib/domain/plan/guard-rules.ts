/** Names of guardrails, what each may do, and how far it may go by itself. */
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

/**
 * `on`: takes reads back by itself. `dry`: says that it would. `off`: is not looked at. Refusing to raise the share is no
 * matter of the mode: a rule in `dry` pauses as one in `on` does, because not going on harms nobody.
 */
export const GUARD_MODES = ['off', 'dry', 'on'] as const;
export type GuardMode = (typeof GUARD_MODES)[number];
export type GuardModes = Partial<Record<GuardRule, GuardMode>>;
