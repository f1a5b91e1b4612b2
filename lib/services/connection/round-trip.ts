import { BATCH_GET_KEYS_MAX, batchGet } from '@/lib/adapters/dynamodb/batch';
import type { Answer } from '@/lib/adapters/dynamodb/call';
import { deleteItem, getItem, putItem } from '@/lib/adapters/dynamodb/items';
import type { KeySchema, StoreWire, WireItem } from '@/lib/adapters/ports';
import {
  NAME_CASES,
  ROUND_TRIP_GROUPS,
  type RoundTripCase,
  type RoundTripGroup,
  sortKeyCases,
  VALUE_CASES,
} from '@/lib/domain/assessment/round-trip/cases';
import { differenceOf, type RoundTripDifference, type TypeRoundTrip } from '@/lib/domain/assessment/round-trip/report';
import { attributeOf, ITEM_BYTES_MAX, setAttribute } from '@/lib/domain/item/item';
import { keyId } from '@/lib/domain/item/key';
import { itemBytes } from '@/lib/domain/item/size';
import { SCRATCH_PREFIX, scratchKeyWith, sortValue } from './scratch-key';
import { sayTrouble } from './trouble';

/**
 * Writes values of every type to a target table and reads them back. Each item has a partition of its own in the scratch
 * range, is written only where nothing is, and is deleted only if it carries the mark of this very probe: an item of
 * somebody else's is neither overwritten nor removed, whatever its key. One item carries all values of a group; where
 * the target refuses it, each value is tried in an item of its own, so that the refusal names what it is about.
 */
export interface RoundTripAsk {
  table: string;
  key: KeySchema;
  /** Hexadecimal; makes the partitions of this probe its own. */
  random: string;
  /** Waits; a store that is busy says for how long. */
  rest(ms: number): Promise<void>;
}

const MARK = 'landfall_probe';
const TRIES_MAX = 4;
const REST_MS_MAX = 5_000;
const REST_MS = 200;
/** Partition keys at their longest: 2,048 bytes. */
const PARTITION_BYTES_MAX = 2_048;
const NUMBER_SLACK_BYTES = 16;
const CONDITION = (key: KeySchema) => ({ expression: 'attribute_not_exists(#p)', names: { '#p': key.partition.name } });

/** An item that was meant to be written, with the values that it was to carry, by attribute. */
interface Probe {
  group: RoundTripGroup;
  key: WireItem;
  item: WireItem;
  cases: Map<string, RoundTripCase>;
}

/** Every key that the probe may write, so that a caller can look whether one is taken before anything is written. */
export function roundTripKeys(ask: Pick<RoundTripAsk, 'key' | 'random'>): WireItem[] {
  const probes = probesOf(ask);
  return [...probes, ...probes.flatMap((probe) => aloneOf(ask, probe))].map((probe) => probe.key);
}

export async function roundTrip(wire: StoreWire, ask: RoundTripAsk): Promise<Omit<TypeRoundTrip, 'atMs' | 'by'>> {
  wire.know?.(ask.table, ask.key);
  const act = new RoundTrip(wire, ask);
  let left: number;
  try {
    for (const probe of probesOf(ask)) await act.write(probe, aloneOf(ask, probe));
    await act.compare();
  } finally {
    left = await act.cleanUp();
  }
  const { cases, differences, requests } = act;
  return { cases, differences, requests, left, scratch: `${SCRATCH_PREFIX}${ask.random}` };
}

class RoundTrip {
  readonly cases: Partial<Record<RoundTripGroup, number>> = {};
  readonly differences: RoundTripDifference[] = [];
  requests = 0;
  readonly #sent: Probe[] = [];
  readonly #written: Probe[] = [];

  constructor(
    private readonly wire: StoreWire,
    private readonly ask: RoundTripAsk,
  ) {}

  async write(probe: Probe, alone: readonly Probe[]): Promise<void> {
    this.cases[probe.group] = (this.cases[probe.group] ?? 0) + probe.cases.size;
    const answer = await this.#put(probe);
    if (answer.kind === 'ok') return;
    if (answer.kind === 'refused' && !answer.isThrottle && alone.length > 1) {
      for (const one of alone) await this.#told(one, await this.#put(one));
      return;
    }
    await this.#told(probe, answer);
  }

