/**
 * Faults of a store, scripted. A rule says which requests it meets, how many of them it lets pass first and how many
 * it hits, so that a test (or the demo's switches) gets the same failure at the same request every time.
 */
export const FAULT_KINDS = {
  delay: 'answers after delayMs',
  held: 'applies the request and answers once the rule is removed',
  drop_before: 'ends the connection without applying the request',
  drop_after: 'applies the request and ends the connection without an answer',
  reset: 'resets the connection (RST) without applying the request',
  reset_after: 'applies the request and resets the connection',
  throttle: 'answers 429 with Retry-After (retryAfterS), not applied',
  throttle_dynamodb: "answers DynamoDB's own ThrottlingException (400), not applied",
  server_error: 'answers 500 without applying the request',
  server_error_after: 'applies the request and answers 500',
  garbage: 'applies the request and answers 200 with a body that is no JSON (or with answerBody, of contentType)',
  truncated: 'applies the request and ends the connection in the middle of the body',
  freeze: 'takes the request and never answers; not applied',
  late: 'takes the request, never answers, and applies it delayMs later',
  partial: 'leaves every second entry of a batch unprocessed; over REST: fails it in an answer of 200',
} as const;
export type FaultKind = keyof typeof FAULT_KINDS;

export interface FaultRule {
  kind: FaultKind;
  /** Operations that it meets; all when absent. */
  operations?: string[];
  /** Text that the request body must contain, e.g. a table's or a key's name. */
  bodyIncludes?: string;
  /** Matching requests that pass before it begins. */
  skip?: number;
  /** Requests that it hits; without it, all until removed. */
  times?: number;
  /** Thousandths of a percent of the matching requests that it hits, evenly spread: 20000 is every fifth. All without it. */
  shareMilli?: number;
  delayMs?: number;
  retryAfterS?: number;
  /** Instead of a page of HTML, for `garbage`. */
  answerBody?: string;
  contentType?: string;
}

export interface ActiveFault extends FaultRule {
  id: number;
  met: number;
  hit: number;
}

const RULES_MAX = 100;
const WHOLE_MILLI = 100_000;

/** Evenly spread and the same in every run: a request is hit when the share of those met passes the next whole one. */
function isItsTurn({ shareMilli, met, skip = 0 }: ActiveFault): boolean {
  if (shareMilli === undefined) return true;
  const seen = met - skip;
  return Math.floor((seen * shareMilli) / WHOLE_MILLI) > Math.floor(((seen - 1) * shareMilli) / WHOLE_MILLI);
}

/** What waits for the end of a rule. Beside the rule, so that its listing stays plain data. */
const ends = new WeakMap<ActiveFault, { ended: Promise<void>; end: () => void }>();

/** Resolves when the rule is no longer in force. */
export const whenRemoved = (rule: ActiveFault): Promise<void> => ends.get(rule)?.ended ?? Promise.resolve();

/** The rules in force; the first one that wants a request gets it. */
export class FaultBook {
  readonly #rules: ActiveFault[] = [];
  #nextId = 1;

  add(rule: FaultRule): ActiveFault {
    if (!(rule.kind in FAULT_KINDS)) throw new Error(`There is no fault of the kind ${String(rule.kind)}`);
    const { shareMilli } = rule;
    if (shareMilli !== undefined && !(Number.isInteger(shareMilli) && shareMilli > 0 && shareMilli <= WHOLE_MILLI))
      throw new Error(`shareMilli must be a whole number from 1 to ${WHOLE_MILLI}`);
    if (this.#rules.length >= RULES_MAX) throw new Error(`More than ${RULES_MAX} faults at once`);
    const active = { ...rule, id: this.#nextId, met: 0, hit: 0 };
    this.#nextId += 1;
    let end = (): void => {};
    const ended = new Promise<void>((done) => {
      end = done;
    });
    ends.set(active, { ended, end });
    this.#rules.push(active);
    return active;
  }

  remove(id: number): void {
    const at = this.#rules.findIndex((rule) => rule.id === id);
    if (at >= 0) this.#end(this.#rules.splice(at, 1));
  }

  clear(): void {
    this.#end(this.#rules.splice(0));
  }

  #end(rules: readonly ActiveFault[]): void {
    for (const rule of rules) ends.get(rule)?.end();
  }

  list(): readonly ActiveFault[] {
    return this.#rules;
  }

  /** Counts the request against the rules that it matches and returns the one that hits it. */
  take(operation: string, body: string): ActiveFault | null {
    for (const rule of this.#rules) {
      if (rule.operations && !rule.operations.includes(operation)) continue;
      if (rule.bodyIncludes !== undefined && !body.includes(rule.bodyIncludes)) continue;
      rule.met += 1;
      if (rule.met <= (rule.skip ?? 0) || rule.hit >= (rule.times ?? Number.POSITIVE_INFINITY)) continue;
      if (!isItsTurn(rule)) continue;
      rule.hit += 1;
      return rule;
    }
    return null;
  }
}
