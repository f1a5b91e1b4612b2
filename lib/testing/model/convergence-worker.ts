/** Workers of the one-key model: the backfill of a page (C1, C3) and the settle of a dirty key (D2 to D4). */
import { sourceOnlyPending } from './convergence-gateway';
import {
  abandon,
  at,
  BACKFILL,
  CLAIM,
  coverLate,
  HOLD,
  holdMayEnd,
  lateSome,
  mark,
  may,
  PAST_S,
  ROW,
  S,
  SEGMENT_DONE,
  SEGMENT_HOLDER,
  SEGMENT_KEYS,
  SETTLE,
  type Setting,
  SOURCE_ONLY,
  spend,
  T,
  WORKER_NAMES,
  workerBegan,
  workerFresh,
  workerPc,
  workerValue,
} from './convergence-state';
import type { Emit, State } from './search';

const IDLE = 0;
/** About to read: the page, or the authority in a round whose generation has been taken. */
const READ = 1;
/** Backfill only: the page is in memory, its keys not yet in the segment row. */
const STORE_KEYS = 2;
const WRITE = 3;
const CONFIRM = 4;
const MARK = 5;
const MARK_UNKNOWN = 6;
/** Done with the key: checkpoint of the page, or removal of the row. */
const FINISH = 7;
const ENDED = 8;

interface Actor {
  readonly setting: Setting;
  readonly state: State;
  readonly emit: Emit;
  readonly worker: number;
  readonly settles: boolean;
}

function go(actor: Actor, label: string, change: (next: State) => void, chosen = false): void {
  const next = actor.state.slice();
  change(next);
  actor.emit(`${WORKER_NAMES[actor.worker]}: ${label}`, next, chosen);
}
function to(actor: Actor, next: State, pc: number): void {
  next[workerPc(actor.worker)] = pc;
  if ([IDLE, READ, FINISH, ENDED, MARK, MARK_UNKNOWN].includes(pc)) next[workerValue(actor.worker)] = 0;
  if ([IDLE, ENDED].includes(pc)) {
    next[workerFresh(actor.worker)] = 0;
    next[workerBegan(actor.worker)] = 0;
  }
}
const leaseOf = (settles: boolean): number => (settles ? CLAIM : SEGMENT_HOLDER);
const holds = (actor: Actor): boolean => at(actor.state, leaseOf(actor.settles)) === actor.worker + 1;
const active = (state: State, worker: number): boolean => {
  const pc = at(state, workerPc(worker));
  return pc !== IDLE && pc !== ENDED;
};

export function workerSteps(setting: Setting, state: State, emit: Emit): void {
  for (const worker of [...BACKFILL, ...SETTLE]) {
    const settles = worker >= SETTLE[0];
    if (!settles && !setting.scenario.backfill) continue;
    const actor: Actor = { setting, state, emit, worker, settles };
    if (active(state, worker)) work(actor);
    else if (at(state, workerPc(worker)) === IDLE) begin(actor);
    if (worker === BACKFILL[0] || worker === SETTLE[0]) loseHolder(actor);
  }
  passTime(state, emit);
}

function begin(actor: Actor): void {
  const { setting, state, worker, settles } = actor;
  const second = worker === BACKFILL[1] || worker === SETTLE[1];
  const lease = leaseOf(settles);
  if (second && at(state, lease) === 0 && settles && at(state, workerPc(SETTLE[0])) !== ENDED) return;
  if (settles) {
    if (at(state, ROW) && at(state, CLAIM) === 0)
      go(actor, 'claims the key', (next) => {
        next[CLAIM] = worker + 1;
        beginRound(actor, next);
      });
    return;
  }
  if (second || at(state, SEGMENT_DONE)) return;
  const drained =
    !sourceOnlyPending(setting, state) && (!lateSome(state, SOURCE_ONLY) || setting.dropped.has('deltaBeforeBackfill'));
  if (setting.rules.liveChannelFirst && !drained) return;
  go(actor, 'takes the segment', (next) => {
    next[SEGMENT_HOLDER] = worker + 1;
    to(actor, next, READ);
  });
}

