/** Reads that are repeated on the other store: what they find, what they leave alone, and that nobody waits for them. */
import { BatchGetItemCommand, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { without } from '@/lib/domain/safeguards';
import { type GatewayRig, type RigGateway, startGatewayRig } from '@/lib/testing/gateway-rig';
import { waitFor } from '@/lib/testing/wait-for';
import { LIMITS } from './limits';

const S = (text: string) => ({ S: text });
const N = (value: number) => ({ N: String(value) });
const NAME = 'orders';
const THERE = 'orders-there';

describe('shadow reads', () => {
  let rig: GatewayRig;
  let gateway: RigGateway;
  let table: string;
  beforeAll(async () => {
    // The recheck waits for two store time-outs: short ones, or each difference costs seconds.
    rig = await startGatewayRig({ settings: { storeTimeoutMs: 700, holdMsMax: 2_000 } });
    const keys = { partition: { name: 'pk', type: 'S' as const }, sort: { name: 'sk', type: 'N' as const } };
    table = await rig.table(NAME, keys, THERE);
    await rig.database.sql`update plan_table set shadow_milli = 100000, ttl_attribute = 'gone',
      target_probes = '{"sortOrder": true, "consistentRead": true}'`;
    gateway = await rig.gateway('one');
  });
  beforeEach(async () => {
    for (const store of [rig.source, rig.target]) store.running.faults.clear();
    await rig.database.sql`delete from dirty_key`;
    await rig.database.sql`delete from shadow_sample`;
    await begin('verify');
  });
  afterAll(() => rig.stop());

  const key = (pk: string, sk = 1) => ({ pk: S(pk), sk: N(sk) });
  const set = (side: 'source' | 'target', pk: string, more: object = {}, sk = 1) =>
    rig[side].running.engine.run('PutItem', {
      TableName: side === 'source' ? NAME : THERE,
      Item: { ...key(pk, sk), ...more },
    });
  const both = async (pk: string, more: object = {}, sk = 1) => {
    await set('source', pk, more, sk);
    await set('target', pk, more, sk);
  };
  const get = async (pk: string, from = gateway) =>
    (await from.client.send(new GetItemCommand({ TableName: NAME, Key: key(pk) }))).Item;
  const sums = async () => {
    const [row] = await rig.database.sql`select sum(shadow_reads)::int as reads, sum(shadow_compared)::int as compared,
      sum(shadow_skipped)::int as skipped, sum(shadow_dropped)::int as dropped, sum(shadow_expired)::int as expired,
      sum(shadow_errors)::int as errors, sum(shadow_settled)::int as settled, sum(shadow_missing)::int as missing,
      sum(shadow_extra)::int as extra, sum(shadow_different)::int as different, sum(shadow_type)::int as type,
      sum(user_errors)::int as users, max(shadow_source_p50_us) as source, max(shadow_target_p50_us) as target,
      sum(target_errors)::int as target_errors from traffic_sample`;
    return row as Record<string, number>;
  };
  const counted = (want: Record<string, number>) =>
    waitFor(
      async () => {
        const now = await sums();
        return Object.entries(want).every(([name, value]) => now[name] === value) ? now : Promise.reject(now);
      },
      { what: JSON.stringify(want), timeoutMs: 10_000 },
    );
  const samples = () =>
    rig.database.sql<{ key_id: string; class: string; marked: boolean; source_sealed: string | null; seen: number }[]>`
      select key_id, class, marked, source_sealed, seen from shadow_sample order by key_id`;
  /** A stage, the feed read, and counters at zero: every probe has been counted, one way or another. */
  async function begin(stage: 'verify' | 'shift' | 'target_first', share = 0) {
    await rig.stageEverywhere(table, stage, share);
    await both('probe');
    await rig.database.sql`delete from traffic_sample`;
    let probes = 0;
    await waitFor(async () => {
      await get('probe');
      probes += 1;
      return ((await sums()).compared ?? 0) > 0;
    });
    await waitFor(async () => {
      const { reads = 0, skipped = 0, dropped = 0 } = await sums();
      return reads + skipped + dropped >= probes;
    });
    await rig.database.sql`delete from traffic_sample`;
  }

  it('compare single items, pages and batches, and time both sides apart from what users waited for', async () => {
    await both('a', { n: N(1), tags: { SS: ['x', 'y'] } });
    await set('target', 'a', { n: { N: '1.0' }, tags: { SS: ['y', 'x'] } });
    for (const sk of [1, 2, 3]) await both('page', { v: S('same') }, sk);
    await get('a');
    await get('nowhere');
    await gateway.client.send(
      new QueryCommand({
        TableName: NAME,
        KeyConditionExpression: 'pk = :p',
        ExpressionAttributeValues: { ':p': S('page') },
      }),
    );
    await gateway.client.send(
      new BatchGetItemCommand({ RequestItems: { [NAME]: { Keys: [key('a'), key('page', 2), key('nowhere')] } } }),
    );
    const seen = await counted({ reads: 4, compared: 8, settled: 0, missing: 0, different: 0, errors: 0 });
    expect(seen.source).toBeGreaterThan(0);
    expect(seen.target).toBeGreaterThan(0);
    expect(await samples()).toEqual([]);
  });

  it('name what stays different by its class, keep both images sealed, and let workers heal what needs no deletion', async () => {
    await set('source', 'lacking', { secret: S('only-here') });
    await both('other', { v: S('a') });
    await set('target', 'other', { v: S('b') });
    await both('typed', { v: N(1) });
    await set('target', 'typed', { v: S('1') });
    await set('target', 'surplus', { v: S('b') });
    for (const pk of ['lacking', 'other', 'typed', 'surplus']) await get(pk);
    await counted({ compared: 4, missing: 1, different: 1, type: 1, extra: 1 });
    const found = await waitFor(async () => {
      const rows = await samples();
      return rows.length === 4 ? rows : null;
    });
    expect(Object.fromEntries(found.map((row) => [JSON.parse(row.key_id)[0], [row.class, row.marked]]))).toEqual({
      'S#lacking': ['missing', true],
      'S#other': ['different', true],
      'S#surplus': ['extra', false],
      'S#typed': ['type', true],
    });
    const sealed = found.find((row) => row.class === 'missing')?.source_sealed as string;
    expect(sealed).not.toContain('only-here');
    const opened = rig.sealer.open(sealed, 'mismatch');
    expect(opened.ok && JSON.parse(opened.value).secret).toEqual(S('only-here'));
    const dirty = await waitFor(async () => {
      const rows = await rig.dirty(table);
      return rows.length === 3 ? rows : null;
    });
    expect(new Set(dirty.map((row) => row.cause))).toEqual(new Set(['mismatch']));
    // Known to be dirty now: it is left alone, and the surplus item is one mismatch however often it is read.
    for (let n = 0; n < 3; n += 1) await get('surplus');
    await get('lacking');
    await counted({ extra: 1, missing: 1, skipped: 1 });
  });

  it('in target first read the source, and mark nothing there: a person decides', async () => {
    await begin('target_first');
    await set('target', 'reverse', { v: S('new') });
    await set('source', 'reverse', { v: S('old') });
    expect((await get('reverse'))?.v).toEqual(S('new'));
    await counted({ different: 1 });
    const row = await waitFor(async () => (await samples()).find((one) => one.key_id.includes('reverse')));
    expect(row).toMatchObject({ class: 'different', marked: false });
    expect(await rig.dirty(table)).toEqual([]);
  });

  it('call no write on its way a mismatch, and no expired item', async () => {
    await both('late', { v: S('before') });
    await set('source', 'late', { v: S('after') });
    const past = { gone: N(Math.floor(Date.now() / 1_000) - 60) };
    await set('source', 'expired', past);
    await get('late');
    await get('expired');
    await counted({ compared: 2, expired: 1 });
    await set('target', 'late', { v: S('after') });
    await counted({ settled: 1, different: 0, missing: 0 });
    expect((await samples()).filter((one) => /late|expired/.test(one.key_id))).toEqual([]);
  });

  it('without the recheck report a write on its way as a difference', async () => {
    const hasty = await rig.gateway('hasty', { safeguards: without('recheck') });
    await waitFor(async () => {
      await get('probe', hasty);
      return ((await sums()).compared ?? 0) > 0;
    });
    await both('hasty', { v: S('before') });
    await set('source', 'hasty', { v: S('after') });
    await get('hasty', hasty);
    await waitFor(async () => (await samples()).some((one) => one.key_id.includes('hasty')));
    await hasty.close();
  });

  it('fail for themselves alone: a target that is down or slow costs users nothing, and too many reads are dropped', async () => {
    await both('b');
    rig.target.running.faults.add({ kind: 'server_error' });
    expect(await get('b')).toBeDefined();
    await counted({ errors: 1, users: 0, target_errors: 0 });
    rig.target.running.faults.clear();
    // It never answers: whoever waited for it would wait for a time-out.
    rig.target.running.faults.add({ kind: 'freeze' });
    const asked = LIMITS.shadowReadsMax + 20;
    const items = await Promise.all(Array.from({ length: asked }, () => get('b')));
    expect(items.every((item) => item !== undefined)).toBe(true);
    const seen = await waitFor(async () => {
      const now = await sums();
      return (now.reads as number) + (now.dropped as number) === asked + 1 ? now : Promise.reject(now);
    });
    expect(seen.dropped).toBeGreaterThan(0);
    expect(seen).toMatchObject({ users: 0, target_errors: 0, different: 0, missing: 0 });
  });

  it('leave writes alone, and follow the share that is published', async () => {
    await gateway.client.send(new PutItemCommand({ TableName: NAME, Item: key('written') }));
    await rig.database.sql`update plan_table set shadow_milli = 0`;
    await rig.stageEverywhere(table, 'verify');
    const before = await sums();
    for (let n = 0; n < 5; n += 1) await get('probe');
    await waitFor(async () => {
      const [row] = await rig.database.sql`select sum(reads_source)::int as n from traffic_sample where epoch =
        (select epoch from routing where plan_table_id = ${table})`;
      return row?.n === 5;
    });
    expect((await sums()).reads ?? 0).toBe(before.reads ?? 0);
    await rig.database.sql`update plan_table set shadow_milli = 100000`;
  });
});
