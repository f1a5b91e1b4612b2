/** The stored step machine of the fence (F1, F2): two drivers that may both believe they drive, a reaper, a settler. */
import {
  ABORTED,
  ACKED,
  abandon,
  apply,
  at,
  authorityOf,
  BYPASS_BIT,
  driverPc,
  type FenceSetting,
  FLIPPED,
  field,
  HAPPENED,
  HELD_SOURCE,
  HELD_TARGET,
  HOLD,
  HOLDING,
  holdMayEnd,
  INCARNATION,
  lateRequests,
  mark,
  may,
  NO_STEP,
  OWED,
  REAPER,
  RECOVERING,
  RELEASED,
  ROUTE,
  ROUTES,
  ROW,
  S,
  SERVING,
  SOURCE,
  SOURCE_AGAIN,
  STEP,
  STOPPING,
  STREAM_PENDING,
  spend,
  stepIsOpen,
  T,
  TARGET,
  WAS_ABORTED,
  WAS_RELEASED,
  WORKER_BEGAN,
  WORKER_COPIES,
  WORKER_FRESH,
  WORKER_PC,
  WORKER_SIDE,
  WORKER_STOPPED,
  WORKER_VALUE,
} from './fence-state';
import type { Emit, State } from './search';

/** What a driver has seen and not yet acted upon. */
const NOTHING = 0;
const TESTS_PASSED = 1;
const CANARY_READ = 2;

interface Scene {
  readonly setting: FenceSetting;
  readonly state: State;
  readonly emit: Emit;
}

function go({ state, emit }: Scene, label: string, change: (next: State) => void, chosen = false): void {
  const next = state.slice();
  change(next);
  emit(label, next, chosen);
}

export function fenceDriverSteps(setting: FenceSetting, state: State, emit: Emit): void {
  const scene: Scene = { setting, state, emit };
  restore(scene);
  settle(scene);
  report(scene);
  // Under another Postgres nothing is moved, not even back, until everybody has said what it obeys (F6).
  if (at(state, RECOVERING)) {
    recover(scene);
    return;
  }
  const isOwed = at(state, OWED) === 1 && !setting.dropped.has('owedVerification');
  if (at(state, STEP) === NO_STEP && !isOwed)
    go(
      scene,
      'the operator asks for the flip',
      (next) => {
        next[STEP] = HOLDING;
        if (setting.rules.holdEpoch) next[ROUTE] = HELD_SOURCE;
      },
      true,
    );
  drive(scene, 0);
  if (setting.scenario.twoDrivers) drive(scene, 1);
  reap(scene);
}

/** A backup of before the fence, or of its hold, takes the place of Postgres: the end of the fence and marks are lost. */
function restore(scene: Scene): void {
  const { setting, state } = scene;
  if (!may(state, 'restore') || at(state, STEP) < HOLDING) return;
  for (const route of [SOURCE, HELD_SOURCE]) {
    if (at(state, ROUTE) <= route) continue;
    go(
      scene,
      `Postgres is restored to a backup (${ROUTES[route]})`,
      (next) => {
        spend(next, 'restore');
        next[ROUTE] = route;
        next[STEP] = route === SOURCE ? NO_STEP : HOLDING;
        next[REAPER] = 0;
        next[ROW] = 0;
        next[HOLD] = 0;
        for (const driver of [0, 1]) next[driverPc(driver)] = NOTHING;
        rest(next);
        // The fence that this database begins anew is another one.
        next[HAPPENED]! &= ~(WAS_ABORTED | WAS_RELEASED);
        next[RECOVERING] = setting.rules.snapshotsFirst ? 1 : 0;
        next[OWED] = 1;
      },
      true,
    );
  }
}

/** The highest of what registered gateways obey is taken; a hold whose fence was lost is undone. */
function recover(scene: Scene): void {
  const { state } = scene;
  const counted = [0, 1].filter((one) => at(state, field(one, 'registered')) && !at(state, field(one, 'dead')));
  if (!counted.every((one) => at(state, field(one, 'reported')))) return;
  const highest = Math.max(
    at(state, ROUTE),
    ...counted.flatMap((one) => [at(state, field(one, 'seen')), at(state, field(one, 'disk'))]),
  );
  go(scene, `the recovery takes ${ROUTES[highest]}`, (next) => {
    next[RECOVERING] = 0;
    next[INCARNATION] = 1;
    next[ROUTE] = highest === TARGET ? TARGET : highest === SOURCE ? SOURCE : SOURCE_AGAIN;
    next[STEP] = highest === TARGET ? RELEASED : highest === SOURCE ? NO_STEP : ABORTED;
    for (const one of [0, 1]) next[field(one, 'acked')] = 0;
  });
}

