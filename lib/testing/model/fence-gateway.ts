/** Gateways of the fence model: start, routing on disk, acknowledgement, writes of either authority, crash and silence. */
import {
  ACKED,
  abandon,
  apply,
  at,
  authorityOf,
  DOWN,
  type FenceSetting,
  field,
  type GatewayField,
  HAPPENED,
  HELD_SOURCE,
  INCARNATION,
  isHeld,
  lateRequests,
  mark,
  may,
  NEXT_WRITE,
  RECOVERING,
  ROUTE,
  ROUTES,
  ROW,
  S,
  SERVING,
  SPLIT,
  STARTING,
  spend,
  T,
  TARGET_ACTED,
} from './fence-state';
import type { Emit, State } from './search';

const IDLE = 0;
const ASKING = 1;
const MIRRORING = 2;
const CONFIRM = 3;
const MARK_UNKNOWN = 4;
const MARK = 5;

class Gateway {
  constructor(
    readonly setting: FenceSetting,
    readonly state: State,
    readonly emit: Emit,
    readonly index: number,
  ) {}
  get(name: GatewayField): number {
    return at(this.state, field(this.index, name));
  }
  set(next: State, name: GatewayField, value: number): void {
    next[field(this.index, name)] = value;
  }
  /** Ends the write in hand. */
  end(next: State): void {
    for (const name of ['pc', 'image', 'bit', 'side'] as const) this.set(next, name, 0);
  }
  go(label: string, change: (next: State) => void, chosen = false): void {
    const next = this.state.slice();
    change(next);
    this.emit(`gateway ${this.index + 1}: ${label}`, next, chosen);
  }
}

export function fenceGatewaySteps(setting: FenceSetting, state: State, emit: Emit): void {
  for (const index of [0, 1]) {
    const gateway = new Gateway(setting, state, emit, index);
    if (setting.scenario.faults?.passBy) passBy(gateway);
    if (gateway.get('up') !== SERVING) start(gateway);
    else {
      followRouting(gateway);
      write(gateway);
      fail(gateway);
    }
  }
}

function readEpoch(gateway: Gateway, next: State): void {
  gateway.set(next, 'seen', at(next, ROUTE));
  gateway.set(next, 'disk', at(next, ROUTE));
  gateway.set(next, 'incarnation', at(next, INCARNATION));
}

/** What it obeys is older than what Postgres says; a restored Postgres may say something older than that. */
function isBehind(gateway: Gateway): boolean {
  const incarnation = at(gateway.state, INCARNATION);
  if (gateway.get('incarnation') !== incarnation) return gateway.get('incarnation') < incarnation;
  return gateway.get('seen') < at(gateway.state, ROUTE);
}

function start(gateway: Gateway): void {
  const { setting } = gateway;
  // A dead one never registers again.
  if (gateway.get('dead') && !gateway.get('registered')) return;
  if (gateway.get('up') === DOWN && gateway.get('registered')) {
    gateway.go(`restarts from its snapshot (${ROUTES[gateway.get('disk')]})`, (next) => {
      if (gateway.get('left') && setting.rules.restartMarks) mark(setting, next, true);
      gateway.set(next, 'left', 0);
      gateway.set(next, 'seen', gateway.get('disk'));
      gateway.set(next, 'up', SERVING);
    });
    return;
  }
  const registersFirst = !setting.dropped.has('registerFirst');
  const registers = (gateway.get('up') === DOWN) === registersFirst;
  gateway.go(
    registers ? 'registers' : `reads the epoch (${ROUTES[at(gateway.state, ROUTE)]})`,
    (next) => {
      if (registers) gateway.set(next, 'registered', 1);
      else readEpoch(gateway, next);
      gateway.set(next, 'up', gateway.get('up') === DOWN ? STARTING : SERVING);
    },
    gateway.get('up') === DOWN,
  );
}

function followRouting(gateway: Gateway): void {
  const { setting, state } = gateway;
  const { rules } = setting;
  if (gateway.get('silent')) {
    gateway.go('is heard again', (next) => gateway.set(next, 'silent', 0));
    return;
  }
  if (at(state, RECOVERING) && !gateway.get('reported'))
    gateway.go(`says that it obeys ${ROUTES[gateway.get('seen')]}`, (next) => gateway.set(next, 'reported', 1));
  // One that was declared dead is told so, and ends.
  if (gateway.get('dead'))
    gateway.go('is told that it is dead', (next) => {
      gateway.end(next);
      gateway.set(next, 'up', DOWN);
      gateway.set(next, 'registered', 0);
    });
  else if (isBehind(gateway))
    gateway.go(`sees ${ROUTES[at(state, ROUTE)]}`, (next) => {
      gateway.set(next, 'seen', at(state, ROUTE));
      gateway.set(next, 'incarnation', at(state, INCARNATION));
      if (rules.snapshotSynced) gateway.set(next, 'disk', at(state, ROUTE));
    });
  const drained = gateway.get('pc') === IDLE || !rules.drainBeforeAck;
  if (gateway.get('seen') === HELD_SOURCE && at(state, ROUTE) === HELD_SOURCE && !gateway.get('acked') && drained)
    gateway.go('acknowledges the hold', (next) => gateway.set(next, 'acked', 1));
}

