/**
 * The state of the fence model. The one key holds a set of writes (one bit each): an application write adds its bit at
 * the authority, a mirror or settle replaces the follower's set. So a lost write is a missing bit, whoever lost it.
 */
import type { SafeguardSet } from '@/lib/domain/safeguards';
import type { State } from './search';

export interface FenceScenario {
  readonly name: string;
  readonly writesMax: number;
  /** The second gateway registers only while the model runs. */
  readonly lateStart?: boolean;
  /** A second driver has taken the step over while the first may still run. */
  readonly twoDrivers?: boolean;
  /** The new authority refuses writes: only the canary can find that out before the release. */
  readonly targetRefuses?: boolean;
  readonly faults?: Partial<Record<FenceFault, number>>;
}
/** Sentences of F1, F2 and E1 without a switch of their own in the product; dropped only here. */
export type FenceSentence =
  /** F2: abort, flip and release are conditional updates of one row. */
  | 'conditionalStep'
  /** F2: the flip is an epoch that is still held. */
  | 'flipHeld'
  /** E1: a gateway registers before it reads the epoch. */
  | 'registerFirst'
  /** F6: no authority changes while a verification is owed. */
  | 'owedVerification'
  /** F6: workers settle nothing until it is known which side is the truth. */
  | 'workersRest'
  /** F1: the remaining rows are settled before the workers are told to stop. */
  | 'settledBeforeStop';
export interface FenceSetting {
  readonly scenario: FenceScenario;
  readonly rules: SafeguardSet;
  readonly dropped: ReadonlySet<FenceSentence>;
}

export const S = 0;
export const T = 1;
export const ACKED = 2;
export const NEXT_WRITE = 3;
export const ROW = 4;
export const HOLD = 5;
export const ROUTE = 6;
export const STEP = 7;
/** What has ever happened, for the invariants. */
export const HAPPENED = 8;
export const TARGET_ACTED = 1;
export const SPLIT = 2;
export const WAS_ABORTED = 4;
export const WAS_RELEASED = 8;
const LATE = 9;
export const BUDGET = {
  failure: 13,
  unknown: 14,
  crash: 15,
  silence: 16,
  workerCrash: 17,
  driverCrash: 18,
  verifierMark: 60,
  bypass: 61,
  copy: 62,
  passBy: 63,
  restore: 64,
} as const;
export type FenceFault = keyof typeof BUDGET;
export const WORKER_PC = 19;
export const WORKER_VALUE = 20;
export const WORKER_SIDE = 21;
export const WORKER_FRESH = 22;
export const WORKER_BEGAN = 23;
export const WORKER_STOPPED = 24;
export const REAPER = 25;
const DRIVER = 26;
export const driverPc = (driver: number): number => DRIVER + driver;
const GATEWAY = 28;
const GATEWAY_FIELDS = 15;
/** A write that bypassed the gateways waits in the stream for its reader, which marks the key. */
export const STREAM_PENDING = 65;
/** The worker copies from the source, as a page of a backfill or a repair does: no row stands for it yet. */
export const WORKER_COPIES = 66;
/** Another Postgres is here, and gateways are asked what they obey (F6). */
export const RECOVERING = 67;
/** Rises when a recovery ends: gateways follow it whatever they have seen. */
export const INCARNATION = 68;
/** A verification is owed. */
export const OWED = 69;
export const BYPASS_BIT = 8;
const FIELDS = [
  ...(['up', 'registered', 'seen', 'disk', 'acked', 'silent', 'left', 'pc', 'image', 'bit', 'side'] as const),
  /** Its keys are refused; somebody declared it dead; the incarnation that it follows; it has said what it obeys. */
  ...(['refused', 'dead', 'incarnation', 'reported'] as const),
] as const;
export type GatewayField = (typeof FIELDS)[number];
const OFFSETS = Object.fromEntries(FIELDS.map((name, index) => [name, index])) as Record<GatewayField, number>;
export const field = (gateway: number, name: GatewayField): number =>
  GATEWAY + gateway * GATEWAY_FIELDS + OFFSETS[name];

/** Routings in the order of their epochs; the last one is what an abort publishes. */
export const SOURCE = 0;
export const HELD_SOURCE = 1;
export const HELD_TARGET = 2;
export const TARGET = 3;
export const SOURCE_AGAIN = 4;
export const ROUTES = ['source', 'held, source', 'held, target', 'target', 'source again'] as const;
export const authorityOf = (route: number): number => (route === HELD_TARGET || route === TARGET ? T : S);
export const isHeld = (route: number): boolean => route === HELD_SOURCE || route === HELD_TARGET;

/** The stored step. */
export const NO_STEP = 0;
export const HOLDING = 1;
export const STOPPING = 2;
export const FLIPPED = 3;
export const RELEASED = 4;
export const ABORTED = 5;
export const stepIsOpen = (step: number): boolean => step >= HOLDING && step <= FLIPPED;

/** A gateway process. */
export const DOWN = 0;
export const STARTING = 1;
export const SERVING = 2;

export const at = (state: State, offset: number): number => state[offset] as number;
export const may = (state: State, fault: FenceFault): boolean => at(state, BUDGET[fault]) > 0;
export const spend = (state: State, fault: FenceFault): void => {
  state[BUDGET[fault]]!--;
};

const SLOTS = [0, 1] as const;
const COVERED = 1;
export interface Request {
  readonly side: number;
  /** Adds its bit; otherwise it replaces the set. */
  readonly adds: boolean;
  readonly bits: number;
}
export const lateRequests = (state: State): { slot: number; request: Request }[] =>
  SLOTS.flatMap((slot) => {
    const code = at(state, LATE + slot * 2) - 1;
    if (code < 0) return [];
    return [{ slot, request: { side: (code >> 5) & 1, adds: (code & 16) !== 0, bits: code & 15 } }];
  });
export function apply(state: State, { side, adds, bits }: Request): void {
  state[side] = adds ? at(state, side) | bits : bits;
}
/** A request whose sender stopped waiting. False when no slot is free. */
export function abandon(state: State, { side, adds, bits }: Request): boolean {
  const slot = SLOTS.find((free) => at(state, LATE + free * 2) === 0);
  if (slot === undefined) return false;
  state[LATE + slot * 2] = 1 + ((side << 5) | (adds ? 16 : 0) | bits);
  state[LATE + slot * 2 + 1] = 0;
  return true;
}
export function dropLate(state: State, slot: number): void {
  if (slot === 0) state.copyWithin(LATE, LATE + 2, LATE + 4);
  state.fill(0, LATE + 2, LATE + 4);
}
/** Delta can pass once every request abandoned before the latest mark has landed or died. */
export const holdMayEnd = (state: State): boolean =>
  lateRequests(state).every(({ slot }) => at(state, LATE + slot * 2 + 1) !== COVERED);

export function mark(setting: FenceSetting, state: State, unknown: boolean): void {
  state[ROW] = 1;
  state[WORKER_FRESH] = 0;
  if (!unknown || !setting.rules.holdUntil) return;
  state[HOLD] = 1;
  for (const { slot } of lateRequests(state)) state[LATE + slot * 2 + 1] = COVERED;
}

export function initialFence(scenario: FenceScenario): State {
  const state = new Uint8Array(OWED + 1);
  for (const fault of Object.keys(BUDGET) as FenceFault[]) state[BUDGET[fault]] = scenario.faults?.[fault] ?? 0;
  for (const gateway of [0, 1]) {
    if (scenario.lateStart && gateway === 1) continue;
    state[field(gateway, 'up')] = SERVING;
    state[field(gateway, 'registered')] = 1;
  }
  return state;
}
