import { equalValue } from '../../item/compare';
import { canonicalNumber } from '../../item/decimal';
import type { AttributeValue } from '../../item/item';
import { formatCount } from '../../units';
import type { CheckResult } from '../checks';
import type { RoundTripCase, RoundTripGroup } from './cases';

/**
 * `refused`: the target would not take it; `lost`: it took it and gave nothing back; `changed`: another value came back;
 * `spelling`: the same number, spelt as DynamoDB would not; `untried`: nobody knows.
 */
export type RoundTripClass = 'refused' | 'lost' | 'changed' | 'spelling' | 'untried';

export interface RoundTripDifference {
  group: RoundTripGroup;
  what: string;
  class: RoundTripClass;
  /** What was written and what came back. The values are ours, never an application's. */
  detail: string;
}

/**
 * Whether SQL shows the same items. The reference offers SQL for exploration: what differs there is named and gates
 * nothing. `differences` are those of items that the item API gave back too.
 */
export type SqlReadBack =
  | { state: 'not_offered'; why: string }
  | { state: 'read'; items: number; values: number; differences: RoundTripDifference[] };

export interface TypeRoundTrip {
  atMs: number;
  by: string;
  /** How many cases of each group were written; groups that the table cannot have are missing. */
  cases: Partial<Record<RoundTripGroup, number>>;
  differences: RoundTripDifference[];
  requests: number;
  /** Missing where it was tried before SQL was looked at. */
  sql?: SqlReadBack;
  /** Probe items that may still be there, and the beginning of their partition keys. */
  left: number;
  scratch: string;
}

const DETAIL_CHARS_MAX = 160;
const NAMED_MAX = 3;

/** What became of one value, or null where it came back as it was. */
export function differenceOf(
  written: RoundTripCase,
  read: AttributeValue | undefined,
): Pick<RoundTripDifference, 'class' | 'detail'> | null {
  if (read === undefined) return { class: 'lost', detail: `${sayValue(written.value)} was not among what came back` };
  const detail = `${sayValue(written.value)} came back as ${sayValue(read)}`;
  if (!equalValue(written.value, read)) return { class: 'changed', detail };
  const text = written.value.N;
  if (typeof text !== 'string' || canonicalNumber(text) === read.N) return null;
  return { class: 'spelling', detail: `${detail}; DynamoDB says ${clip(canonicalNumber(text) ?? text)}` };
}

const clip = (text: string): string =>
  text.length <= DETAIL_CHARS_MAX
    ? text
    : `${text.slice(0, DETAIL_CHARS_MAX)}… (${formatCount(text.length)} characters)`;

const sayValue = (value: AttributeValue): string => clip(JSON.stringify(value));

/** The round trip as a check of the assessment: refusals, losses and changes fail it. */
export function roundTripCheck(trip: TypeRoundTrip | null): Omit<CheckResult, 'check'> {
  if (trip === null)
    return {
      state: 'warned',
      sentence: 'No value of each type was written to the target and read back yet.',
      fix: 'Run the type round trip below; it writes probe items to the target and deletes them.',
      observed: 'not tried',
    };
  const tried = Object.values(trip.cases).reduce((sum, count) => sum + count, 0);
  const observed = `${formatCount(tried)} values in ${Object.keys(trip.cases).length} groups, ${trip.differences.length} differences`;
  const of = (...classes: RoundTripClass[]) => trip.differences.filter((one) => classes.includes(one.class));
  const bad = of('refused', 'lost', 'changed');
  if (bad.length > 0)
    return {
      state: 'failed',
      sentence: 'The target does not keep every value that an item of DynamoDB may hold.',
      fix: `Look whether the table has such values; what cannot be written is set aside by name. ${sayNames(bad)}`,
      observed,
    };
  if (of('untried').length > 0)
    return {
      state: 'unknown',
      sentence: 'Not every value could be written to the target and read back.',
      fix: 'Run the type round trip again.',
      observed,
    };
  const spelt = of('spelling');
  if (spelt.length > 0)
    return {
      state: 'warned',
      sentence: 'The target keeps every value, but spells some numbers otherwise than DynamoDB.',
      fix: `An application that compares numbers as text will notice. ${sayNames(spelt)}`,
      observed,
    };
  return {
    state: 'passed',
    sentence: 'Every value of each type came back from the target as it was.',
    fix: '',
    observed,
  };
}

function sayNames(list: readonly RoundTripDifference[]): string {
  const named = list.slice(0, NAMED_MAX).map((one) => `${one.group}: ${one.what} (${one.class})`);
  const more = list.length - named.length;
  return `${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}.`;
}
