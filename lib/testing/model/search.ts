/**
 * An explicit-state search: every interleaving of a small model, breadth first, so that the first violation found has
 * a shortest trace. A state is a handful of bytes; two states with the same bytes are the same state.
 */
export type State = Uint8Array;

/**
 * Reports one step that may happen next. `chosen` marks steps that nobody has to take (an application begins a write,
 * a fault strikes): a state in which only such steps are left is quiescent, and there both sides must be equal.
 */
export type Emit = (label: string, next: State, chosen?: boolean) => void;

export interface Model {
  readonly name: string;
  readonly initial: readonly State[];
  next(state: State, emit: Emit): void;
  /** What is wrong in this state, or null. */
  violation(state: State, quiescent: boolean): string | null;
  describe(state: State): string;
}

export interface Violation {
  readonly what: string;
  /** One line a step, first to last. */
  readonly trace: readonly string[];
  readonly end: string;
}

export interface Verdict {
  readonly model: string;
  readonly states: number;
  readonly transitions: number;
  readonly ms: number;
  /** False when the bound on states ended the search: then the absence of a violation proves nothing. */
  readonly complete: boolean;
  readonly violation: Violation | null;
}

export const STATES_MAX = 3_000_000;

const keyOf = (state: State): string => Buffer.from(state.buffer, state.byteOffset, state.length).toString('latin1');
const stateOf = (key: string): State => Uint8Array.from(Buffer.from(key, 'latin1'));

/** Visits every reachable state once and stops at the first violation. */
export function search(model: Model, statesMax = STATES_MAX): Verdict {
  const startedMs = performance.now();
  const seen = new Set<string>();
  const keys: string[] = [];
  const parents: number[] = [];
  let transitions = 0;
  let parent = -1;
  let forced = false;
  const visit = (state: State): void => {
    const key = keyOf(state);
    if (seen.has(key)) return;
    seen.add(key);
    keys.push(key);
    parents.push(parent);
  };
  const emit: Emit = (_label, next, chosen = false) => {
    transitions++;
    if (!chosen) forced = true;
    visit(next);
  };
  const verdict = (complete: boolean, violation: Violation | null): Verdict => ({
    model: model.name,
    states: keys.length,
    transitions,
    ms: Math.round(performance.now() - startedMs),
    complete,
    violation,
  });
  for (const state of model.initial) visit(state);
  for (let index = 0; index < keys.length; index++) {
    if (keys.length > statesMax) return verdict(false, null);
    const state = stateOf(keys[index] as string);
    parent = index;
    forced = false;
    model.next(state, emit);
    const what = model.violation(state, !forced);
    if (what) return verdict(false, { what, trace: traceTo(model, keys, parents, index), end: model.describe(state) });
  }
  return verdict(true, null);
}

/** Labels are not kept while searching; the few of the trace are found again by taking its steps once more. */
function traceTo(model: Model, keys: readonly string[], parents: readonly number[], end: number): string[] {
  const trace: string[] = [];
  for (let index = end; (parents[index] as number) >= 0; index = parents[index] as number) {
    const wanted = keys[index] as string;
    let found = '';
    model.next(stateOf(keys[parents[index] as number] as string), (label, next) => {
      if (!found && keyOf(next) === wanted) found = label;
    });
    trace.unshift(found);
  }
  return trace;
}

/** A trace as a person reads it: numbered steps, then the state it ends in. */
export function render(violation: Violation): string {
  const steps = violation.trace.map((label, index) => `  ${String(index + 1).padStart(2)}. ${label}`);
  return [violation.what, ...steps, `  => ${violation.end}`].join('\n');
}