function beginRound(actor: Actor, next: State): void {
  to(actor, next, READ);
  next[workerFresh(actor.worker)] = 1;
  const began = at(next, HOLD) === 0 || actor.setting.dropped.has('settleBeganAfterHold');
  next[workerBegan(actor.worker)] = began ? 1 : 0;
}

function work(actor: Actor): void {
  const { state, worker } = actor;
  const pc = at(state, workerPc(worker));
  if (pc === READ) readAuthority(actor);
  else if (pc === STORE_KEYS) storeKeys(actor);
  else if (pc === WRITE) writeFollower(actor);
  else if (pc === CONFIRM) confirm(actor);
  else if (pc === FINISH) finish(actor);
  else
    go(actor, `marks the key${pc === MARK_UNKNOWN ? ' with an unknown outcome' : ''}`, (next) => {
      mark(actor.setting, next, pc === MARK_UNKNOWN ? 1 : 0);
      if (actor.settles) release(actor, next);
      else to(actor, next, holds(actor) ? FINISH : ENDED);
    });
}

function readAuthority(actor: Actor): void {
  const { setting, state, settles } = actor;
  if (!holds(actor)) {
    go(actor, 'finds its lease lost', (next) => to(actor, next, ENDED));
    return;
  }
  const take = (value: number, label: string): void =>
    go(actor, `${label} ${value}`, (next) => {
      to(actor, next, settles ? WRITE : value === 0 ? FINISH : STORE_KEYS);
      next[workerValue(actor.worker)] = settles || value !== 0 ? value : 0;
    });
  take(at(state, S), 'reads');
  if (!settles && !setting.rules.consistentScan && at(state, PAST_S) !== at(state, S))
    take(at(state, PAST_S), 'reads, eventually consistent,');
}

function storeKeys(actor: Actor): void {
  if (!holds(actor)) {
    go(actor, 'finds its lease lost', (next) => to(actor, next, ENDED));
    return;
  }
  go(actor, 'stores the keys of its page', (next) => {
    if (actor.setting.rules.pageKeys) next[SEGMENT_KEYS] = 1;
    next[workerPc(actor.worker)] = WRITE;
  });
}

function writeFollower(actor: Actor): void {
  const { setting, state, worker, settles } = actor;
  const { rules } = setting;
  const value = at(state, workerValue(worker));
  const lost = !holds(actor);
  if (lost) {
    if (rules.leaseCheck) go(actor, 'finds its lease lost', (next) => to(actor, next, ENDED));
    if (rules.leaseCheck && !setting.scenario.pauseAfterCheck) return;
  }
  const confirms = settles ? rules.settleConfirm : rules.confirm;
  go(actor, `writes ${value} to the target${lost ? ' without its lease' : ''}`, (next) => {
    next[T] = value;
    if (confirms) next[workerPc(worker)] = CONFIRM;
    else to(actor, next, FINISH);
  });
  if (may(state, 'failure'))
    go(actor, 'its write is refused', (next) => {
      spend(next, 'failure');
      if (settles) release(actor, next);
      else to(actor, next, MARK);
    });
  const unknown = state.slice();
  if (may(state, 'unknown') && abandon(unknown, { side: T, effect: value })) {
    spend(unknown, 'unknown');
    if (rules.unknownOutcomes) to(actor, unknown, MARK_UNKNOWN);
    else if (settles) release(actor, unknown);
    else to(actor, unknown, MARK);
    actor.emit(`${WORKER_NAMES[worker]}: its write times out`, unknown);
  }
}

function confirm(actor: Actor): void {
  const { state, worker, settles } = actor;
  const same = at(state, S) === at(state, workerValue(worker));
  go(actor, same ? 'confirms its image' : 'confirms and finds a difference', (next) => {
    if (same) to(actor, next, holds(actor) ? FINISH : ENDED);
    else if (settles && holds(actor)) beginRound(actor, next);
    else to(actor, next, MARK);
  });
}

