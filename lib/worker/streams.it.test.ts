import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkpointShard, takeShards } from '@/db/queries/stream';
import { without } from '@/lib/domain/safeguards';
import { waitFor } from '@/lib/testing/wait-for';
import { type Rig, type RigTable, type RigWorkerOptions, startRig } from '@/lib/testing/worker-rig';
import type { WorkerContext } from './context';
import { StreamReaders } from './streams/readers';
import { settle } from './tasks/settle';

const QUICK = { streamPollMs: 20, streamListMs: 50, streamLeaseMs: 2_000 };

describe('the stream of a table, read beside the gateways', () => {
  let rig: Rig;
  let table: RigTable;
  const running: { stop(): Promise<void> }[] = [];

  beforeAll(async () => {
    rig = await startRig();
  });
  afterAll(async () => {
    await rig.stop();
  });
  beforeEach(async () => {
    table = await rig.table({ settings: { storeTimeoutMs: 400, recheckDelayMs: 50 } });
    await rig.database.sql`update plan_table set live_channel = 'gateway_stream',
      barrier_passed_at = now() - interval '1 hour' where id = ${table.planTableId}`;
    return async () => {
      for (const one of running.splice(0)) await one.stop();
      await rig.database.sql`update plan_table set live_channel = 'gateway' where id = ${table.planTableId}`;
    };
  });

  const tree = () => rig.source.running.engine.streams.of(table.name);
  /** What the application's writer does that knows no gateway. */
  const bypass = (pk: string, value: string) =>
    rig.source.running.engine.run('PutItem', { TableName: table.name, Item: { pk: { S: pk }, v: { S: value } } });
  /** What a gateway leaves: the same item on both stores, the source's first. */
  const through = async (pk: string, value: string) => {
    await bypass(pk, value);
    await table.put('target', { pk: { S: pk }, v: { S: value } });
  };
  const start = async (options: RigWorkerOptions = {}) => {
    const stopping = new AbortController();
    const made = await table.worker({ ...options, limits: { ...QUICK, ...options.limits } });
    const context: WorkerContext = { ...made, stopping: stopping.signal };
    const readers = new StreamReaders(context);
    const loop = (async () => {
      while (!stopping.signal.aborted) {
        await readers.round();
        await waitFor(() => true, { what: 'the next round' });
        await new Promise<void>((done) => setImmediate(done));
      }
    })();
    const stop = async () => {
      stopping.abort();
      await loop;
      await readers.ended();
    };
    running.push({ stop });
    return { context, stop };
  };
  const stream = async () => {
    const [row] = await rig.database.sql`select s.*, records::int as records, keys_marked::int as marked,
      beside_gateway::int as beside, s.expiries::int as expiries from table_stream s where plan_table_id = ${table.planTableId}`;
    return row as Record<string, never> & {
      state: string;
      marked: number;
      beside: number;
      expiries: number;
      fault: string;
    };
  };
  const shards = async () => [
    ...(await rig.database.sql<
      { shard_id: string; state: string; checkpoint: string | null; parent_id: string | null }[]
    >`
      select shard_id, state, checkpoint, parent_id from stream_shard where plan_table_id = ${table.planTableId} order by shard_id`),
  ];
  const isOpen = () => waitFor(async () => (await stream())?.state === 'open', { what: 'the position of the stream' });
  const isRead = (records: number) =>
    waitFor(
      async () =>
        (
          await rig.database.sql`select sum(records)::int as n from stream_shard
      where plan_table_id = ${table.planTableId}`
        )[0]?.n === records,
      { what: `${records} records settled` },
    );

  it('turns a stream on where there is none, and uses one of any view where there is', async () => {
    await start();
    await isOpen();
    expect(await stream()).toMatchObject({ view: 'KEYS_ONLY', enabled_by_landfall: true });
    const other = await rig.table();
    await rig.source.running.engine.run('UpdateTable', {
      TableName: other.name,
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'OLD_IMAGE' },
    });
    await rig.database.sql`update plan_table set live_channel = 'gateway_stream' where id = ${other.planTableId}`;
    const row = await waitFor(
      async () =>
        (
          await rig.database.sql`select view, enabled_by_landfall from table_stream
          where plan_table_id = ${other.planTableId} and state = 'open'`
        )[0],
      { what: 'the position of the other stream' },
    );
    expect(row).toEqual({ view: 'OLD_IMAGE', enabled_by_landfall: false });
    await rig.database.sql`update plan_table set live_channel = 'gateway' where id = ${other.planTableId}`;
  });

  it('settles what was written beside the gateways, counts it, and leaves what came through them alone', async () => {
    const { context } = await start();
    await isOpen();
    await waitFor(async () => (await shards()).length > 0, { what: 'a shard' });
    await through('gateway', 'same');
    await bypass('rogue', 'only here');
    // Times of records are whole seconds: only what is surely in dual write is said to have gone beside it.
    await waitFor(
      async () => {
        await settle(context, { planTableId: table.planTableId });
        return (await table.divergent()).length === 0;
      },
      { what: 'both stores to be equal' },
    );
    await waitFor(
      async () => {
        await settle(context, { planTableId: table.planTableId });
        return (await stream()).marked === 1 && (await shards()).some((shard) => shard.checkpoint !== null);
      },
      { what: 'the checkpoint' },
    );
    expect(await stream()).toMatchObject({ marked: 1, beside: 1, expiries: 0 });
    expect([
      ...(await table.sql`select key_id, times from beside_write where plan_table_id = ${table.planTableId}`),
    ]).toHaveLength(1);
  });

  it('settles what came past the gateways before the copy too: an export may have been made already', async () => {
    const { sql } = rig.database;
    await sql`update plan_table set stage = 'dual_write' where id = ${table.planTableId}`;
    const { context } = await start();
    await isOpen();
    await bypass('after the export', 'in no file of it');
    await waitFor(
      async () => {
        await settle(context, { planTableId: table.planTableId });
        return (await table.items('target')).has(JSON.stringify([{ S: 'after the export' }]));
      },
      { what: 'the write past the gateways' },
    );
  });

  it('moves the checkpoint only when the keys were settled', async () => {
    let reads = 0;
    const hook: RigWorkerOptions['hook'] = async (sent) => {
      if (sent.operation === 'GetRecords') reads += 1;
      return await sent.next();
    };
    const checkpointed = async () => (await shards()).filter((shard) => shard.checkpoint !== null).length;
    const { stop } = await start({ hook });
    await isOpen();
    await bypass('late', 'value');
    await waitFor(async () => (await table.dirty()).length === 1, { what: 'the mark' });
    const before = reads;
    await waitFor(() => reads > before + 5, { what: 'the reader to go on' });
    expect(await checkpointed()).toBe(0);
    await stop();
    await start({ safeguards: without('checkpointAfterSettle') });
    await waitFor(async () => (await checkpointed()) === 1, { what: 'a checkpoint over a key that is not settled' });
    expect(await table.dirty()).toHaveLength(1);
  });

  it('reads parents before children through rolls and splits, and waits for a child that is listed late', async () => {
    const order: string[] = [];
    const { context } = await start({
      hook: async (sent) => {
        if (sent.operation === 'GetShardIterator') order.push(String(sent.input.ShardId));
        return await sent.next();
      },
    });
    await isOpen();
    const root = tree().openShards()[0] as string;
    for (let at = 0; at < 20; at += 1) await bypass(`a${at}`, 'root');
    const child = tree().roll(root);
    tree().hide(child, 3);
    for (let at = 0; at < 20; at += 1) await bypass(`b${at}`, 'child');
    const [left, right] = tree().split(child) as [string, string];
    for (let at = 0; at < 20; at += 1) await bypass(`a${at}`, 'grandchild');
    await waitFor(
      async () => {
        await settle(context, { planTableId: table.planTableId });
        return (
          (await table.divergent()).length === 0 && (await shards()).filter((one) => one.state === 'done').length === 2
        );
      },
      { what: 'everything to be settled', timeoutMs: 20_000 },
    );
    await isRead(60);
    const firstAt = (id: string) => order.indexOf(id);
    expect(firstAt(root)).toBe(0);
    expect(firstAt(child)).toBeGreaterThan(firstAt(root));
    expect(Math.min(firstAt(left), firstAt(right))).toBeGreaterThan(firstAt(child));
  });

  it('sees a canary of a gateway, and no older one', async () => {
    const { sql } = rig.database;
    await sql`update plan_table set barrier_passed_at = now() + interval '1 hour' where id = ${table.planTableId}`;
    const { canary_seen_at: none } = await (async () => {
      await start();
      await isOpen();
      await through('landfall-canary-gw1', 'before the barrier');
      await isRead(1);
      return await stream();
    })();
    expect(none).toBeNull();
    await sql`update plan_table set barrier_passed_at = now() - interval '1 hour' where id = ${table.planTableId}`;
    await through('landfall-canary-gw1', 'after it');
    await waitFor(async () => (await stream()).canary_seen_at !== null, { what: 'the canary' });
  });

  it('makes an expired iterator anew after the last record read', async () => {
    const { context } = await start();
    await isOpen();
    await through('one', 'same');
    await isRead(1);
    tree().expireIterators();
    await through('two', 'same');
    await isRead(2);
    tree().expireIterators();
    await bypass('three', 'beside');
    await waitFor(
      async () => {
        await settle(context, { planTableId: table.planTableId });
        return (await table.divergent()).length === 0;
      },
      { what: 'the third record' },
    );
    expect((await stream()).state).toBe('open');
  });

  it('stops the table when records were trimmed before they were read', async () => {
    const lost: string[] = [];
    const first = await start();
    await isOpen();
    await through('read', 'same');
    await isRead(1);
    await first.stop();
    running.splice(0);
    await bypass('never read', 'gone');
    tree().trim(tree().openShards()[0] as string);
    const { context } = await start();
    context.services.streamLost = async (_, sentence) => void lost.push(sentence);
    await waitFor(async () => (await stream()).state === 'lost', { what: 'the loss to be known' });
    expect((await stream()).fault).toMatch(/trimmed before they were read\. Seed the table again/);
    await waitFor(() => lost.length > 0, { what: 'the hold' });
  });

  it('forgets a loss when dual write begins anew', async () => {
    await start();
    await isOpen();
    await rig.database
      .sql`update table_stream set state = 'lost', lost_at = clock_timestamp() where plan_table_id = ${table.planTableId}`;
    await rig.database.sql`update plan_table set barrier_opened_at = clock_timestamp() where id = ${table.planTableId}`;
    await isOpen();
  });

  it('lets a reader that froze move nothing of its successor', async () => {
    const { stop } = await start();
    await isOpen();
    await stop();
    running.splice(0);
    const { sql } = rig.database;
    await sql`update stream_shard set lease_owner = null where plan_table_id = ${table.planTableId}`;
    const mine = async (owner: string) =>
      (await takeShards(sql, { owner, leaseMs: 1, shardsMax: 100 })).find(
        (one) => one.planTableId === table.planTableId,
      );
    const frozen = await mine('wrk_frozen');
    const successor = await waitFor(() => mine('wrk_successor'), { what: 'the lease to expire' });
    const to = { leaseMs: 60_000, throughMs: null, records: 0 };
    expect(await checkpointShard(sql, successor, { ...to, checkpoint: '20' })).toBe(true);
    expect(await checkpointShard(sql, frozen as never, { ...to, checkpoint: '10' })).toBe(false);
    expect((await shards())[0]?.checkpoint).toBe('20');
  });

  it('recognises deletes by time to live: the target follows, and nobody is said to write beside the gateways', async () => {
    const expiring = await rig.table({ ttlAttribute: 'ttl', settings: { storeTimeoutMs: 400 } });
    await rig.database.sql`update plan_table set live_channel = 'gateway_stream',
      barrier_passed_at = now() - interval '1 hour' where id = ${expiring.planTableId}`;
    table = expiring;
    const { context } = await start();
    await isOpen();
    await table.put('target', { pk: { S: 'old' }, ttl: { N: '1000000000' } });
    const record = tree().reserve({ pk: { S: 'old' } }, 'REMOVE', true);
    record.state = 'readable';
    await waitFor(
      async () => {
        await settle(context, { planTableId: table.planTableId });
        return (await table.items('target')).size === 0;
      },
      { what: 'the expired item to go' },
    );
    expect(await stream()).toMatchObject({ beside: 0, expiries: 1 });
  });
});
