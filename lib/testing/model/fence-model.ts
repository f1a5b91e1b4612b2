/**
 * The fence of PROTOCOL F1 and F2 as a model: one flip from source to target, two gateways with a key each, one worker
 * that settles, late requests, gateways that crash or start under the hold, and anybody who undoes the fence at any
 * moment. A driver that crashes is a driver that takes no further step: each step is one conditional update, so the
 * next process goes on from the row. What is looked for: two authorities that both accept writes, an acknowledged write
 * that the new authority lacks when it accepts its first one, and an old image that lands on the new authority.
 */
import type { SafeguardSet } from '@/lib/domain/safeguards';
import type { Emit, Model, State } from './search';

/** Routing in force, and what a gateway has seen of it: epochs in order. */
const OPEN = 0;
const HELD = 1;
const FLIPPED = 2;
const RELEASED = 3;
const UNDONE = 4;
const NOTHING_SEEN = 5;
/** Steps of the fence's row. */
const STEP = { hold: 0, quiet: 1, settled: 2, stopped: 3, flipped: 4, proven: 5, released: 6, aborted: 7 } as const;
/** Fields of the whole state, then of each gateway and the key that it writes. */
const AT = { routing: 0, step: 1, stopped: 2, worker: 3, bad: 4 } as const;
const GATEWAY_AT = 5;
const G = {
  registered: 0,
  up: 1,
  seen: 2,
  /** 0 nothing, 1 at the source, 2 mirroring. */
  flight: 3,
  quiet: 4,
  /** An intent on its disk that no row in Postgres stands for yet. */
  owed: 5,
  writes: 6,
  /** The target lacks what the source has acknowledged of this key. */
  gap: 7,
  dirty: 8,
  /** The row's hold: an unknown outcome younger than Δ. */
  young: 9,
  lateSource: 10,
  lateTarget: 11,
  /** The target has accepted a write of this key as the authority. */
  accepted: 12,
} as const;
const GATEWAY_BYTES = 13;
const GATEWAYS = 2;
const WRITES_MAX = 1;
const BAD = [
  '',
  'two authorities accept writes',
  'an acknowledged write is missing at the new authority',
  'an old image overwrites the new authority',
];

type Field = keyof typeof G;
const at = (gateway: number, field: Field): number => GATEWAY_AT + gateway * GATEWAY_BYTES + G[field];
const get = (state: State, gateway: number, field: Field): number => state[at(gateway, field)] as number;
const each = Array.from({ length: GATEWAYS }, (_, gateway) => gateway);

/** A copy with some bytes changed. */
function changed(state: State, ...changes: [number, number][]): State {
  const next = Uint8Array.from(state);
  for (const [index, value] of changes) next[index] = value;
  return next;
}

/** `lateGateway`: the second gateway starts for the first time somewhere along the way. */
function initial(lateGateway: boolean): State {
  const state = new Uint8Array(GATEWAY_AT + GATEWAYS * GATEWAY_BYTES);
  state[AT.routing] = HELD;
  for (const gateway of each) {
    const isThere = gateway === 0 || !lateGateway;
    state[at(gateway, 'registered')] = isThere ? 1 : 0;
    state[at(gateway, 'up')] = isThere ? 1 : 0;
    state[at(gateway, 'seen')] = isThere ? OPEN : NOTHING_SEEN;
  }
  return state;
}

export function fenceModel(safeguards: SafeguardSet): Model {
  return {
    name: 'fence',
    initial: [initial(false), initial(true)],
    next: (state, emit) => {
      // Once undone, the fence can never release any more, so the target accepts nothing and nothing can go wrong here.
      if (state[AT.bad] !== 0 || state[AT.routing] === UNDONE) return;
      for (const gateway of each) {
        gatewaySteps(safeguards, state, { gateway, emit });
        faultSteps(state, { gateway, emit });
        workerSteps(state, { gateway, emit });
      }
      fenceSteps(safeguards, state, emit);
    },
    violation: (state) => (state[AT.bad] === 0 ? null : (BAD[state[AT.bad] as number] as string)),
    describe: (state) =>
      `routing ${state[AT.routing]}, step ${state[AT.step]}, ${Array.from(state.subarray(GATEWAY_AT)).join(' ')}`,
  };
}

