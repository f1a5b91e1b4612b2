/**
 * What a schedule must have kept. The truth is what the authority applied, at one instant each: nothing here believes a
 * gateway, a worker or a row.
 */
import type { Asked } from './application';
import type { Change, SimStore } from './sim-store';

/** One side as it was while its answer was the truth. */
export type Side = Pick<SimStore, 'name' | 'changes' | 'all'>;

export interface History {
  /** Its changes are those of whichever store was the authority at their time. */
  authority: Side;
  follower: Side;
  record: readonly Asked[];
  /** Names of the processes that applications write through. */
  writers: ReadonlySet<string>;
  /** An item past its expiry counts as absent. */
  isExpired(item: object): boolean;
  /** Keys whose difference a schedule does not settle, by the plan's own rules. */
  except: ReadonlyMap<string, unknown>;
  /** Longest time for which a read by another gateway may be behind; null: not judged in this schedule. */
  behindMsMax: number | null;
}

const text = (item: object | null): string => (item === null ? 'nothing' : JSON.stringify(sorted(item)));
const sorted = (item: object) => Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Every problem, in words; none is what is wanted. */
export function judgeHistory(history: History): string[] {
  return [
    ...convergence(history),
    ...acknowledged(history),
    ...strangers(history),
    ...unasked(history),
    ...reads(history),
  ];
}

/** Once writes have stopped and nothing is owed, both sides are equal; an expired item counts as absent. */
export function convergence({
  authority,
  follower,
  isExpired,
  except,
}: Pick<History, 'authority' | 'follower' | 'isExpired' | 'except'>): string[] {
  const problems: string[] = [];
  const truth = authority.all();
  const copy = follower.all();
  for (const key of new Set([...truth.keys(), ...copy.keys()])) {
    if (except.has(key)) continue;
    const item = truth.get(key) ?? null;
    const wanted = item !== null && isExpired(item) ? null : item;
    const there = copy.get(key) ?? null;
    // The source expires its own items, however late.
    const found = there !== null && follower.name === 'source' && isExpired(there) ? null : there;
    if (text(wanted) === text(found)) continue;
    problems.push(`${key}: the ${authority.name} has ${text(wanted)}, the ${follower.name} has ${text(found)}`);
  }
  return problems;
}

/** What was acknowledged was applied by the authority between the question and the answer. */
function acknowledged({ authority, record }: History): string[] {
  const problems: string[] = [];
  for (const asked of record) {
    if (asked.operation === 'GetItem' || asked.outcome !== 'acknowledged' || asked.answeredAtMs === null) continue;
    for (const key of asked.keys) {
      // A batch may leave entries over, and says so; what it took is among the changes.
      if (asked.operation === 'BatchWriteItem') continue;
      const isThere = authority.changes.some((change) => isOf(change, asked, key));
      if (!isThere) problems.push(`${asked.id}: ${asked.operation} of ${key} was acknowledged and never applied`);
    }
  }
  return problems;
}

const isOf = (change: Change, asked: Asked, key: string): boolean =>
  change.key === key &&
  change.by === asked.gateway &&
  change.atMs >= asked.askedAtMs &&
  change.atMs <= (asked.answeredAtMs as number);

/** Nobody but applications, through their gateways, changes the authority. */
const strangers = ({ authority, writers }: History): string[] =>
  authority.changes
    .filter((change) => !writers.has(change.by) && change.by !== 'seed')
    .map((change) => `${change.key}: the ${authority.name} was written by ${change.by}`);

/** Longest time after which a request with an unknown outcome may still be applied: a client's patience and Δ, twice. */
const UNKNOWN_MS_MAX = 12_000;

/**
 * Every change of the authority was asked for by an application at that time. An image that lands late on a side which
 * has become the authority was asked for before, and answered: that is how a flip loses a write.
 */
function unasked({ authority, record, writers }: History): string[] {
  const isAsked = (change: Change) =>
    record.some((asked) => {
      if (asked.operation === 'GetItem' || asked.gateway !== change.by || !asked.keys.includes(change.key))
        return false;
      const isDone = asked.outcome === 'acknowledged' && asked.answeredAtMs !== null;
      const untilMs = isDone ? (asked.answeredAtMs as number) : asked.askedAtMs + UNKNOWN_MS_MAX;
      return asked.askedAtMs <= change.atMs && change.atMs <= untilMs;
    });
  return authority.changes
    .filter((change) => writers.has(change.by) && !isAsked(change))
    .map(
      (change) => `${change.key}: the ${authority.name} was changed at ${Math.round(change.atMs)} by nobody's request`,
    );
}

/** A read is never behind what its own gateway had acknowledged before, nor behind any other by more than the bound. */
function reads(history: History): string[] {
  const problems: string[] = [];
  const writes = history.record.filter((asked) => asked.operation !== 'GetItem' && asked.outcome === 'acknowledged');
  for (const read of history.record) {
    if (read.read === undefined || read.wasCopying) continue;
    const [key] = read.keys as [string];
    const bounds = writes
      .filter((write) => write.keys.includes(key) && isBefore(write, read, history.behindMsMax))
      .flatMap((write) => history.authority.changes.find((change) => isOf(change, write, key)) ?? []);
    if (bounds.length === 0) continue;
    // The earliest instant at which it can have been applied: a read may be of then or of later.
    const fromMs = Math.max(...bounds.map((change) => change.atMs));
    if (!couldRead(history.authority, { key, read, fromMs })) {
      problems.push(`${read.id}: read ${key} as ${read.read ?? 'nothing'}, older than what was acknowledged before`);
    }
  }
  return problems;
}

function isBefore(write: Asked, read: Asked, behindMsMax: number | null): boolean {
  if (write.answeredAtMs === null) return false;
  if (write.gateway === read.gateway) return write.answeredAtMs < read.askedAtMs;
  return behindMsMax !== null && write.answeredAtMs + behindMsMax < read.askedAtMs;
}

/** Whether the authority held what was read at some time from `fromMs` to the answer. */
function couldRead(authority: Side, of: { key: string; read: Asked; fromMs: number }): boolean {
  const changes = authority.changes.filter((change) => change.key === of.key);
  const untilMs = of.read.answeredAtMs as number;
  for (const [at, change] of changes.entries()) {
    if (change.atMs > untilMs) break;
    const endedAtMs = changes[at + 1]?.atMs ?? Number.POSITIVE_INFINITY;
    if (endedAtMs < of.fromMs) continue;
    if (text(change.item) === text(of.read.read == null ? null : (JSON.parse(of.read.read) as object))) return true;
  }
  const isUntouched = changes.length === 0 || (changes[0] as Change).atMs >= of.fromMs;
  return isUntouched && of.read.read === null;
}