function write(gateway: Gateway): void {
  const { setting, state } = gateway;
  const [pc, side, image] = [gateway.get('pc'), gateway.get('side'), gateway.get('image')];
  if (pc === IDLE) {
    if (isHeld(gateway.get('seen')) || at(state, NEXT_WRITE) >= setting.scenario.writesMax) return;
    gateway.go(
      `begins write ${at(state, NEXT_WRITE) + 1}`,
      (next) => {
        gateway.set(next, 'pc', ASKING);
        gateway.set(next, 'bit', 1 << at(state, NEXT_WRITE));
        gateway.set(next, 'side', authorityOf(gateway.get('seen')));
        next[NEXT_WRITE]!++;
      },
      true,
    );
  } else if (pc === ASKING) ask(gateway, side);
  else if (pc === MIRRORING) mirror(gateway, { side: 1 - side, adds: false, bits: image });
  else if (pc === CONFIRM) {
    const same = at(state, side) === image || !setting.rules.confirm;
    gateway.go(same ? 'confirms its image' : 'confirms and finds a difference', (next) => {
      if (same) gateway.end(next);
      else gateway.set(next, 'pc', MARK);
    });
  } else
    gateway.go(`marks the key${pc === MARK_UNKNOWN ? ' with an unknown outcome' : ''}`, (next) => {
      mark(setting, next, pc === MARK_UNKNOWN);
      gateway.end(next);
    });
}

const nameOf = (side: number): string => (side === S ? 'source' : 'target');

function ask(gateway: Gateway, side: number): void {
  const request = { side, adds: true, bits: gateway.get('bit') };
  if (gateway.get('refused')) {
    gateway.go('its write is refused: its key is', (next) => gateway.end(next));
    return;
  }
  gateway.go(`the ${nameOf(side)} takes its write, acknowledged`, (next) => {
    apply(next, request);
    next[ACKED]! |= request.bits;
    if (side === T) next[HAPPENED]! |= TARGET_ACTED;
    else if (at(next, HAPPENED) & TARGET_ACTED) next[HAPPENED]! |= SPLIT;
    gateway.set(next, 'image', at(next, side));
    gateway.set(next, 'pc', MIRRORING);
  });
  timeOut(gateway, request);
}

function mirror(gateway: Gateway, request: { side: number; adds: boolean; bits: number }): void {
  if (gateway.get('refused')) {
    gateway.go('its mirror is refused: its key is', (next) => gateway.set(next, 'pc', MARK));
    return;
  }
  gateway.go(`its mirror reaches the ${nameOf(request.side)}`, (next) => {
    apply(next, request);
    gateway.set(next, 'pc', CONFIRM);
  });
  if (may(gateway.state, 'failure'))
    gateway.go('its mirror is refused', (next) => {
      spend(next, 'failure');
      gateway.set(next, 'pc', MARK);
    });
  timeOut(gateway, request);
}

function timeOut(gateway: Gateway, request: { side: number; adds: boolean; bits: number }): void {
  const unknown = gateway.state.slice();
  if (!may(unknown, 'unknown') || !abandon(unknown, request)) return;
  spend(unknown, 'unknown');
  gateway.set(unknown, 'pc', MARK_UNKNOWN);
  gateway.emit(`gateway ${gateway.index + 1}: its request to the ${nameOf(request.side)} times out`, unknown, true);
}

/** F4: a silent or crashed gateway loses its keys; what was past the check of a store may still land. */
function passBy(gateway: Gateway): void {
  const { setting, state } = gateway;
  const isAway = gateway.get('silent') === 1 || gateway.get('up') === DOWN;
  if (gateway.get('registered') && isAway && !gateway.get('refused') && may(state, 'passBy')) {
    const refuse = (next: State, label: string): void => {
      spend(next, 'passBy');
      gateway.set(next, 'refused', 1);
      gateway.emit(`gateway ${gateway.index + 1}: ${label}`, next, true);
    };
    refuse(state.slice(), 'its keys are refused');
    const side = gateway.get('side');
    const flying = state.slice();
    if (gateway.get('pc') === ASKING && abandon(flying, { side, adds: true, bits: gateway.get('bit') })) {
      gateway.set(flying, 'pc', MARK_UNKNOWN);
      refuse(flying, 'its keys are refused, its write past the check');
    }
  }
  // Keys refused, every request older than that dead, and a verification that began after that is clean.
  const isProven =
    gateway.get('refused') === 1 &&
    lateRequests(state).length === 0 &&
    at(state, S) === at(state, T) &&
    !at(state, ROW);
  const mayDeclare = setting.rules.deadProven ? isProven : may(state, 'passBy');
  if (gateway.get('registered') && isAway && !gateway.get('dead') && mayDeclare)
    gateway.go('is declared dead', (next) => gateway.set(next, 'dead', 1), true);
}

function fail(gateway: Gateway): void {
  const { setting, state } = gateway;
  if (may(state, 'silence') && !gateway.get('silent'))
    gateway.go(
      'falls silent, still serving',
      (next) => {
        spend(next, 'silence');
        gateway.set(next, 'silent', 1);
      },
      true,
    );
  if (!may(state, 'crash')) return;
  const die = (next: State, label: string): void => {
    spend(next, 'crash');
    if (gateway.get('pc') !== IDLE && setting.rules.intents) gateway.set(next, 'left', 1);
    gateway.end(next);
    for (const name of ['up', 'seen', 'silent'] as const) gateway.set(next, name, 0);
    gateway.emit(`gateway ${gateway.index + 1}: ${label}`, next, true);
  };
  die(state.slice(), 'crashes');
  const [pc, side] = [gateway.get('pc'), gateway.get('side')];
  const flying = state.slice();
  if (pc === ASKING && abandon(flying, { side, adds: true, bits: gateway.get('bit') }))
    die(flying, 'crashes, its write still on its way');
  if (pc === MIRRORING && abandon(flying, { side: 1 - side, adds: false, bits: gateway.get('image') }))
    die(flying, 'crashes, its mirror still on its way');
}