/** Every registered gateway has acknowledged, silent and crashed ones included. */
function allAcknowledged({ setting, state }: Scene): boolean {
  if (!setting.rules.holdEpoch) return true;
  return [0, 1].every((gateway) => {
    const heard = at(state, field(gateway, 'up')) === SERVING && !at(state, field(gateway, 'silent'));
    const counts =
      at(state, field(gateway, 'registered')) &&
      !at(state, field(gateway, 'dead')) &&
      (setting.rules.registeredCount || heard);
    return !counts || at(state, field(gateway, 'acked')) === 1;
  });
}

function drive(scene: Scene, driver: number): void {
  const { setting, state } = scene;
  const { rules, dropped } = setting;
  const [step, pc, name] = [at(state, STEP), at(state, driverPc(driver)), `driver ${driver + 1}`];
  const unconditional = dropped.has('conditionalStep');
  if (pc !== NOTHING && may(state, 'driverCrash'))
    go(
      scene,
      `${name}: crashes`,
      (next) => {
        spend(next, 'driverCrash');
        next[driverPc(driver)] = NOTHING;
      },
      true,
    );
  if (pc === TESTS_PASSED) {
    const route = rules.holdEpoch ? HELD_SOURCE : at(state, ROUTE);
    const wins = unconditional || (step === STOPPING && at(state, ROUTE) === route);
    go(scene, `${name}: ${wins ? 'flips' : 'finds its flip refused'}`, (next) => {
      next[driverPc(driver)] = NOTHING;
      if (!wins) return;
      next[STEP] = FLIPPED;
      next[ROUTE] = rules.holdEpoch && !dropped.has('flipHeld') ? HELD_TARGET : TARGET;
    });
  } else if (pc === CANARY_READ) {
    const wins = unconditional || step === FLIPPED;
    go(scene, `${name}: ${wins ? 'releases' : 'finds its release refused'}`, (next) => {
      next[driverPc(driver)] = NOTHING;
      if (!wins) return;
      next[STEP] = RELEASED;
      next[ROUTE] = TARGET;
      next[HAPPENED]! |= WAS_RELEASED;
    });
  } else if (step === HOLDING && allAcknowledged(scene)) {
    if (dropped.has('settledBeforeStop') || at(state, ROW) === 0)
      go(scene, `${name}: tells the workers to stop`, (next) => {
        next[STEP] = STOPPING;
      });
  } else if (step === STOPPING) test(scene, driver);
  else if (step === FLIPPED) canary(scene, driver);
}

function test(scene: Scene, driver: number): void {
  const { setting, state } = scene;
  const stopped = at(state, WORKER_STOPPED) === 1 || !setting.rules.workersStop;
  const clean = at(state, ROW) === 0 || !setting.rules.fenceRetest;
  if (stopped && clean)
    go(scene, `driver ${driver + 1}: finds the workers stopped and no key dirty`, (next) => {
      next[driverPc(driver)] = TESTS_PASSED;
    });
}

function canary(scene: Scene, driver: number): void {
  const { rules } = scene.setting;
  if (rules.canary && scene.setting.scenario.targetRefuses) return;
  go(scene, `driver ${driver + 1}: ${rules.canary ? 'reads its canary' : 'sends no canary'}`, (next) => {
    next[driverPc(driver)] = CANARY_READ;
  });
}

/** Past the bound anybody aborts the open step; a look and an update are two moments. */
function reap(scene: Scene): void {
  const { setting, state } = scene;
  const open = stepIsOpen(at(state, STEP));
  if (at(state, REAPER) === 0 && open)
    go(scene, 'the reaper finds the step past its bound', (next) => {
      next[REAPER] = 1;
    });
  if (at(state, REAPER) !== 1) return;
  const wins = open || setting.dropped.has('conditionalStep');
  go(scene, `the reaper ${wins ? 'aborts the step' : 'finds its abort refused'}`, (next) => {
    next[REAPER] = 2;
    if (!wins) return;
    next[STEP] = ABORTED;
    next[ROUTE] = SOURCE_AGAIN;
    next[HAPPENED]! |= WAS_ABORTED;
  });
}

const READ = 1;
const WRITE = 2;
const CONFIRM = 3;
const REMOVE = 4;

function beginRound(next: State): void {
  next[WORKER_PC] = READ;
  next[WORKER_VALUE] = 0;
  next[WORKER_FRESH] = 1;
  next[WORKER_BEGAN] = at(next, HOLD) === 0 ? 1 : 0;
}
function rest(next: State): void {
  for (const offset of [WORKER_PC, WORKER_VALUE, WORKER_SIDE, WORKER_FRESH, WORKER_BEGAN, WORKER_COPIES])
    next[offset] = 0;
}