const hasAccepted = (state: State): boolean => each.some((gateway) => get(state, gateway, 'accepted') === 1);
const bad = (code: 1 | 2 | 3): [number, number] => [AT.bad, code];

interface Turn {
  gateway: number;
  emit: Emit;
}

function gatewaySteps(safeguards: SafeguardSet, state: State, { gateway: g, emit }: Turn): void {
  const is = (field: Field) => get(state, g, field);
  if (is('registered') === 0) {
    emit(`gateway ${g} registers`, changed(state, [at(g, 'registered'), 1]), true);
    return;
  }
  if (is('up') === 0) {
    // It marks what its log holds before it may say that it is quiet; its registration takes earlier words back.
    const marks: [number, number][] = is('owed')
      ? [
          [at(g, 'dirty'), 1],
          [at(g, 'young'), 1],
          [at(g, 'owed'), 0],
        ]
      : [];
    const seen = is('seen') === NOTHING_SEEN ? (state[AT.routing] as number) : is('seen');
    emit(`gateway ${g} starts`, changed(state, ...marks, [at(g, 'up'), 1], [at(g, 'quiet'), 0], [at(g, 'seen'), seen]));
    return;
  }
  const routing = state[AT.routing] as number;
  if (is('seen') !== routing) emit(`gateway ${g} sees epoch ${routing}`, changed(state, [at(g, 'seen'), routing]));
  if (is('seen') === HELD && is('flight') === 0 && is('quiet') === 0)
    emit(`gateway ${g} is quiet`, changed(state, [at(g, 'quiet'), 1]));
  const writesToSource = is('seen') === OPEN || (is('seen') === HELD && !safeguards.holdEpoch);
  if (writesToSource && is('flight') === 0 && is('writes') < WRITES_MAX)
    emit(
      `gateway ${g} sends a write to the source`,
      changed(state, [at(g, 'flight'), 1], [at(g, 'writes'), is('writes') + 1]),
      true,
    );
  if (is('seen') === RELEASED && is('accepted') === 0) {
    const isMissing = each.some((other) => get(state, other, 'gap') === 1);
    const next = changed(state, [at(g, 'accepted'), 1], ...(isMissing ? [bad(2)] : []));
    emit(`gateway ${g} writes to the target as authority`, next, true);
  }
  flightSteps(state, { gateway: g, emit });
}

function flightSteps(state: State, { gateway: g, emit }: Turn): void {
  const flight = get(state, g, 'flight');
  const done: [number, number] = [at(g, 'flight'), 0];
  const unknown: [number, number][] = [
    [at(g, 'dirty'), 1],
    [at(g, 'young'), 1],
  ];
  if (flight === 1) {
    const landed = hasAccepted(state) ? [bad(1)] : [];
    emit(`the source acknowledges ${g}`, changed(state, [at(g, 'gap'), 1], [at(g, 'flight'), 2], ...landed));
    emit(`the source times out for ${g}`, changed(state, [at(g, 'lateSource'), 1], done, ...unknown), true);
  }
  if (flight === 2) {
    const over = get(state, g, 'accepted') === 1 ? [bad(3)] : [];
    emit(`the mirror of ${g} lands`, changed(state, [at(g, 'gap'), 0], done, ...over));
    emit(`the mirror of ${g} is refused`, changed(state, [at(g, 'dirty'), 1], done), true);
    emit(`the mirror of ${g} times out`, changed(state, [at(g, 'lateTarget'), 1], done, ...unknown), true);
  }
}

function faultSteps(state: State, { gateway: g, emit }: Turn): void {
  const is = (field: Field) => get(state, g, field);
  if (is('up') === 1 && is('flight') > 0) {
    const late: [number, number] = [at(g, is('flight') === 1 ? 'lateSource' : 'lateTarget'), 1];
    emit(
      `gateway ${g} crashes`,
      changed(state, late, [at(g, 'up'), 0], [at(g, 'flight'), 0], [at(g, 'owed'), 1]),
      true,
    );
  }
  if (is('lateSource') === 1) {
    const twice = hasAccepted(state) ? [bad(1)] : [];
    emit(
      `a late write of ${g} lands on the source`,
      changed(state, [at(g, 'lateSource'), 0], [at(g, 'gap'), 1], ...twice),
      true,
    );
  }
  if (is('lateTarget') === 1) {
    const over = is('accepted') === 1 ? [bad(3)] : [];
    emit(
      `a late image of ${g} lands on the target`,
      changed(state, [at(g, 'lateTarget'), 0], [at(g, 'gap'), 1], ...over),
      true,
    );
  }
  // Δ is longer than any abandoned request lives. An intent on a dead gateway's disk has not begun to count.
  if (is('young') === 1 && is('owed') === 0) {
    const dead: [number, number][] = [
      [at(g, 'lateSource'), 0],
      [at(g, 'lateTarget'), 0],
    ];
    emit(`Δ passes for ${g}`, changed(state, [at(g, 'young'), 0], ...dead));
  }
}

