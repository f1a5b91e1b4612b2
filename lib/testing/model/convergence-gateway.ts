/** Gateways of the one-key model: rules W1 to W7, the crash with open intents and the restart that marks them. */
import {
  abandon,
  applied,
  at,
  BUDGET,
  effectOf,
  gatewayDown,
  gatewayLeft,
  imageOf,
  isExpression,
  lateFull,
  mark,
  may,
  type Op,
  refused,
  S,
  type Setting,
  SOURCE_ONLY,
  spend,
  T,
  writerImage,
  writerPc,
  writeStore,
} from './convergence-state';
import type { Emit, State } from './search';

/** Where a write stands. INTENT: its request to the authority may be on its way; ANSWERED: its mirror may be. */
export const IDLE = 0;
const INTENT = 1;
const REREAD = 2;
const ANSWERED = 3;
const MIRRORED = 4;
const MARK = 5;
const MARK_UNKNOWN = 6;
const DONE = 7;
/** Only with W1 off: the follower has been written and the authority not yet asked. */
const FOLLOWER_FIRST = 8;
/** Only with a sentence of W3 dropped: the authority was read again before the follower was written. */
const CHECKED_EARLY = 9;
const SENDING = [INTENT, ANSWERED, FOLLOWER_FIRST, CHECKED_EARLY];

interface Actor {
  readonly setting: Setting;
  readonly state: State;
  readonly emit: Emit;
  readonly writer: number;
  readonly op: Op;
}

const nameOf = ({ op, writer }: Actor): string =>
  `gateway ${op.gateway + 1}, write ${writer + 1} (${op.kind}${op.value ? ` ${op.value}` : ''})`;

function go(actor: Actor, label: string, change: (next: State) => void): void {
  const next = actor.state.slice();
  change(next);
  actor.emit(`${nameOf(actor)}: ${label}`, next);
}
const to =
  (actor: Actor, pc: number) =>
  (next: State): void => {
    next[writerPc(actor.writer)] = pc;
    if (pc === DONE) next[writerImage(actor.writer)] = 0;
  };
const siblings = (actor: Actor): number[] =>
  actor.setting.scenario.ops.flatMap((op, index) =>
    index !== actor.writer && op.gateway === actor.op.gateway ? [index] : [],
  );

/** What every writer and gateway may do next. */
export function gatewaySteps(setting: Setting, state: State, emit: Emit): void {
  setting.scenario.ops.forEach((op, writer) => {
    const actor: Actor = { setting, state, emit, writer, op };
    if (at(state, gatewayDown(op.gateway))) return;
    const pc = at(state, writerPc(writer));
    if (pc === IDLE) {
      const next = state.slice();
      next[writerPc(writer)] = INTENT;
      emit(`${nameOf(actor)}: begins`, next, true);
    } else if (pc === INTENT) askAuthority(actor);
    else if (pc === REREAD) rereadImage(actor);
    else if (pc === ANSWERED && setting.dropped.has('confirmAfterOutcome')) confirm(actor);
    else if (pc === ANSWERED || pc === CHECKED_EARLY) mirror(actor);
    else if (pc === FOLLOWER_FIRST) askAuthority(actor);
    else if (pc === MIRRORED) confirm(actor);
    else if (pc === MARK || pc === MARK_UNKNOWN)
      go(actor, `marks the key${pc === MARK_UNKNOWN ? ' with an unknown outcome' : ''}`, (next) => {
        mark(setting, next, pc === MARK_UNKNOWN ? 1 : 0);
        to(actor, DONE)(next);
      });
  });
  for (const gateway of [0, 1]) crashAndRestart(setting, { state, emit, gateway });
}

function askAuthority(actor: Actor): void {
  const { setting, state, op } = actor;
  const { rules } = setting;
  const effect = effectOf(op);
  const followerFirst = !rules.authorityFirst && !op.sourceOnly;
  if (followerFirst && at(state, writerPc(actor.writer)) === INTENT) {
    go(actor, 'writes the target first', (next) => {
      writeStore(next, T, effect, false);
      to(actor, FOLLOWER_FIRST)(next);
    });
    return;
  }
  if (refused(effect, at(state, S))) {
    go(actor, 'the source refuses its condition', to(actor, DONE));
  } else {
    go(actor, `the source is ${applied(effect, at(state, S))}`, (next) => answered(actor, next, effect));
  }
  const blind = actor.state.slice();
  const tags = op.sourceOnly ? SOURCE_ONLY : 0;
  if (may(state, 'unknown') && abandon(blind, { side: S, effect, tags })) {
    spend(blind, 'unknown');
    // A source-only epoch has no marks: the application learns of the time-out, Landfall forgets it.
    to(actor, op.sourceOnly || !rules.unknownOutcomes ? DONE : MARK_UNKNOWN)(blind);
    actor.emit(`${nameOf(actor)}: its request to the source times out`, blind);
  }
}

function answered(actor: Actor, next: State, effect: number): void {
  const { rules } = actor.setting;
  writeStore(next, S, effect, !rules.consistentScan);
  if (actor.op.sourceOnly) {
    to(actor, DONE)(next);
    return;
  }
  next[writerImage(actor.writer)] = rules.images ? at(next, S) : effect;
  const wrote = at(actor.state, writerPc(actor.writer)) === FOLLOWER_FIRST;
  to(actor, wrote ? MIRRORED : actor.op.kind === 'incrementReread' ? REREAD : ANSWERED)(next);
  if (rules.lanes) supersede(actor, next);
}

