/**
 * What a gateway counts of itself, as plain numbers that only rise; `/metrics` reads them when it is asked. What
 * applications were answered stands apart from what stores were asked: one write is one request and several attempts.
 */
import type { WireOutcome } from '@/lib/adapters/ports';
import type { GatewayAnswer } from '../pipeline/answer';

/** Names that may stand in a label; whatever else is asked for counts as `other`, so that labels are bounded. */
const OPERATIONS = new Set([
  ...['PutItem', 'UpdateItem', 'DeleteItem', 'GetItem', 'Query', 'Scan'],
  ...['BatchWriteItem', 'BatchGetItem', 'TransactWriteItems', 'TransactGetItems'],
  ...['ExecuteStatement', 'BatchExecuteStatement', 'ExecuteTransaction', 'ListTables', 'DescribeTable'],
]);
export const labelOf = (operation: string): string => (OPERATIONS.has(operation) ? operation : 'other');

/** Upper bounds in seconds. */
export const LATENCY_BOUNDS_S = [
  0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
] as const;

export class Latency {
  /** Per bound, not cumulative; the last one is beyond all bounds. */
  readonly counts = new Float64Array(LATENCY_BOUNDS_S.length + 1);
  sumS = 0;

  add(ms: number): void {
    const s = ms / 1_000;
    let at = 0;
    while (at < LATENCY_BOUNDS_S.length && s > (LATENCY_BOUNDS_S[at] as number)) at += 1;
    this.counts[at] = (this.counts[at] as number) + 1;
    this.sumS += s;
  }
}

export type Answered = 'ok' | 'refused' | 'throttled' | 'failed';
export type Attempted = 'ok' | 'refused' | 'throttled' | Extract<WireOutcome, { kind: 'unknown' }>['cause'];

/** Counts by outcome, and the time of all of them. */
export class Tally<Outcome extends string> {
  readonly counts = new Map<Outcome, number>();
  readonly latency = new Latency();

  add(outcome: Outcome, ms: number): void {
    this.counts.set(outcome, (this.counts.get(outcome) ?? 0) + 1);
    this.latency.add(ms);
  }
}

export class Counters {
  /** By operation. */
  readonly requests = new Map<string, Tally<Answered>>();
  /** By store (`source`, or the id of a target connection) and operation. */
  readonly attempts = new Map<string, Map<string, Tally<Attempted>>>();
  /** Requests that were refused at the door, by what was wrong. */
  readonly denied = new Map<string, number>();
  /** Reads that were sent once more because their connection was lost. */
  repeatedReads = 0;

  /** Counts what the request was answered, and how long that took. */
  async counted(operation: string, run: () => Promise<GatewayAnswer>): Promise<GatewayAnswer> {
    const startedAt = performance.now();
    const answer = await run();
    this.answered(operation, answer, performance.now() - startedAt);
    return answer;
  }

  answered(operation: string, answer: GatewayAnswer, ms: number): void {
    const label = labelOf(operation);
    let tally = this.requests.get(label);
    if (tally === undefined) {
      tally = new Tally();
      this.requests.set(label, tally);
    }
    tally.add(answeredAs(answer), ms);
  }

  attempted(store: string, operation: string, of: { outcome: WireOutcome; ms: number }): void {
    const label = labelOf(operation);
    let byOperation = this.attempts.get(store);
    if (byOperation === undefined) {
      byOperation = new Map();
      this.attempts.set(store, byOperation);
    }
    let tally = byOperation.get(label);
    if (tally === undefined) {
      tally = new Tally();
      byOperation.set(label, tally);
    }
    tally.add(attemptedAs(of.outcome), of.ms);
  }

  denial(fault: string): void {
    this.denied.set(fault, (this.denied.get(fault) ?? 0) + 1);
  }
}

const THROTTLES = ['ThrottlingException', 'ProvisionedThroughputExceededException', 'RequestLimitExceeded'];

/** The type stands in the first bytes of an error; bodies of refusals alone are looked at. */
function answeredAs({ status, body }: GatewayAnswer): Answered {
  if (status < 400) return 'ok';
  if (status >= 500) return 'failed';
  const head = body.toString('latin1', 0, 200);
  return status === 429 || THROTTLES.some((name) => head.includes(name)) ? 'throttled' : 'refused';
}

function attemptedAs(outcome: WireOutcome): Attempted {
  if (outcome.kind === 'ok') return 'ok';
  if (outcome.kind === 'unknown') return outcome.cause;
  return outcome.status === 429 || THROTTLES.includes(outcome.errorType) ? 'throttled' : 'refused';
}
