/**
 * The state of the one-key model: what the stores, the database and every process know. Values are small numbers
 * (0 = no such item), so two states are equal exactly when their bytes are.
 */
import type { SafeguardSet } from '@/lib/domain/safeguards';
import type { State } from './search';

export type OpKind = 'put' | 'delete' | 'increment' | 'incrementReread' | 'putIfAbsent';
export interface Op {
  readonly gateway: 0 | 1;
  readonly kind: OpKind;
  readonly value?: number;
  /** Begun under the epoch before dual write: it leaves neither intent nor mark. */
  readonly sourceOnly?: boolean;
}
/** How often each fault may strike in one run. */
export interface Faults {
  readonly failure?: number;
  readonly unknown?: number;
  readonly gatewayCrash?: number;
  readonly workerCrash?: number;
  readonly leaseLoss?: number;
}
export interface Scenario {
  readonly name: string;
  /** What the source holds at first; the target holds nothing while a backfill is due, else the same. */
  readonly initial: number;
  readonly ops: readonly Op[];
  readonly backfill?: boolean;
  readonly faults?: Faults;
  /** A process may be paused between its lease check and the write it allowed. */
  readonly pauseAfterCheck?: boolean;
  /** Nothing fails and one gateway writes: then no key may ever be marked. */
  readonly noMarks?: boolean;
}
/** Sentences of the protocol without a switch of their own in the product; dropped only here. */
export type Sentence =
  /** W3: the confirm begins after the outcome of the write is known. */
  | 'confirmAfterOutcome'
  /** D2: only a settle that began after holdUntil may remove the row. */
  | 'settleBeganAfterHold'
  /** D4: a mark of a take-over is held until the former holder has ended, then for delta. */
  | 'holdUntilHolderEnded'
  /** D4, F5: what a dead or former holder left open counts as an unknown outcome, not only as dirty. */
  | 'unknownAtTakeOver'
  | 'unknownAtRestart'
  /** C1: the backfill waits for delta after the last acknowledgement, not only for the acknowledgements. */
  | 'deltaBeforeBackfill';
export interface Setting {
  readonly scenario: Scenario;
  readonly rules: SafeguardSet;
  readonly dropped: ReadonlySet<Sentence>;
}

// Offsets. PAST_S is what an eventually consistent read of the source may still return.
export const S = 0;
export const T = 1;
export const PAST_S = 2;
export const ROW = 3;
/** 0 none, 1 until delta after its mark, 2 open until the former holder has ended. */
export const HOLD = 4;
/** 0 nobody, else 1 + the worker that holds the row's claim. */
export const CLAIM = 5;
const LATE = 6;
export const SEGMENT_DONE = 10;
export const SEGMENT_KEYS = 11;
export const SEGMENT_HOLDER = 12;
export const BUDGET = { failure: 13, unknown: 14, gatewayCrash: 15, workerCrash: 16, leaseLoss: 17 } as const;
export type Fault = keyof typeof BUDGET;
const GATEWAY = 18;
const WORKER = 22;
const WRITER = 38;

export const gatewayDown = (gateway: number): number => GATEWAY + gateway * 2;
export const gatewayLeft = (gateway: number): number => GATEWAY + gateway * 2 + 1;
export const workerPc = (worker: number): number => WORKER + worker * 4;
export const workerValue = (worker: number): number => WORKER + worker * 4 + 1;
/** No mark came since this settler took the row's generation. */
export const workerFresh = (worker: number): number => WORKER + worker * 4 + 2;
/** This settler's round began after `holdUntil`. */
export const workerBegan = (worker: number): number => WORKER + worker * 4 + 3;
export const writerPc = (writer: number): number => WRITER + writer * 2;
export const writerImage = (writer: number): number => WRITER + writer * 2 + 1;

/** Two workers a role: the second exists only to take over from the first. */
export const BACKFILL = [0, 1] as const;
export const SETTLE = [2, 3] as const;
export const WORKER_NAMES = ['backfill A', 'backfill B', 'settler A', 'settler B'] as const;

