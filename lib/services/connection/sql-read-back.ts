import type { Answer } from '@/lib/adapters/dynamodb/call';
import type { StoreWire, WireItem } from '@/lib/adapters/ports';
import { sqlItem, sqlTable, whyNoSql } from '@/lib/adapters/terrascale-rest/sql';
import type { RoundTripDifference, SqlReadBack } from '@/lib/domain/assessment/round-trip/report';
import type { Patience } from './patience';
import { allOf, differencesIn, type Probe } from './round-trip-probes';
import { sayTrouble } from './trouble';

/** What differs is looked at again after these: SQL may see a write later than the API that took it. */
const LOOK_AGAIN_MS = [250, 750, 2_000] as const;

export interface SqlAsk {
  table: string;
  /** Items that the item API gave back. */
  probes: readonly Probe[];
  patience: Patience;
}

/** Reads probe items by SELECT and compares them by type and value, where the connection has SQL. */
export async function readBackBySql(wire: StoreWire, { table, probes, patience }: SqlAsk): Promise<SqlReadBack> {
  if (wire.target.kind !== 'terrascale_rest')
    return {
      state: 'not_offered',
      why: 'the connection speaks DynamoDB’s protocol; SQL stands beside the REST API and wants its bearer key',
    };
  const name = await patience.ask(() => sqlTable(wire, table));
  if (name.kind !== 'ok') return { state: 'not_offered', why: whyNoSql(name) ?? `its tables: ${sayTrouble(name)}` };
  const from = name.value;
  if (from === null)
    return { state: 'not_offered', why: 'it lists no table that is named plainly and is the only one' };
  const look = ({ key }: Probe) => patience.ask(() => sqlItem(wire, { table, sqlTable: from, key }));
  const [first] = probes;
  const refused = first && (await look(first));
  const why = refused && refused.kind !== 'ok' ? whyNoSql(refused) : null;
  if (why !== null) return { state: 'not_offered', why };
  const found = new Map<Probe, RoundTripDifference[]>();
  let left = [...probes];
  for (const restMs of [0, ...LOOK_AGAIN_MS]) {
    if (left.length === 0) break;
    if (restMs > 0) await patience.rest(restMs);
    for (const probe of left) found.set(probe, differencesBySql(probe, await look(probe)));
    left = left.filter((probe) => (found.get(probe)?.length ?? 0) > 0);
  }
  const values = probes.reduce((sum, probe) => sum + probe.cases.size, 0);
  return { state: 'read', items: probes.length, values, differences: [...found.values()].flat() };
}

function differencesBySql(probe: Probe, answer: Answer<WireItem | null>): RoundTripDifference[] {
  if (answer.kind !== 'ok') return allOf(probe, { class: 'untried', detail: sayTrouble(answer) });
  if (answer.value === null) return allOf(probe, { class: 'lost', detail: 'SELECT by its key gave no row' });
  return differencesIn(probe, answer.value);
}
