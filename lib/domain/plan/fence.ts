/** Steps of a fence in order (PROTOCOL F1, F2); each is stored before the next begins. */
export const FENCE_STEPS = [
  'hold',
  'gateways_quiet',
  'settled',
  'workers_stopped',
  'flipped',
  'canary_proven',
  'released',
  'aborted',
] as const;
export type FenceStep = (typeof FENCE_STEPS)[number];
