import type { LockedTable } from '@/db/queries/facts/lock';
import type { FenceRow } from '@/db/queries/fence/fence';
import { moveOf } from '@/lib/domain/plan/moves';
import { authorityOf, SHARE_MAX_MILLI } from '@/lib/domain/plan/stages';
import { type RoutingChange, routingOf } from '@/lib/domain/plan/steps';

/** The routings of a fence: the same function of strategy and stage that its dry run listed. */
export interface FencePlan {
  /** What was in force before the hold, with the share of now: reads may have gone back to the source meanwhile. */
  former: RoutingChange;
  /** Still held, with the new authority. */
  flip: RoutingChange;
  release: RoutingChange;
  newAuthority: 'source' | 'target';
  /** A freeze changes no authority, so it has neither settling nor a flip. */
  isFreeze: boolean;
}

export function fencePlan(fence: Pick<FenceRow, 'verb'>, table: LockedTable): FencePlan {
  const { to } = moveOf(fence.verb);
  const release = routingOf(table.strategy, to, SHARE_MAX_MILLI);
  return {
    former: routingOf(table.strategy, table.stage, table.readShareMilli),
    flip: { ...release, writes: 'held' },
    release,
    newAuthority: authorityOf(to),
    isFreeze: fence.verb === 'freeze',
  };
}
