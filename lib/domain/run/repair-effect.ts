import type { MismatchClass } from './states';

/** What repairing a mismatch does: a settle makes the follower what the authority is. */
export interface RepairEffect {
  does: 'creates' | 'overwrites' | 'deletes';
  /** The follower. */
  side: 'source' | 'target';
}

/** Classes speak of the target, whichever side is the authority: where that is the target, a missing item is a delete. */
export function repairEffect(kind: MismatchClass, authority: 'source' | 'target'): RepairEffect {
  const side = authority === 'source' ? 'target' : 'source';
  if (kind === 'different' || kind === 'type') return { does: 'overwrites', side };
  return { does: (kind === 'missing') === (side === 'target') ? 'creates' : 'deletes', side };
}
