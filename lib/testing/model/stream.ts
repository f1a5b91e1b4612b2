/**
 * The reader of a stream and its lease, on one key: a writer that bypasses the gateways leaves records; a reader looks
 * at both stores for each of them, marks the key where they differ, and moves the checkpoint on once that mark was
 * settled. It may freeze at any step while a successor goes on from the checkpoint, and wake up later. A settle and one
 * late page of a backfill write the target meanwhile; both confirm what they wrote, as everything does.
 */
import type { Emit, Model, State } from './search';

export interface StreamRules {
  /** The mark is committed before the checkpoint that covers its record. */
  markFirst: boolean;
  /** The checkpoint waits until the mark was settled. */
  settleFirst: boolean;
  /** A checkpoint carries the lease's token and is refused after a take-over. */
  fenced: boolean;
  /** A key that is dirty already is marked again: the settle at hand may have read the source before this record. */
  markAgain: boolean;
  /** The stores are looked at after the record was read, never an image that was read before it. */
  lookAfterRecord: boolean;
  /** Every other write to the target is confirmed (P1); without it an equal look proves nothing. */
  confirm: boolean;
}
export const STREAM_RULES: StreamRules = {
  markFirst: true,
  settleFirst: true,
  fenced: true,
  markAgain: true,
  lookAfterRecord: true,
  confirm: true,
};

// One byte a field.
const S = 0;
const T = 1;
const WRITTEN = 2;
const ROW = 3;
const GENERATION = 4;
const SETTLE = 5;
const SETTLE_GENERATION = 6;
const SETTLE_VALUE = 7;
const CHECKPOINT = 8;
const TOKEN = 9;
const BACKFILL = 10;
const BACKFILL_VALUE = 11;
const CHECKPOINT_MAX = 12;
const LOOKED = 13;
const READERS = 14;
const READER_BYTES = 5;
const PHASE = 0;
const AT = 1;
const SEEN_S = 2;
const SEEN_T = 3;
const MARKED = 4;
const BYTES = READERS + 2 * READER_BYTES;

const ENDED = 0;
const IDLE = 1;
const HAS_RECORD = 2;
const SAW_SOURCE = 3;
const SAW_BOTH = 4;
const BOOKED = 5;
/** Marks take generations; enough for every mark of these scenarios. */
const GENERATIONS_MAX = 12;

const change = (state: State, fields: readonly (readonly [number, number])[]): State => {
  const next = state.slice();
  for (const [at, value] of fields) next[at] = value;
  return next;
};

export interface StreamScenario {
  name: string;
  /** What the writer leaves on the source, one after the other; both stores begin at 0. */
  writes: readonly number[];
  hasBackfill: boolean;
}

export function streamModel(scenario: StreamScenario, rules: StreamRules): Model {
  const initial = new Uint8Array(BYTES);
  initial[TOKEN] = 1;
  initial[READERS + PHASE] = IDLE;
  initial[BACKFILL] = scenario.hasBackfill ? 0 : 3;
  return {
    name: scenario.name,
    initial: [initial],
    next: (state, emit) => {
      writer(scenario, state, emit);
      settler(state, emit);
      backfill(rules, state, emit);
      takeOver(state, emit);
      for (const index of [0, 1]) reader(rules, state, index, emit);
    },
    violation: (state, quiescent) => {
      if ((state[CHECKPOINT] as number) < (state[CHECKPOINT_MAX] as number)) return 'the checkpoint went back';
      if (!quiescent || state[S] === state[T]) return null;
      return 'nothing is left to do and the stores differ';
    },
    describe: (state) =>
      `source ${state[S]}, target ${state[T]}, records ${state[WRITTEN]}, checkpoint ${state[CHECKPOINT]}, row ${state[ROW]}`,
  };
}

function writer(scenario: StreamScenario, state: State, emit: Emit): void {
  const written = state[WRITTEN] as number;
  const value = scenario.writes[written];
  if (value !== undefined)
    emit(
      `the writer leaves ${value}`,
      change(state, [
        [S, value],
        [WRITTEN, written + 1],
      ]),
      true,
    );
}

const mark = (state: State): readonly (readonly [number, number])[] => {
  const generation = Math.min(GENERATIONS_MAX, (state[GENERATION] as number) + 1);
  return [
    [GENERATION, generation],
    [ROW, generation],
  ];
};

/** Claims, reads the source, writes the target, confirms; the row goes only with its generation unchanged. */
function settler(state: State, emit: Emit) {
  const row = state[ROW] as number;
  switch (state[SETTLE]) {
    case 0:
      if (row > 0)
        emit(
          'settle: takes the generation',
          change(state, [
            [SETTLE, 1],
            [SETTLE_GENERATION, row],
          ]),
        );
      return;
    case 1:
      return emit(
        'settle: reads the source',
        change(state, [
          [SETTLE, 2],
          [SETTLE_VALUE, state[S] as number],
        ]),
      );
    case 2:
      return emit(
        'settle: writes the target',
        change(state, [
          [SETTLE, 3],
          [T, state[SETTLE_VALUE] as number],
        ]),
      );
    case 3: {
      const isEqual = state[S] === state[SETTLE_VALUE];
      return emit('settle: confirms', change(state, [[SETTLE, isEqual ? 4 : 0]]));
    }
    case 4: {
      const isGone = row === state[SETTLE_GENERATION];
      return emit(
        'settle: lets the row go',
        change(
          state,
          isGone
            ? [
                [SETTLE, 0],
                [ROW, 0],
              ]
            : [[SETTLE, 0]],
        ),
      );
    }
  }
}