  async #told(probe: Probe, answer: Answer<null>): Promise<void> {
    if (answer.kind === 'ok') return;
    const isRefused = answer.kind === 'refused' && !answer.isThrottle;
    this.#differ(probe, { class: isRefused ? 'refused' : 'untried', detail: sayTrouble(answer) });
  }

  async #put(probe: Probe): Promise<Answer<null>> {
    this.#sent.push(probe);
    const { table, key } = this.ask;
    const answer = await this.#patient(() =>
      putItem(this.wire, { table, item: probe.item }, { condition: CONDITION(key) }),
    );
    if (answer.kind === 'ok') this.#written.push(probe);
    return answer;
  }

  /** Asks again where the store asked for patience; nothing else is repeated. */
  async #patient<T>(send: () => Promise<Answer<T>>): Promise<Answer<T>> {
    for (let attempt = 1; ; attempt += 1) {
      this.requests += 1;
      const answer = await send();
      if (answer.kind !== 'refused' || !answer.isThrottle || attempt === TRIES_MAX) return answer;
      await this.ask.rest(Math.min(answer.retryAfterMs ?? REST_MS, REST_MS_MAX));
    }
  }

  #differ(probe: Probe, found: Pick<RoundTripDifference, 'class' | 'detail'>): void {
    for (const { what } of probe.cases.values()) this.differences.push({ group: probe.group, what, ...found });
  }

  async compare(): Promise<void> {
    const { found, unread } = await this.#read(this.#written);
    for (const probe of this.#written) {
      const id = this.#idOf(probe);
      const item = found.get(id);
      if (unread.has(id)) this.#differ(probe, { class: 'untried', detail: 'it could not be read back' });
      else if (!item) this.#differ(probe, { class: 'lost', detail: 'the item was not there when it was read back' });
      else this.#compareItem(probe, item);
    }
  }

  #compareItem(probe: Probe, item: WireItem): void {
    for (const [name, one] of probe.cases) {
      const difference = differenceOf(one, attributeOf(item, name));
      if (difference) this.differences.push({ group: probe.group, what: one.what, ...difference });
    }
    const extra = Object.keys(item).filter((name) => attributeOf(probe.item, name) === undefined);
    if (extra.length > 0)
      this.#differ(probe, { class: 'changed', detail: `it came back with ${extra.length} attributes more` });
  }

  /** Read at once, and singly where that does not say: one key that comes back otherwise must not hide the others. */
  async #read(probes: readonly Probe[]) {
    const { table, key: schema } = this.ask;
    const keys = new Map(probes.map((probe) => [this.#idOf(probe), probe.key]));
    const found = new Map<string, WireItem>();
    const unread = new Set<string>();
    if (keys.size === 0) return { found, unread };
    const all = [...keys];
    for (let at = 0; at < all.length; at += BATCH_GET_KEYS_MAX) {
      const some = all.slice(at, at + BATCH_GET_KEYS_MAX).map(([, key]) => key);
      const result = await batchGet(this.wire, { table, schema, keys: some });
      this.requests += result.requests;
      for (const [id, item] of result.found) found.set(id, item);
      for (const id of result.unread.keys()) {
        const key = keys.get(id)!;
        const answer = await this.#patient(() => getItem(this.wire, { table, key }));
        if (answer.kind !== 'ok') unread.add(id);
        else if (answer.value) found.set(id, answer.value);
      }
    }
    return { found, unread };
  }

  #idOf({ key }: Probe): string {
    const id = keyId(key, this.ask.key);
    if (!id.ok) throw new Error(`invariant: a scratch key has the key of its table (${id.error.reason})`);
    return id.value;
  }

  /** Deletes what was sent, known to be written or not, and reads it as gone; the number that may still be there. */
  async cleanUp(): Promise<number> {
    const condition = {
      expression: '#m = :m',
      names: { '#m': MARK },
      values: { ':m': { S: this.ask.random } },
    };
    // The REST API takes no condition on a delete; its keys are of this probe alone all the same.
    const options = this.wire.target.kind !== 'terrascale_rest' ? { condition } : {};
    for (const { key } of this.#sent)
      await this.#patient(() => deleteItem(this.wire, { table: this.ask.table, key }, options));
    const { found, unread } = await this.#read(this.#sent);
    return found.size + unread.size;
  }
}

function probesOf(ask: Pick<RoundTripAsk, 'key' | 'random'>): Probe[] {
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

function carrying(ask: Pick<RoundTripAsk, 'key' | 'random'>, { group, number, cases, alone }: Carried): Probe {
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
function aloneOf(ask: Pick<RoundTripAsk, 'key' | 'random'>, probe: Probe): Probe[] {
  if (probe.cases.size < 2) return [];
  const number = ROUND_TRIP_GROUPS.indexOf(probe.group);
  return [...probe.cases].map(([name, one], alone) =>
    carrying(ask, { group: probe.group, number, cases: new Map([[name, one]]), alone }),
  );
}

/** An item of 400 KB as DynamoDB counts it; the size of a number it gives as approximate. */
function largest(ask: Pick<RoundTripAsk, 'key' | 'random'>, number: number): Probe {
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
function keyProbes(ask: Pick<RoundTripAsk, 'key' | 'random'>, first: number): Probe[] {
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
