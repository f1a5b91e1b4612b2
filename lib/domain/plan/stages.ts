/**
 * Stages of a table: where it is on its way from source to target. Holds, faults and throttles are beside the stage
 * and never a stage of their own, so resuming needs no memory of where it was.
 */
export const STAGES = [
  'planned',
  'frozen',
  'dual_write',
  'backfill',
  'verify',
  'shift',
  'target_first',
  'backup',
  'retired',
] as const;
export type Stage = (typeof STAGES)[number];

export const STRATEGIES = ['big_bang', 'dual_write', 'incremental'] as const;
export type Strategy = (typeof STRATEGIES)[number];

export const WRITES = ['source', 'source_target', 'target_source', 'target', 'held', 'refused'] as const;
export type Writes = (typeof WRITES)[number];

export const READS = ['source', 'share', 'target'] as const;
export type Reads = (typeof READS)[number];

export const HOLD_KINDS = ['operator', 'throttle', 'gate', 'fault'] as const;
export type HoldKind = (typeof HOLD_KINDS)[number];

/** The stages a table of this strategy passes, in order. Incremental gives each table its own dual-write cycle. */
export const RAIL: Record<Strategy, readonly Stage[]> = {
  big_bang: ['planned', 'frozen', 'backfill', 'verify', 'backup', 'retired'],
  dual_write: ['planned', 'dual_write', 'backfill', 'verify', 'shift', 'target_first', 'backup', 'retired'],
  incremental: ['planned', 'dual_write', 'backfill', 'verify', 'shift', 'target_first', 'backup', 'retired'],
};

/** The store whose answer is the truth: source up to and including `shift`, target from `target_first`. */
export function authorityOf(stage: Stage): 'source' | 'target' {
  return stage === 'target_first' || stage === 'backup' || stage === 'retired' ? 'target' : 'source';
}

/** What gateways do with writes in a stage while no fence is open. */
export function writesOf(strategy: Strategy, stage: Stage): Writes {
  switch (stage) {
    case 'planned':
      return 'source';
    case 'frozen':
      return 'refused';
    case 'dual_write':
    case 'shift':
      return 'source_target';
    case 'backfill':
    case 'verify':
      return strategy === 'big_bang' ? 'refused' : 'source_target';
    case 'target_first':
      return 'target_source';
    case 'backup':
    case 'retired':
      return 'target';
  }
}

/** Where gateways read in a stage; `share` means the read share decides key by key. */
export function readsOf(stage: Stage): Reads {
  if (stage === 'shift') return 'share';
  return authorityOf(stage);
}

/** Stages in which both stores take writes and marks are settled. */
export const isMirroring = (writes: Writes): boolean => writes === 'source_target' || writes === 'target_source';

export const SHARE_STOPS_MILLI = [0, 1_000, 10_000, 50_000, 100_000] as const;
export const SHARE_MAX_MILLI = 100_000;

/** What carries live writes to the target: gateways alone, or the source's stream beside them. */
export const LIVE_CHANNELS = ['gateway', 'gateway_stream'] as const;
export type LiveChannel = (typeof LIVE_CHANNELS)[number];