const ADD = 1 << 4;
const IF_ABSENT = 2 << 4;
/** What a request does to a store: an image or absence, an addition, or a put that needs absence. */
export function effectOf(op: Op): number {
  const value = op.value ?? 0;
  if (op.kind === 'increment' || op.kind === 'incrementReread') return ADD | value;
  return op.kind === 'putIfAbsent' ? IF_ABSENT | value : value;
}
export function applied(effect: number, current: number): number {
  const value = effect & 15;
  if (effect & ADD) return (current + value) & 15;
  return effect & IF_ABSENT && current !== 0 ? current : value;
}
export const isExpression = (effect: number): boolean => (effect & ADD) !== 0;
export const imageOf = (effect: number): number => effect & 15;
export const refused = (effect: number, current: number): boolean => (effect & IF_ABSENT) !== 0 && current !== 0;

export const at = (state: State, offset: number): number => state[offset] as number;

export function writeStore(state: State, side: number, effect: number, keepPast: boolean): void {
  if (side === S && keepPast) state[PAST_S] = at(state, S);
  state[side] = applied(effect, at(state, side));
}

const LATE_SLOTS = 2;
/** Tags of an abandoned request: begun before dual write; older than the latest mark with an unknown outcome. */
export const SOURCE_ONLY = 1;
const COVERED = 2;

export const lateCode = (state: State, slot: number): number => at(state, LATE + slot * 2);
export const lateTags = (state: State, slot: number): number => at(state, LATE + slot * 2 + 1);
export const lateSide = (code: number): number => ((code - 1) >> 6) & 1;
export const lateEffect = (code: number): number => (code - 1) & 63;
export const lateSlots = [0, 1] as const;

/** A request whose sender stopped waiting: it lands within delta or never. False when no slot is free. */
export function abandon(state: State, request: { side: number; effect: number; tags?: number }): boolean {
  for (let slot = 0; slot < LATE_SLOTS; slot++) {
    if (lateCode(state, slot) !== 0) continue;
    state[LATE + slot * 2] = 1 + ((request.side << 6) | request.effect);
    state[LATE + slot * 2 + 1] = request.tags ?? 0;
    return true;
  }
  return false;
}
export function dropLate(state: State, slot: number): void {
  const last = LATE_SLOTS - 1;
  // The slots have no order: filling the gap makes states that differ only in it the same.
  for (let at0 = slot; at0 < last; at0++) {
    state[LATE + at0 * 2] = lateCode(state, at0 + 1);
    state[LATE + at0 * 2 + 1] = lateTags(state, at0 + 1);
  }
  state[LATE + last * 2] = 0;
  state[LATE + last * 2 + 1] = 0;
}
export const lateSome = (state: State, tags: number): boolean =>
  lateSlots.some((slot) => lateCode(state, slot) !== 0 && (lateTags(state, slot) & tags) !== 0);
export const lateFull = (state: State): boolean => lateSlots.every((slot) => lateCode(state, slot) !== 0);

/** Whoever marks begins a new generation. `unknown`: 0 no unknown outcome, 1 hold for delta, 2 hold until the holder ended. */
export function mark(setting: Setting, state: State, unknown: 0 | 1 | 2): void {
  state[ROW] = 1;
  for (const worker of SETTLE) state[workerFresh(worker)] = 0;
  if (unknown === 0 || !setting.rules.holdUntil) return;
  const hold = setting.dropped.has('holdUntilHolderEnded') ? 1 : unknown;
  state[HOLD] = Math.max(at(state, HOLD), hold);
  coverLate(state);
}
/** Delta counts from now: every request abandoned before this instant is dead when it has passed. */
export function coverLate(state: State): void {
  for (const slot of lateSlots) if (lateCode(state, slot) !== 0) state[LATE + slot * 2 + 1]! |= COVERED;
}
export const holdMayEnd = (state: State): boolean => !lateSome(state, COVERED);

export function spend(state: State, fault: Fault): void {
  state[BUDGET[fault]]!--;
}
export const may = (state: State, fault: Fault): boolean => at(state, BUDGET[fault]) > 0;

export function initialState(scenario: Scenario): State {
  const state = new Uint8Array(WRITER + scenario.ops.length * 2);
  state[S] = scenario.initial;
  state[PAST_S] = scenario.initial;
  state[T] = scenario.backfill ? 0 : scenario.initial;
  for (const fault of Object.keys(BUDGET) as Fault[]) state[BUDGET[fault]] = scenario.faults?.[fault] ?? 0;
  if (!scenario.backfill) state[SEGMENT_DONE] = 1;
  // A write of the epoch before dual write is on its way when the model begins.
  scenario.ops.forEach((op, writer) => {
    if (op.sourceOnly) state[writerPc(writer)] = 1;
  });
  return state;
}
