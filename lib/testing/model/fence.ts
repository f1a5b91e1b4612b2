/**
 * Part B of the model: the fence that moves the authority. In every state the authority in force holds every
 * acknowledged write; no write acts on the source once one has acted on the target; abort and release never both win.
 */
import { ALL_SAFEGUARDS, type SafeguardSet } from '@/lib/domain/safeguards';
import { fenceDriverSteps } from './fence-driver';
import { fenceGatewaySteps } from './fence-gateway';
import {
  ACKED,
  apply,
  at,
  authorityOf,
  dropLate,
  type FenceScenario,
  type FenceSentence,
  type FenceSetting,
  field,
  HAPPENED,
  initialFence,
  lateRequests,
  RECOVERING,
  ROUTE,
  ROUTES,
  ROW,
  S,
  SERVING,
  SPLIT,
  T,
  WAS_ABORTED,
  WAS_RELEASED,
} from './fence-state';
import type { Emit, Model, State } from './search';

export type { FenceScenario, FenceSentence } from './fence-state';

export interface FenceOptions {
  readonly rules?: SafeguardSet;
  readonly dropped?: readonly FenceSentence[];
}

export function fence(scenario: FenceScenario, options: FenceOptions = {}): Model {
  const setting: FenceSetting = { scenario, rules: options.rules ?? ALL_SAFEGUARDS, dropped: new Set(options.dropped) };
  return {
    name: scenario.name,
    initial: [initialFence(scenario)],
    next(state, emit) {
      landLate(state, emit);
      fenceGatewaySteps(setting, state, emit);
      fenceDriverSteps(setting, state, emit);
    },
    violation: (state, quiescent) => violationOf(scenario, state, quiescent),
    describe,
  };
}

function landLate(state: State, emit: Emit): void {
  for (const { slot, request } of lateRequests(state)) {
    const name = `the abandoned request to the ${request.side === S ? 'source' : 'target'}`;
    const dead = state.slice();
    dropLate(dead, slot);
    emit(`${name} is lost`, dead);
    const landed = dead.slice();
    apply(landed, request);
    emit(`${name} lands`, landed);
  }
}

function violationOf(scenario: FenceScenario, state: State, quiescent: boolean): string | null {
  const happened = at(state, HAPPENED);
  if (happened & SPLIT) return 'a write acts on the source after one acted on the target';
  if (happened & WAS_ABORTED && happened & WAS_RELEASED) return 'abort and release both win';
  if (happened & WAS_RELEASED && scenario.targetRefuses) return 'released to an authority that refuses writes';
  const authority = authorityOf(inForce(state));
  if ((at(state, ACKED) & ~at(state, authority)) !== 0) return 'the authority lacks an acknowledged write';
  if (!quiescent) return null;
  if (at(state, S) !== at(state, T)) return 'at rest the two sides differ';
  if (at(state, ROW)) return 'at rest a key is dirty and nobody can settle it';
  const behind = [0, 1].some(
    (gateway) =>
      at(state, field(gateway, 'up')) === SERVING &&
      !at(state, field(gateway, 'dead')) &&
      at(state, field(gateway, 'seen')) !== at(state, ROUTE),
  );
  return behind ? 'at rest a gateway follows an older epoch' : null;
}

/** While gateways are asked what they obey, the highest of that is in force and not what a restored Postgres says. */
function inForce(state: State): number {
  if (!at(state, RECOVERING)) return at(state, ROUTE);
  const obeyed = [0, 1].flatMap((one) => [at(state, field(one, 'seen')), at(state, field(one, 'disk'))]);
  return Math.max(at(state, ROUTE), ...obeyed);
}

function describe(state: State): string {
  const bits = (offset: number): string => at(state, offset).toString(2);
  const seen = [0, 1].map((gateway) => ROUTES[at(state, field(gateway, 'seen'))]).join(' / ');
  return `source ${bits(S)}, target ${bits(T)}, acknowledged ${bits(ACKED)}, routing ${ROUTES[at(state, ROUTE)]}, gateways see ${seen}`;
}
