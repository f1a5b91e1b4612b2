import type { Clock } from './ports';

/** The machine's clocks; tests pass their own. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
