/** The items of a type round trip: which there are, and what of one came back otherwise. */
import type { KeySchema, WireItem } from '@/lib/adapters/ports';
import {
  NAME_CASES,
  ROUND_TRIP_GROUPS,
  type RoundTripCase,
  type RoundTripGroup,
  sortKeyCases,
  VALUE_CASES,
} from '@/lib/domain/assessment/round-trip/cases';
import { differenceOf, type RoundTripDifference } from '@/lib/domain/assessment/round-trip/report';
import { attributeOf, ITEM_BYTES_MAX, setAttribute } from '@/lib/domain/item/item';
import { itemBytes } from '@/lib/domain/item/size';
import { scratchKeyWith, sortValue } from './scratch-key';

export interface ProbeAsk {
  key: KeySchema;
  /** Hexadecimal; makes the partitions of this probe its own. */
  random: string;
}

/** Carried by each item with `random` as its value, so that nothing else is ever deleted. */
export const MARK = 'landfall_probe';
/** Partition keys at their longest: 2,048 bytes. */
const PARTITION_BYTES_MAX = 2_048;
const NUMBER_SLACK_BYTES = 16;

/** An item that was meant to be written, with the values that it was to carry, by attribute. */
export interface Probe {
  group: RoundTripGroup;
  key: WireItem;
  item: WireItem;
  cases: Map<string, RoundTripCase>;
}

/** Every key that the probe may write, so that a caller can look whether one is taken before anything is written. */
export function roundTripKeys(ask: ProbeAsk): WireItem[] {
  const probes = probesOf(ask);
  return [...probes, ...probes.flatMap((probe) => aloneOf(ask, probe))].map((probe) => probe.key);
}

/** The same finding for each value of a probe. */
export const allOf = (probe: Probe, found: Pick<RoundTripDifference, 'class' | 'detail'>): RoundTripDifference[] =>
  [...probe.cases.values()].map(({ what }) => ({ group: probe.group, what, ...found }));

/** What differs in an item that came back. */
export function differencesIn(probe: Probe, item: WireItem): RoundTripDifference[] {
  const found: RoundTripDifference[] = [];
  for (const [name, one] of probe.cases) {
    const difference = differenceOf(one, attributeOf(item, name));
    if (difference) found.push({ group: probe.group, what: one.what, ...difference });
  }
  const extra = Object.keys(item).filter((name) => attributeOf(probe.item, name) === undefined);
  if (extra.length === 0) return found;
  return [...found, ...allOf(probe, { class: 'changed', detail: `it came back with ${extra.length} attributes more` })];
}

export function probesOf(ask: ProbeAsk): Probe[] {
  const probes: Probe[] = [];
  for (const [type, cases] of Object.entries(VALUE_CASES))
    probes.push(carrying(ask, { group: type as RoundTripGroup, number: probes.length, cases: named(cases) }));
  const names = NAME_CASES.map((name) => [name, { what: `name ${name.slice(0, 40)}`, value: { S: 'x' } }] as const);
  probes.push(
    carrying(ask, {
      group: 'names',
      number: probes.length,
      cases: new Map(names.filter(([name]) => !isKeyName(ask.key, name))),
    }),
  );
  probes.push(largest(ask, probes.length));
  return [...probes, ...keyProbes(ask, probes.length)];
}

const named = (cases: readonly RoundTripCase[]) => new Map(cases.map((one, at) => [`landfall_case_${at}`, one]));

const isKeyName = ({ partition, sort }: KeySchema, name: string): boolean =>
  partition.name === name || sort?.name === name;

interface Carried {
  group: RoundTripGroup;
  number: number;
  cases: Map<string, RoundTripCase>;
  alone?: number;
}

function carrying(ask: ProbeAsk, { group, number, cases, alone }: Carried): Probe {
  const random = `${ask.random}-${number}${alone === undefined ? '' : `-${alone}`}`;
  const key = scratchKeyWith(ask.key, { random, sort: null });
  const item = marked(key, ask.random);
  for (const [name, { value }] of cases) setAttribute(item, name, value);
  return { group, key, item, cases };
}

function marked(key: WireItem, random: string): WireItem {
  const item: WireItem = { ...key };
  setAttribute(item, MARK, { S: random });
  return item;
}

/** Each value of a probe in an item of its own. */
export function aloneOf(ask: ProbeAsk, probe: Probe): Probe[] {
  if (probe.cases.size < 2) return [];
  const number = ROUND_TRIP_GROUPS.indexOf(probe.group);
  return [...probe.cases].map(([name, one], alone) =>
    carrying(ask, { group: probe.group, number, cases: new Map([[name, one]]), alone }),
  );
}

/** An item of 400 KB as DynamoDB counts it; the size of a number it gives as approximate. */
function largest(ask: ProbeAsk, number: number): Probe {
  const name = 'landfall_case_0';
  const key = scratchKeyWith(ask.key, { random: `${ask.random}-${number}`, sort: null });
  const item = marked(key, ask.random);
  const { partition, sort } = ask.key;
  const slack = partition.type === 'N' || sort?.type === 'N' ? NUMBER_SLACK_BYTES : 0;
  const value = { S: 'x'.repeat(ITEM_BYTES_MAX - itemBytes(item) - name.length - slack) };
  setAttribute(item, name, value);
  return { group: 'size', key, item, cases: new Map([[name, { what: 'an item of 400 KB', value }]]) };
}

/** Keys at the ends of what their types allow; a partition only within the scratch range, a sort value anywhere. */
function keyProbes(ask: ProbeAsk, first: number): Probe[] {
  const { partition, sort } = ask.key;
  const probes: Probe[] = [];
  const add = (group: RoundTripGroup, what: string, of: { sort: WireItem[string] | null; bytes?: number }) => {
    const key = scratchKeyWith(ask.key, { ...of, random: `${ask.random}-${first + probes.length}` });
    const name = group === `key ${partition.type}` && of.sort === null ? partition.name : (sort ?? partition).name;
    const value = attributeOf(key, name)!;
    probes.push({ group, key, item: marked(key, ask.random), cases: new Map([[name, { what, value }]]) });
  };
  const group = `key ${partition.type}` as const;
  add(group, partition.type === 'N' ? 'a partition of 38 digits' : 'a partition in plain letters', { sort: null });
  if (partition.type !== 'N') add(group, 'a partition of 2,048 bytes', { sort: null, bytes: PARTITION_BYTES_MAX });
  if (!sort) return probes;
  for (const { what, value } of sortKeyCases(sort)) add(`key ${sort.type}`, `a sort value: ${what}`, { sort: value });
  add(`key ${sort.type}`, 'a plain sort value', { sort: sortValue(sort, 3) });
  return probes;
}
