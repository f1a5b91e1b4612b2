import { BATCH_GET_KEYS_MAX, batchGet } from '@/lib/adapters/dynamodb/batch';
import type { Answer } from '@/lib/adapters/dynamodb/call';
import { deleteItem, getItem, putItem } from '@/lib/adapters/dynamodb/items';
import type { KeySchema, StoreWire, WireItem } from '@/lib/adapters/ports';
import type { RoundTripGroup } from '@/lib/domain/assessment/round-trip/cases';
import type { RoundTripDifference, SqlReadBack, TypeRoundTrip } from '@/lib/domain/assessment/round-trip/report';
import { keyId } from '@/lib/domain/item/key';
import { Patience } from './patience';
import { allOf, aloneOf, differencesIn, MARK, type Probe, type ProbeAsk, probesOf } from './round-trip-probes';
import { SCRATCH_PREFIX } from './scratch-key';
import { readBackBySql } from './sql-read-back';
import { sayTrouble } from './trouble';

/**
 * Writes values of every type to a target table and reads them back, and where the connection has SQL once more through
 * that. Each item has a partition of its own in the scratch range, is written only where nothing is, and is deleted only
 * if it carries the mark of this very probe: an item of somebody else's is neither overwritten nor removed, whatever its
 * key. One item carries all values of a group; where the target refuses it, each value is tried in an item of its own,
 * so that the refusal names what it is about.
 */
export interface RoundTripAsk extends ProbeAsk {
  table: string;
  /** Waits; a store that is busy says for how long. */
  rest(ms: number): Promise<void>;
}

const CONDITION = (key: KeySchema) => ({ expression: 'attribute_not_exists(#p)', names: { '#p': key.partition.name } });

export async function roundTrip(wire: StoreWire, ask: RoundTripAsk): Promise<Omit<TypeRoundTrip, 'atMs' | 'by'>> {
  wire.know?.(ask.table, ask.key);
  const act = new RoundTrip(wire, ask);
  let sql: SqlReadBack;
  let left: number;
  try {
    for (const probe of probesOf(ask)) await act.write(probe, aloneOf(ask, probe));
    sql = await readBackBySql(wire, { table: ask.table, probes: await act.compare(), patience: act.patience });
  } finally {
    left = await act.cleanUp();
  }
  const { cases, differences, patience } = act;
  const { requests } = patience;
  return { cases, differences, requests, sql, left, scratch: `${SCRATCH_PREFIX}${ask.random}` };
}

class RoundTrip {
  readonly cases: Partial<Record<RoundTripGroup, number>> = {};
  readonly differences: RoundTripDifference[] = [];
  readonly patience: Patience;
  readonly #sent: Probe[] = [];
  readonly #written: Probe[] = [];

  constructor(
    private readonly wire: StoreWire,
    private readonly ask: RoundTripAsk,
  ) {
    this.patience = new Patience(ask.rest);
  }

  async write(probe: Probe, alone: readonly Probe[]): Promise<void> {
    this.cases[probe.group] = (this.cases[probe.group] ?? 0) + probe.cases.size;
    const answer = await this.#put(probe);
    if (answer.kind === 'ok') return;
    if (answer.kind === 'refused' && !answer.isThrottle && alone.length > 1) {
      for (const one of alone) this.#told(one, await this.#put(one));
      return;
    }
    this.#told(probe, answer);
  }

  #told(probe: Probe, answer: Answer<null>): void {
    if (answer.kind === 'ok') return;
    const isRefused = answer.kind === 'refused' && !answer.isThrottle;
    this.#differ(probe, { class: isRefused ? 'refused' : 'untried', detail: sayTrouble(answer) });
  }

  async #put(probe: Probe): Promise<Answer<null>> {
    this.#sent.push(probe);
    const { table, key } = this.ask;
    const answer = await this.patience.ask(() =>
      putItem(this.wire, { table, item: probe.item }, { condition: CONDITION(key) }),
    );
    if (answer.kind === 'ok') this.#written.push(probe);
    return answer;
  }

  #differ(probe: Probe, found: Pick<RoundTripDifference, 'class' | 'detail'>): void {
    this.differences.push(...allOf(probe, found));
  }

  /** Compares what was written with what is read; returns what came back, as it did or otherwise. */
  async compare(): Promise<Probe[]> {
    const { found, unread } = await this.#read(this.#written);
    const back: Probe[] = [];
    for (const probe of this.#written) {
      const id = this.#idOf(probe);
      const item = found.get(id);
      if (unread.has(id)) this.#differ(probe, { class: 'untried', detail: 'it could not be read back' });
      else if (!item) this.#differ(probe, { class: 'lost', detail: 'the item was not there when it was read back' });
      else {
        this.differences.push(...differencesIn(probe, item));
        back.push(probe);
      }
    }
    return back;
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
      this.patience.requests += result.requests;
      for (const [id, item] of result.found) found.set(id, item);
      for (const id of result.unread.keys()) {
        const key = keys.get(id)!;
        const answer = await this.patience.ask(() => getItem(this.wire, { table, key }));
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
      await this.patience.ask(() => deleteItem(this.wire, { table: this.ask.table, key }, options));
    const { found, unread } = await this.#read(this.#sent);
    return found.size + unread.size;
  }
}
