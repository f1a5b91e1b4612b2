/**
 * Part A of the model: one key, two gateways, a backfill, a settler, and every fault of section 1 to 3 of the
 * protocol, each rule behind its switch. At rest both sides must be equal and nothing may be owed.
 */
import { ALL_SAFEGUARDS, type SafeguardSet } from '@/lib/domain/safeguards';
import { gatewaySteps } from './convergence-gateway';
import {
  at,
  dropLate,
  gatewayDown,
  HOLD,
  initialState,
  lateCode,
  lateEffect,
  lateSide,
  lateSlots,
  ROW,
  S,
  type Scenario,
  SEGMENT_DONE,
  type Sentence,
  type Setting,
  T,
  writeStore,
} from './convergence-state';
import { workerSteps } from './convergence-worker';
import type { Emit, Model, State } from './search';

export type { Op, Scenario, Sentence } from './convergence-state';

export interface ConvergenceOptions {
  readonly rules?: SafeguardSet;
  readonly dropped?: readonly Sentence[];
}

export function convergence(scenario: Scenario, options: ConvergenceOptions = {}): Model {
  const setting: Setting = { scenario, rules: options.rules ?? ALL_SAFEGUARDS, dropped: new Set(options.dropped) };
  return {
    name: scenario.name,
    initial: [initialState(scenario)],
    next(state, emit) {
      landLate(setting, state, emit);
      gatewaySteps(setting, state, emit);
      workerSteps(setting, state, emit);
    },
    violation: (state, quiescent) => violationOf(scenario, state, quiescent),
    describe,
  };
}

/** A request whose sender gave up lands, or dies on its way. */
function landLate(setting: Setting, state: State, emit: Emit): void {
  for (const slot of lateSlots) {
    const code = lateCode(state, slot);
    if (code === 0) continue;
    const side = lateSide(code);
    const name = `the abandoned request to the ${side === S ? 'source' : 'target'}`;
    const dead = state.slice();
    dropLate(dead, slot);
    emit(`${name} is lost`, dead);
    const landed = dead.slice();
    writeStore(landed, side, lateEffect(code), !setting.rules.consistentScan);
    emit(`${name} lands: it is ${at(landed, side)}`, landed);
  }
}

function violationOf(scenario: Scenario, state: State, quiescent: boolean): string | null {
  if (scenario.noMarks && at(state, ROW)) return 'a key is marked though nothing failed and one gateway writes';
  if (!quiescent) return null;
  const [source, target] = [at(state, S), at(state, T)];
  if (source === 0 && target !== 0) return 'a deleted item is alive on the target';
  if (source !== target) return 'at rest the target differs from the source';
  // What can never be settled would keep a fence shut for ever.
  if (at(state, ROW)) return 'at rest a key is dirty and nobody can settle it';
  if (!at(state, SEGMENT_DONE)) return 'at rest the backfill is unfinished';
  return null;
}

function describe(state: State): string {
  const hold = ['', ', held for delta', ', held until its former holder ends'][at(state, HOLD)];
  const row = at(state, ROW) ? `dirty${hold}` : 'clean';
  const down = [0, 1]
    .filter((gateway) => at(state, gatewayDown(gateway)))
    .map((gateway) => `, gateway ${gateway + 1} down`);
  return `source ${at(state, S)}, target ${at(state, T)}, key ${row}${down.join('')}`;
}