/** W4: the newest image replaces an older one that waits. */
function supersede(actor: Actor, next: State): void {
  for (const sibling of siblings(actor)) {
    const pc = at(next, writerPc(sibling));
    if (pc === ANSWERED || pc === REREAD) to({ ...actor, writer: sibling }, DONE)(next);
  }
}

function rereadImage(actor: Actor): void {
  go(actor, `re-reads its image, ${at(actor.state, S)}`, (next) => {
    if (actor.setting.rules.images) next[writerImage(actor.writer)] = at(next, S);
    to(actor, ANSWERED)(next);
  });
}

function mirror(actor: Actor): void {
  const { setting, state, writer } = actor;
  const image = at(state, writerImage(writer));
  const { rules } = setting;
  const after = applied(image, at(state, T));
  go(actor, `its mirror makes the target ${after}`, (next) => {
    writeStore(next, T, image, false);
    to(actor, rules.confirm && at(state, writerPc(writer)) === ANSWERED ? MIRRORED : DONE)(next);
    // The confirm of the newest image answers for an older one of the same lane.
    if (rules.lanes)
      for (const sibling of siblings(actor))
        if (at(next, writerPc(sibling)) === MIRRORED) to({ ...actor, writer: sibling }, DONE)(next);
  });
  if (may(state, 'failure'))
    go(actor, 'its mirror is refused', (next) => {
      spend(next, 'failure');
      to(actor, MARK)(next);
    });
  const unknown = state.slice();
  if (may(state, 'unknown') && abandon(unknown, { side: T, effect: image })) {
    spend(unknown, 'unknown');
    to(actor, rules.unknownOutcomes ? MARK_UNKNOWN : MARK)(unknown);
    actor.emit(`${nameOf(actor)}: its mirror times out`, unknown);
  }
  const dropped = state.slice();
  if (!rules.mirrorOutlivesWait && abandon(dropped, { side: T, effect: image })) {
    to(actor, DONE)(dropped);
    actor.emit(`${nameOf(actor)}: the application's wait ends and with it the mirror`, dropped);
  }
}

/** W3. With lanes no confirm counts while a mirror of the key is in flight at this gateway (W5). */
function confirm(actor: Actor): void {
  const { setting, state, writer } = actor;
  const busy = siblings(actor).some((sibling) => [REREAD, ANSWERED].includes(at(state, writerPc(sibling))));
  if (setting.rules.lanes && busy) return;
  const image = at(state, writerImage(writer));
  // An expression leaves nothing to compare with: with W2 off it is trusted.
  const same = isExpression(image) || at(state, S) === imageOf(image);
  const after = at(state, writerPc(writer)) === ANSWERED ? CHECKED_EARLY : DONE;
  go(actor, same ? 'confirms its image' : 'confirms and finds a difference', to(actor, same ? after : MARK));
}

interface Place {
  readonly state: State;
  readonly emit: Emit;
  readonly gateway: number;
}

function crashAndRestart(setting: Setting, { state, emit, gateway }: Place): void {
  if (at(state, gatewayDown(gateway))) {
    const next = state.slice();
    next[gatewayDown(gateway)] = 0;
    if (at(state, gatewayLeft(gateway)) && setting.rules.restartMarks)
      mark(setting, next, setting.dropped.has('unknownAtRestart') ? 0 : 1);
    next[gatewayLeft(gateway)] = 0;
    emit(`gateway ${gateway + 1} restarts${at(state, gatewayLeft(gateway)) ? ' with an open intent' : ''}`, next);
    return;
  }
  if (at(state, BUDGET.gatewayCrash) === 0) return;
  const open = setting.scenario.ops.flatMap((op, writer) =>
    op.gateway === gateway && ![IDLE, DONE].includes(at(state, writerPc(writer))) ? [writer] : [],
  );
  if (open.length === 0) return;
  const sending = open.filter((writer) => SENDING.includes(at(state, writerPc(writer))));
  // Every choice of the requests that were on their way when the process died.
  for (let choice = 0; choice < 1 << sending.length; choice++) {
    const flying = sending.filter((_, index) => choice & (1 << index));
    const next = state.slice();
    if (flying.some((writer) => !leaveInFlight(setting, next, writer))) continue;
    spend(next, 'gatewayCrash');
    next[gatewayDown(gateway)] = 1;
    for (const writer of open) {
      if (setting.rules.intents && !setting.scenario.ops[writer]!.sourceOnly) next[gatewayLeft(gateway)] = 1;
      next[writerPc(writer)] = DONE;
      next[writerImage(writer)] = 0;
    }
    const names = flying.map((writer) => writer + 1).join(' and ');
    emit(
      `gateway ${gateway + 1} crashes${names ? `, the request of write ${names} still on its way` : ''}`,
      next,
      true,
    );
  }
}

function leaveInFlight(setting: Setting, next: State, writer: number): boolean {
  if (lateFull(next)) return false;
  const op = setting.scenario.ops[writer]!;
  const mirrors = [ANSWERED, CHECKED_EARLY].includes(at(next, writerPc(writer)));
  if (mirrors) return abandon(next, { side: T, effect: at(next, writerImage(writer)) });
  return abandon(next, { side: S, effect: effectOf(op), tags: op.sourceOnly ? SOURCE_ONLY : 0 });
}

/** C1 waits for every request begun before dual write. */
export const sourceOnlyPending = (setting: Setting, state: State): boolean =>
  setting.scenario.ops.some((op, writer) => op.sourceOnly && at(state, writerPc(writer)) !== DONE);
