/** Mapped attributes in everything that a worker writes and compares. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { markKeys } from '@/db/queries/dirty';
import type { AttributeValue, WireItem } from '@/lib/adapters/ports';
import type { Mapping } from '@/lib/domain/mapping/mapping';
import { type SafeguardSet, without } from '@/lib/domain/safeguards';
import { RIG_SCHEMA, type Rig, type RigTable, startRig } from '@/lib/testing/worker-rig';
import { backfillSegment } from './tasks/backfill-segment';
import { settle } from './tasks/settle';
import { verifySegment } from './tasks/verify-segment';

const MAPPINGS: Mapping[] = [
  { attribute: 'created', kind: 'epoch_seconds' },
  { attribute: 'seen', kind: 'epoch_milliseconds' },
];
/** What stands on each side. */
const PAIRS: [string, AttributeValue, AttributeValue][] = [
  ['plain', { N: '1700000000' }, { S: '2023-11-14T22:13:20Z' }],
  ['early', { N: '-1' }, { S: '1969-12-31T23:59:59Z' }],
  ['fraction', { N: '1700000000.5' }, { N: '1700000000.5' }],
  ['digits', { N: '12345678901234567890123456789012345678' }, { N: '12345678901234567890123456789012345678' }],
  ['text', { S: '2023-11-14T22:13:20Z' }, { S: '2023-11-14T22:13:20.0Z' }],
  ['more', { S: '2023-11-14T22:13:20.0Z' }, { S: '2023-11-14T22:13:20.00Z' }],
  ['none', { NULL: true }, { NULL: true }],
  ['list', { L: [{ N: '1700000000' }] }, { L: [{ N: '1700000000' }] }],
];
const item = (pk: string, created: AttributeValue, more: WireItem = {}): WireItem => ({
  pk: { S: pk },
  created,
  ...more,
});
const idOf = (pk: string) => JSON.stringify([`S#${pk}`]);

describe('mapped attributes', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig();
  });
  afterAll(() => rig.stop());

  async function mapped(): Promise<RigTable> {
    // The recheck waits for two store time-outs.
    const table = await rig.table({ settings: { storeTimeoutMs: 400 } });
    const mappings = rig.database.sql.json(MAPPINGS as never);
    await rig.database.sql`update plan_table set mappings = ${mappings} where id = ${table.planTableId}`;
    return table;
  }
  const there = async (table: RigTable): Promise<Record<string, WireItem>> => {
    const read = (await rig.target.running.engine.run('Scan', { TableName: table.name })) as { Items: WireItem[] };
    return Object.fromEntries(read.Items.map((one) => [String(one.pk?.S), one]));
  };
  async function verified(table: RigTable, safeguards?: SafeguardSet) {
    const { runId, segmentIds } = await table.verification();
    const worker = await table.worker({ safeguards });
    for (const segmentId of segmentIds) await verifySegment(worker, { segmentId });
    return await rig.database.sql<{ key_id: string; class: string }[]>`
      select key_id, class from mismatch where run_id = ${runId} order by key_id`;
  }

  it('have the form of the target after a backfill and a settle, and a verification says so', async () => {
    const table = await mapped();
    for (const [pk, value] of PAIRS) await table.put('source', item(pk, value));
    await table.put('source', { pk: { S: 'bare' }, other: { N: '1700000000' } });
    await table.put('source', item('both', { N: '0' }, { seen: { N: '1700000000123' } }));
    const worker = await table.worker();
    const segmentId = await table.backfill();
    await backfillSegment(worker, { segmentId });
    const copy = await there(table);
    for (const [pk, , value] of PAIRS) expect(copy[pk]).toEqual(item(pk, value));
    expect(copy.bare).toEqual({ pk: { S: 'bare' }, other: { N: '1700000000' } });
    expect(copy.both?.seen).toEqual({ S: '2023-11-14T22:13:20.123Z' });
    expect(await table.dirty()).toEqual([]);
    const [counts] = await rig.database.sql`select items_read::int as read, items_written::int as written,
      items_marked::int as marked, values_left::int as left from segment where id = ${segmentId}`;
    expect(counts).toEqual({ read: 10, written: 10, marked: 0, left: 6 });
    expect(await verified(table)).toEqual([]);

    // What somebody wrote past Landfall in the source's form is a difference, and its repair heals it.
    await table.put('target', item('plain', { N: '1700000000' }));
    await table.put('target', item('text', { S: '2023-11-14T22:13:20Z' }));
    expect(await verified(table)).toEqual([
      { key_id: idOf('plain'), class: 'type' },
      { key_id: idOf('text'), class: 'different' },
    ]);
    const { planTableId } = table;
    await markKeys(rig.database.sql, {
      planTableId,
      schema: RIG_SCHEMA,
      keyIds: ['plain', 'text', 'gone'].map(idOf),
      cause: 'operator',
    });
    await table.converge(worker);
    expect((await there(table)).plain).toEqual(item('plain', { S: '2023-11-14T22:13:20Z' }));
    expect(await verified(table)).toEqual([]);
  });

  it('mappings: a worker that leaves them out is found by one that does not, and the other way round', async () => {
    const table = await mapped();
    await table.put('source', item('a', { N: '1700000000' }));
    await backfillSegment(await table.worker(), { segmentId: await table.backfill() });
    expect(await verified(table, without('mappings'))).toEqual([{ key_id: idOf('a'), class: 'type' }]);
    await backfillSegment(await table.worker({ safeguards: without('mappings') }), {
      segmentId: await table.backfill(),
    });
    expect(await verified(table)).toEqual([{ key_id: idOf('a'), class: 'type' }]);
  });

  it('have the form of the source where that follows', async () => {
    const table = await mapped();
    await rig.database.sql`update routing set writes = 'target_source', authority = 'target', stage = 'target_first'
      where plan_table_id = ${table.planTableId}`;
    for (const [pk, , value] of PAIRS) await table.put('target', item(pk, value));
    const { planTableId } = table;
    const keyIds = PAIRS.map(([pk]) => idOf(pk));
    await markKeys(rig.database.sql, { planTableId, schema: RIG_SCHEMA, keyIds, cause: 'operator' });
    await settle(await table.worker(), { planTableId });
    for (const [pk, value] of PAIRS) {
      const text = JSON.stringify(Object.entries(item(pk, value)).sort(([a], [b]) => (a < b ? -1 : 1)));
      expect((await table.items('source')).get(JSON.stringify([{ S: pk }]))).toBe(text);
    }
  });
});