/**
 * The worker settles and copies from the source to the target while its routing says so, and stops when it sees step
 * `settled`. A copy (a page of a backfill, the repair of a mismatch) has no row of its own until its confirm differs.
 */
function workerSteps(state: State, { gateway: g, emit }: Turn): void {
  const routing = state[AT.routing] as number;
  const isForward = routing === OPEN || routing === HELD;
  const [settling, copying, copied] = [g + 1, g + 1 + GATEWAYS, g + 1 + 2 * GATEWAYS];
  const worker = state[AT.worker] as number;
  if (worker === 0 && state[AT.stopped] === 0 && isForward) {
    if (get(state, g, 'dirty') === 1) emit(`the worker claims key ${g}`, changed(state, [AT.worker, settling]));
    else emit(`the worker reads key ${g} to copy it`, changed(state, [AT.worker, copying]), true);
  }
  const over = get(state, g, 'accepted') === 1 ? [bad(3)] : [];
  const marked: [number, number][] = [
    [at(g, 'dirty'), 1],
    [AT.worker, 0],
  ];
  if (worker === settling) {
    const gone: [number, number][] = get(state, g, 'young') === 0 ? [[at(g, 'dirty'), 0]] : [];
    emit(`the worker settles key ${g}`, changed(state, [at(g, 'gap'), 0], [AT.worker, 0], ...gone, ...over));
  }
  if (worker === copying) {
    emit(`the copy of ${g} is what the source has`, changed(state, [AT.worker, 0], ...over));
    emit(`an old copy of ${g} lands`, changed(state, [at(g, 'gap'), 1], [AT.worker, copied], ...over), true);
  }
  if (worker === settling || worker === copying) {
    const late = changed(state, ...marked, [at(g, 'young'), 1], [at(g, 'lateTarget'), 1]);
    emit(`the worker's write of key ${g} times out`, late, true);
  }
  if (worker === copied) emit(`the confirm of ${g} differs`, changed(state, ...marked));
}

function fenceSteps(safeguards: SafeguardSet, state: State, emit: Emit): void {
  const step = state[AT.step] as number;
  if (step < STEP.released)
    emit(
      'somebody undoes the fence',
      changed(state, [AT.step, STEP.aborted], [AT.routing, UNDONE], [AT.stopped, 0]),
      true,
    );
  const to = (next: number, ...more: [number, number][]) => changed(state, [AT.step, next], ...more);
  // With the rule off the second gateway is passed by as soon as its heartbeat is late, which may be at any moment.
  const counted = safeguards.registeredCount ? each : each.slice(0, 1);
  const areQuiet = counted.every((g) => get(state, g, 'registered') === 0 || get(state, g, 'quiet') === 1);
  const isClean = each.every((g) => get(state, g, 'dirty') === 0);
  const haveStopped = state[AT.stopped] === 1 || !safeguards.workersStop;
  if (step === STEP.hold && areQuiet) emit('the gateways are quiet', to(STEP.quiet));
  if (step === STEP.quiet && isClean) emit('the rest is settled', to(STEP.settled));
  if (step === STEP.settled && state[AT.stopped] === 0 && state[AT.worker] === 0)
    emit('the worker stops and says so', changed(state, [AT.stopped, 1]));
  if (step === STEP.settled && haveStopped) emit('the workers have stopped', to(STEP.stopped));
  const passes = areQuiet && haveStopped && (isClean || !safeguards.fenceRetest) && state[AT.routing] === HELD;
  if (step === STEP.stopped && passes) emit('the flip', to(STEP.flipped, [AT.routing, FLIPPED]));
  if (step === STEP.flipped) emit('the canary is read', to(STEP.proven));
  if (step === STEP.proven) emit('the release', to(STEP.released, [AT.routing, RELEASED]));
}
