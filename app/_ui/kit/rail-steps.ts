import { STAGE_LOOK } from '@/lib/domain/plan/display';
import { MOVES } from '@/lib/domain/plan/moves';
import { RAIL, type Stage, type Strategy } from '@/lib/domain/plan/stages';
import type { RailStep } from './stage-rail';

// `retire` ends the plan after the clock; the line is drawn where the lossless way back ends, and once.
const POINT_OF_NO_RETURN: Stage = MOVES.find((move) => move.pointOfNoReturn)?.to ?? 'backup';

/** The rail of a strategy with a table at `stage`; `notes` stand under their stages. */
export function railSteps(
  strategy: Strategy,
  stage: Stage,
  extra: { isGoingBack?: boolean; notes?: Partial<Record<Stage, React.ReactNode>> } = {},
): RailStep[] {
  const rail = RAIL[strategy];
  const at = rail.indexOf(stage);
  return rail.map((each, index) => ({
    key: each,
    label: STAGE_LOOK[each].label,
    state: index < at ? 'done' : index === at ? 'now' : index === at + 1 ? 'next' : 'later',
    note: extra.notes?.[each],
    isPointOfNoReturn: each === POINT_OF_NO_RETURN,
    isGoingBack: index === at && extra.isGoingBack,
  }));
}