function backfill(rules: StreamRules, state: State, emit: Emit) {
  switch (state[BACKFILL]) {
    case 0:
      return emit(
        'backfill: reads',
        change(state, [
          [BACKFILL, 1],
          [BACKFILL_VALUE, state[S] as number],
        ]),
      );
    case 1:
      return emit(
        'backfill: writes',
        change(state, [
          [BACKFILL, 2],
          [T, state[BACKFILL_VALUE] as number],
        ]),
      );
    case 2: {
      const isEqual = state[S] === state[BACKFILL_VALUE] || !rules.confirm;
      return emit('backfill: confirms', change(state, isEqual ? [[BACKFILL, 3]] : [[BACKFILL, 3], ...mark(state)]));
    }
  }
}

/** The lease of the first reader runs out, because it froze or died; nobody can tell which. */
function takeOver(state: State, emit: Emit): void {
  if (state[TOKEN] !== 1) return;
  const second = READERS + READER_BYTES;
  emit(
    'a successor takes the lease',
    change(state, [
      [TOKEN, 2],
      [second + PHASE, IDLE],
      [second + AT, state[CHECKPOINT] as number],
    ]),
    true,
  );
}

const isWaiting = (rules: StreamRules, state: State, marked: number): boolean =>
  rules.settleFirst && marked > 0 && state[ROW] !== 0 && (state[ROW] as number) <= marked;

const checkpointed = (state: State, to: number): readonly (readonly [number, number])[] => [
  [CHECKPOINT, to],
  [CHECKPOINT_MAX, Math.max(state[CHECKPOINT_MAX] as number, to)],
];

function reader(rules: StreamRules, state: State, index: number, emit: Emit) {
  const base = READERS + index * READER_BYTES;
  const at = state[base + AT] as number;
  const token = index + 1;
  // A frozen reader need not go on: it is waited for by nobody.
  const isFrozen = state[TOKEN] !== token;
  const step = (label: string, fields: readonly (readonly [number, number])[]) =>
    emit(`reader ${token}: ${label}`, change(state, fields), isFrozen);
  switch (state[base + PHASE]) {
    case IDLE:
      if (at < (state[WRITTEN] as number)) return hasRecord(rules, state, { base, at }, step);
      // Without the rule it looks while it waits, and holds that image against a record that comes later.
      if (!rules.lookAfterRecord && state[LOOKED] === 0)
        step('looks too early', [
          [LOOKED, 1],
          [base + SEEN_S, state[S] as number],
          [base + SEEN_T, state[T] as number],
        ]);
      return;
    case HAS_RECORD:
      if (!rules.lookAfterRecord && state[LOOKED] === 1) return step('uses the early look', [[base + PHASE, SAW_BOTH]]);
      return step('reads the source', [
        [base + PHASE, SAW_SOURCE],
        [base + SEEN_S, state[S] as number],
      ]);
    case SAW_SOURCE:
      return step('reads the target', [
        [base + PHASE, SAW_BOTH],
        [base + SEEN_T, state[T] as number],
      ]);
    case SAW_BOTH: {
      const isDifferent = state[base + SEEN_S] !== state[base + SEEN_T];
      const isMarked = isDifferent && (rules.markAgain || state[ROW] === 0);
      const marks = isMarked ? mark(state) : [];
      const marked = isMarked ? (marks[0]?.[1] as number) : 0;
      return step(isMarked ? 'marks' : 'has nothing to mark', [
        [base + PHASE, BOOKED],
        [base + MARKED, marked],
        ...marks,
      ]);
    }
    case BOOKED: {
      if (isWaiting(rules, state, state[base + MARKED] as number)) return;
      const next: [number, number][] = [
        [base + PHASE, IDLE],
        [base + AT, at + 1],
        [base + MARKED, 0],
        [base + SEEN_S, 0],
        [base + SEEN_T, 0],
      ];
      if (!rules.markFirst) return step('goes on', next);
      if (rules.fenced && isFrozen) return step('finds its lease lost', [[base + PHASE, ENDED]]);
      return step('moves the checkpoint', [...next, ...checkpointed(state, at + 1)]);
    }
  }
}

function hasRecord(
  rules: StreamRules,
  state: State,
  of: { base: number; at: number },
  step: (label: string, fields: readonly (readonly [number, number])[]) => void,
): void {
  const early = rules.markFirst ? [] : checkpointed(state, Math.max(of.at + 1, state[CHECKPOINT] as number));
  step('reads a record', [[of.base + PHASE, HAS_RECORD], ...early]);
}

export const STREAM_SCENARIOS: readonly StreamScenario[] = [
  { name: 'two writes', writes: [1, 2], hasBackfill: false },
  { name: 'a write and its undoing', writes: [1, 0], hasBackfill: false },
  { name: 'a write beside a late page', writes: [1], hasBackfill: true },
  { name: 'two writes beside a late page', writes: [1, 2], hasBackfill: true },
  { name: 'a write and its undoing beside a late page', writes: [1, 0], hasBackfill: true },
];