function release(actor: Actor, next: State): void {
  if (at(next, CLAIM) !== actor.worker + 1) {
    to(actor, next, ENDED);
    return;
  }
  next[CLAIM] = 0;
  to(actor, next, IDLE);
}

function finish(actor: Actor): void {
  const { setting, state, worker, settles } = actor;
  if (!settles) {
    const kept = holds(actor);
    go(actor, kept ? 'checkpoints its page' : 'finds its lease lost', (next) => {
      if (kept) {
        next[SEGMENT_DONE] = 1;
        next[SEGMENT_KEYS] = 0;
        next[SEGMENT_HOLDER] = 0;
      }
      to(actor, next, ENDED);
    });
    return;
  }
  const unchanged = at(state, workerFresh(worker)) === 1 && holds(actor);
  const removes = at(state, workerBegan(worker)) === 1 && (unchanged || !setting.rules.generations);
  go(actor, removes ? 'removes the row' : 'leaves the row', (next) => {
    release(actor, next);
    if (!removes) return;
    next[ROW] = 0;
    next[HOLD] = 0;
    next[CLAIM] = 0;
  });
}

/** A holder dies, or lives on while another takes its lease over (D4). */
function loseHolder(actor: Actor): void {
  const { setting, state, worker } = actor;
  if (active(state, worker) && may(state, 'workerCrash')) {
    const die = (next: State, label: string): void => {
      spend(next, 'workerCrash');
      to(actor, next, ENDED);
      actor.emit(`${WORKER_NAMES[worker]}: ${label}`, next, true);
    };
    die(state.slice(), 'crashes');
    const flying = state.slice();
    const value = at(state, workerValue(worker));
    // A holder that stops one request time-out early has nothing on its way once its lease is lost.
    const sends = holds(actor) || !setting.rules.leaseCheck || setting.scenario.pauseAfterCheck;
    if (sends && at(state, workerPc(worker)) === WRITE && abandon(flying, { side: T, effect: value }))
      die(flying, 'crashes, its write still on its way');
  }
  if (!holds(actor) || at(state, workerPc(worker + 1)) !== IDLE) return;
  const alive = active(state, worker);
  if (alive && !may(state, 'leaseLoss')) return;
  const next = state.slice();
  if (alive) spend(next, 'leaseLoss');
  takeOver({ ...actor, worker: worker + 1 }, next, alive);
  const label = `takes over${alive ? ' from a holder that still runs' : ''}`;
  actor.emit(`${WORKER_NAMES[worker + 1]}: ${label}`, next, alive);
}

function takeOver(actor: Actor, next: State, alive: boolean): void {
  const { setting, settles, worker } = actor;
  const owed = settles || at(next, SEGMENT_KEYS) === 1;
  const unknown = setting.dropped.has('unknownAtTakeOver') ? 0 : alive ? 2 : 1;
  if (owed && setting.rules.takeOverMarks) mark(setting, next, unknown);
  next[leaseOf(settles)] = worker + 1;
  next[SEGMENT_KEYS] = settles ? at(next, SEGMENT_KEYS) : 0;
  if (settles) beginRound(actor, next);
  else to(actor, next, READ);
}

/** Holds end: an open one when every former holder has ended, a dated one when delta has passed. */
function passTime(state: State, emit: Emit): void {
  const former = (worker: number, settles: boolean): boolean =>
    active(state, worker) && at(state, leaseOf(settles)) !== worker + 1;
  if (at(state, HOLD) === 2 && !former(BACKFILL[0], false) && !former(SETTLE[0], true)) {
    const next = state.slice();
    next[HOLD] = 1;
    coverLate(next);
    emit('the former holder has ended', next);
  }
  if (at(state, HOLD) === 1 && holdMayEnd(state)) {
    const next = state.slice();
    next[HOLD] = 0;
    emit('delta has passed since the last unknown outcome', next);
  }
}