function settle(scene: Scene): void {
  const { setting, state } = scene;
  const [pc, side, value] = [at(state, WORKER_PC), at(state, WORKER_SIDE), at(state, WORKER_VALUE)];
  const halting = at(state, STEP) === STOPPING || at(state, STEP) === FLIPPED;
  if (at(state, HOLD) && holdMayEnd(state))
    go(scene, 'delta has passed', (next) => {
      next[HOLD] = 0;
    });
  if (pc === 0) idle(scene, halting);
  else if (pc === READ)
    go(scene, `settler: reads the authority (${at(state, side)})`, (next) => {
      next[WORKER_VALUE] = at(state, side);
      next[WORKER_PC] = WRITE;
    });
  else if (pc === WRITE)
    go(scene, `settler: writes ${value} to the ${side === 0 ? 'target' : 'source'}`, (next) => {
      apply(next, { side: 1 - side, adds: false, bits: value });
      next[WORKER_PC] = CONFIRM;
    });
  else if (pc === CONFIRM && at(state, WORKER_COPIES))
    go(scene, 'settler: confirms its copy or marks the key', (next) => {
      if (setting.rules.confirm && at(state, side) !== value) mark(setting, next, false);
      rest(next);
    });
  else if (pc === CONFIRM)
    go(scene, `settler: ${at(state, side) === value ? 'confirms' : 'finds a difference'}`, (next) => {
      if (at(state, side) === value) next[WORKER_PC] = REMOVE;
      else beginRound(next);
    });
  else if (pc === REMOVE)
    go(scene, 'settler: removes the row or leaves it', (next) => {
      if (at(state, WORKER_FRESH) && at(state, WORKER_BEGAN)) next[ROW] = 0;
      rest(next);
    });
  if (pc !== 0 && may(state, 'workerCrash')) crash({ ...scene, setting }, { side: 1 - side, adds: false, bits: value });
}

function idle(scene: Scene, halting: boolean): void {
  const { state } = scene;
  const stopped = at(state, WORKER_STOPPED);
  if (stopped && !halting)
    go(scene, 'settler: resumes', (next) => {
      next[WORKER_STOPPED] = 0;
    });
  if (!stopped && at(state, STEP) === STOPPING && !at(state, STREAM_PENDING))
    go(scene, 'settler: acknowledges its stop', (next) => {
      next[WORKER_STOPPED] = 1;
    });
  const { setting } = scene;
  if (!stopped && may(state, 'copy') && authorityOf(at(state, ROUTE)) === S && !at(state, RECOVERING))
    go(
      scene,
      'settler: begins to copy the key from the source',
      (next) => {
        spend(next, 'copy');
        beginRound(next);
        next[WORKER_SIDE] = S;
        next[WORKER_COPIES] = 1;
      },
      true,
    );
  if (!stopped && at(state, OWED) && !at(state, RECOVERING) && lateRequests(state).length === 0)
    go(scene, 'a verification finds what differs', (next) => {
      next[OWED] = 0;
      if (at(state, S) !== at(state, T)) mark(setting, next, false);
    });
  // A settler that has not yet heard of the stop may still claim.
  // Which side is the truth is not known while gateways are asked (F6).
  const isKnown = at(state, RECOVERING) === 0 || setting.dropped.has('workersRest');
  if (!stopped && isKnown && at(state, ROW))
    go(scene, 'settler: claims the key', (next) => {
      beginRound(next);
      next[WORKER_SIDE] = authorityOf(at(state, ROUTE));
    });
}

/** Workers that write no store: a verification and a stream reader mark keys until the workers have stopped. */
function report(scene: Scene): void {
  const { setting, state } = scene;
  if (may(state, 'bypass') && at(state, STEP) === NO_STEP)
    go(
      scene,
      'a writer beside the gateways writes the source',
      (next) => {
        spend(next, 'bypass');
        apply(next, { side: S, adds: true, bits: BYPASS_BIT });
        next[ACKED]! |= BYPASS_BIT;
        next[STREAM_PENDING] = 1;
      },
      true,
    );
  if (at(state, WORKER_STOPPED)) return;
  if (at(state, STREAM_PENDING))
    go(scene, 'the stream reader marks the key', (next) => {
      next[STREAM_PENDING] = 0;
      mark(setting, next, false);
    });
  if (may(state, 'verifierMark'))
    go(
      scene,
      'a verification marks the key',
      (next) => {
        spend(next, 'verifierMark');
        mark(setting, next, false);
      },
      true,
    );
}

/** Its supervisor records the exit, and whoever takes its claim over marks the key with an unknown outcome (D4). */
function crash(scene: Scene, request: { side: number; adds: boolean; bits: number }): void {
  const die = (next: State, label: string): void => {
    spend(next, 'workerCrash');
    rest(next);
    if (scene.setting.rules.takeOverMarks) mark(scene.setting, next, true);
    scene.emit(`settler: ${label}`, next, true);
  };
  die(scene.state.slice(), 'crashes');
  const flying = scene.state.slice();
  if (at(scene.state, WORKER_PC) === WRITE && abandon(flying, request))
    die(flying, 'crashes, its write still on its way');
}
