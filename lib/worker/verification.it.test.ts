import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDeadLetters } from '@/db/queries/dead-letter';
import { markKeys } from '@/db/queries/dirty';
import { endFinishedRuns } from '@/db/queries/run';
import { queueRepairedMismatches } from '@/db/queries/run-mismatch';
import { putItem } from '@/lib/adapters/dynamodb/items';
import { createStoreWire } from '@/lib/adapters/dynamodb/wire';
import type { WireItem } from '@/lib/adapters/ports';
import { createSealer } from '@/lib/adapters/sealing';
import { isInSample } from '@/lib/domain/run/sample';
import { ALL_SAFEGUARDS, type SafeguardSet, without } from '@/lib/domain/safeguards';
import { TEST_SEALING_KEY } from '@/lib/testing/plan-fixture';
import { afterRequest, type Hook, RIG_SCHEMA, type Rig, type RigTable, startRig } from '@/lib/testing/worker-rig';
import type { WorkerContext } from './context';
import { recheckMismatch } from './tasks/recheck-mismatch';
import { settle } from './tasks/settle';
import { verifySegment } from './tasks/verify-segment';

const item = (pk: string, more: WireItem = {}): WireItem => ({ pk: { S: pk }, version: { N: '1' }, ...more });
const idOf = (pk: string) => JSON.stringify([`S#${pk}`]);
/** The second look at a suspect waits for two store time-outs: short ones, or each difference costs seconds. */
const SOON = { settings: { storeTimeoutMs: 700 } };

describe('a verification', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig();
  });
  afterAll(() => rig.stop());

  async function verify(table: RigTable, worker: WorkerContext): Promise<string> {
    const { runId, segmentIds } = await table.verification();
    for (const segmentId of segmentIds) await verifySegment(worker, { segmentId });
    await endFinishedRuns(table.sql);
    return runId;
  }
  const found = async (table: RigTable, runId: string) => [
    ...(await table.sql<
      {
        id: string;
        key_id: string;
        class: string;
        state: string;
        first_seen_at: Date;
        deletes_on_target: boolean;
        source_sealed: string | null;
        target_sealed: string | null;
      }[]
    >`
      select * from mismatch where run_id = ${runId} order by key_id`),
  ];
  const both = async (table: RigTable, one: WireItem) => {
    await table.put('source', one);
    await table.put('target', one);
  };

  it('names what is missing, extra, different or of another type, and seals both images', async () => {
    const table = await rig.table(SOON);
    const worker = await table.worker();
    await both(table, item('equal', { tags: { SS: ['a', 'b'] } }));
    await table.put('source', item('missing'));
    await table.put('target', item('extra'));
    await table.put('source', item('different', { city: { S: 'Köln' } }));
    await table.put('target', item('different', { city: { S: 'Bonn' } }));
    await table.put('source', item('typed', { total: { N: '5' } }));
    await table.put('target', item('typed', { total: { S: '5' } }));
    const runId = await verify(table, worker);
    const rows = await found(table, runId);
    expect(rows.map((row) => [row.key_id, row.class, row.deletes_on_target])).toEqual([
      [idOf('different'), 'different', false],
      [idOf('extra'), 'extra', true],
      [idOf('missing'), 'missing', false],
      [idOf('typed'), 'type', false],
    ]);
    const opened = createSealer(TEST_SEALING_KEY).open(rows[0]?.target_sealed as string, 'mismatch');
    expect(opened.ok && JSON.parse(opened.value)).toEqual(item('different', { city: { S: 'Bonn' } }));
    expect(rows[0]?.target_sealed).not.toContain('Bonn');
    const [sum] = await table.sql`select sum(compared)::int as compared, sum(mismatches)::int as mismatches
      from segment where run_id = ${runId}`;
    expect(sum).toEqual({ compared: 8, mismatches: 4 });
    const [run] = await table.sql`select state from run where id = ${runId}`;
    expect(run?.state).toBe('done');
  });

  it('counts a marked key as in flight and a key that is written meanwhile as hot, never as mismatches', async () => {
    const table = await rig.table(SOON);
    await table.put('source', item('marked'));
    await table.put('source', item('busy'));
    await markKeys(table.sql, {
      planTableId: table.planTableId,
      schema: RIG_SCHEMA,
      keyIds: [idOf('marked')],
      cause: 'operator',
    });
    const hook = afterRequest({ side: 'target', operation: 'BatchGetItem' }, () =>
      table.put('source', item('busy', { version: { N: '2' } })),
    );
    const runId = await verify(table, await table.worker({ hook }));
    expect(await found(table, runId)).toEqual([]);
    const [sum] = await table.sql`select sum(hot)::int as hot, sum(in_flight)::int as in_flight,
      sum(suspects)::int as suspects from segment where run_id = ${runId}`;
    expect(sum).toEqual({ hot: 1, in_flight: 1, suspects: 2 });
  });

  it('takes a key that was deleted under its page, and is made again at the second look, for no mismatch', async () => {
    const table = await rig.table(SOON);
    await both(table, item('again'));
    let isDeleted = false;
    let isResting = false;
    const hook: Hook = async (sent) => {
      const isLook = sent.operation === 'BatchGetItem';
      if (isLook && sent.side === 'target' && !isDeleted) {
        isDeleted = true;
        await table.remove('source', 'again');
        await table.remove('target', 'again');
      }
      // The write of another gateway: at the source already, and not yet at the target.
      if (isLook && isResting) await table.put('source', item('again'));
      return await sent.next();
    };
    const plain = await table.worker({ hook });
    const ledger: WorkerContext['ledger'] = {
      ...plain.ledger,
      // Asked before the rest between the two looks, and after it.
      dirtyAmong: (planTableId, keyIds) => {
        isResting = true;
        return plain.ledger.dirtyAmong(planTableId, keyIds);
      },
    };
    const worker = { ...plain, ledger };
    const runId = await verify(table, worker);
    expect(isDeleted).toBe(true);
    expect(await found(table, runId)).toEqual([]);
  });

  /**
   * A verification whose target is read from a region that lags: both keys were written on both sides, and reach that
   * region only after the first look at them.
   */
  async function verifyBehind(safeguards: SafeguardSet) {
    const table = await rig.table({ settings: { storeTimeoutMs: 500, recheckDelayMs: 1_200 } });
    await both(table, item('changed'));
    const { region } = rig.target.running;
    await region.turnOn({ lagMs: 300, reads: 'all' });
    const wire = createStoreWire(rig.target.target);
    try {
      const written = [item('changed', { version: { N: '2' } }), item('new')];
      for (const one of written) await table.put('source', one);
      let isFirst = true;
      const hook: Hook = async (sent) => {
        if (isFirst && sent.side === 'target' && sent.operation === 'BatchGetItem') {
          isFirst = false;
          for (const one of written) await putItem(wire, { table: table.name, item: one });
        }
        return await sent.next();
      };
      const runId = await verify(table, await table.worker({ safeguards, hook }));
      const [sum] = await table.sql`select sum(suspects)::int as suspects, sum(mismatches)::int as mismatches
        from segment where run_id = ${runId}`;
      return { rows: (await found(table, runId)).map((row) => `${row.key_id} ${row.class}`), sum };
    } finally {
      await wire.close();
      await region.turnOff();
    }
  }

  it('reports no difference that is only the lag of a region', async () => {
    const behind = await verifyBehind(ALL_SAFEGUARDS);
    expect(behind).toEqual({ rows: [], sum: { suspects: 2, mismatches: 0 } });
  });

  it('recheck: without the second look the lag of a region is taken for differences', async () => {
    const { rows } = await verifyBehind(without('recheck'));
    expect(rows).toEqual([`${idOf('changed')} different`, `${idOf('new')} missing`]);
  });

  it('keeps since when a difference stands, closes what a later run does not see again', async () => {
    const table = await rig.table(SOON);
    const worker = await table.worker();
    await table.put('source', item('stays'));
    await table.put('source', item('heals'));
    const first = await found(table, await verify(table, worker));
    await table.put('target', item('heals'));
    const second = await found(table, await verify(table, worker));
    expect(second.map((row) => row.key_id)).toEqual([idOf('stays')]);
    const before = first.find((row) => row.key_id === idOf('stays'));
    expect(second[0]?.first_seen_at).toEqual(before?.first_seen_at);
    const open =
      await table.sql`select key_id from mismatch where plan_table_id = ${table.planTableId} and state <> 'gone'`;
    expect(open.map((row) => row.key_id)).toEqual([idOf('stays')]);
  });

  it('closes a mismatch whose key was marked and settled, after looking again', async () => {
    const table = await rig.table(SOON);
    const worker = await table.worker();
    await table.put('source', item('a'));
    const [row] = await found(table, await verify(table, worker));
    await table.sql`update mismatch set state = 'repairing' where id = ${row?.id as string}`;
    await markKeys(table.sql, {
      planTableId: table.planTableId,
      schema: RIG_SCHEMA,
      keyIds: [idOf('a')],
      cause: 'mismatch',
    });
    await queueRepairedMismatches(table.sql);
    const queued = () => table.sql`select 1 from graphile_worker.jobs where key = ${`recheck:${row?.id}`}`;
    expect(await queued()).toHaveLength(0);
    const settled = () =>
      table.sql`select keys::int as keys from settle_count where plan_table_id = ${table.planTableId}`;
    expect(await settled()).toEqual([]);
    await settle(worker, { planTableId: table.planTableId });
    expect(await settled()).toEqual([{ keys: 1 }]);
    await queueRepairedMismatches(table.sql);
    expect(await queued()).toHaveLength(1);
    await recheckMismatch(worker, { mismatchId: row?.id as string });
    const [after] = await table.sql`select state from mismatch where id = ${row?.id as string}`;
    expect(after?.state).toBe('gone');
  });

  it('is told of an item that the target refuses for good as a dead letter, tried again when it is written', async () => {
    const table = await rig.table();
    let isRefusing = true;
    const hook: Hook = async (sent) => {
      if (!isRefusing || sent.side !== 'target' || sent.operation !== 'BatchWriteItem') return await sent.next();
      const errorType = 'ValidationException';
      const body = Buffer.from(JSON.stringify({ __type: errorType, message: 'too large' }));
      return { kind: 'refused', status: 400, headers: {}, body, errorType, message: 'too large', retryAfterMs: null };
    };
    const worker = await table.worker({ hook });
    await table.put('source', item('a'));
    const { planTableId } = table;
    const mark = () =>
      markKeys(table.sql, { planTableId, schema: RIG_SCHEMA, keyIds: [idOf('a')], cause: 'mirror_failed' });
    await mark();
    for (let turn = 0; turn < 3; turn += 1) await settle(worker, { planTableId });
    const [letter] = await readDeadLetters(table.sql, { planTableId });
    expect(letter).toMatchObject({
      keyId: idOf('a'),
      errorType: 'ValidationException',
      reason: 'too large',
      attempts: 1,
    });
    isRefusing = false;
    await settle(worker, { planTableId });
    expect(await table.dirty()).toHaveLength(1);
    await mark();
    await settle(worker, { planTableId });
    expect(await table.dirty()).toEqual([]);
    expect(await table.divergent()).toEqual([]);
  });

  it('stops at its limit of mismatches and does not call itself done', async () => {
    const table = await rig.table(SOON);
    for (const pk of ['a', 'b', 'c', 'd']) await table.put('source', item(pk));
    const worker = await table.worker({ limits: { pageItemsMax: 2 } });
    const { runId, segmentIds } = await table.verification();
    await table.sql`update run set mismatches_max = 2 where id = ${runId}`;
    for (const segmentId of segmentIds) await verifySegment(worker, { segmentId });
    const [run] = await table.sql`select state, stop_reason from run where id = ${runId}`;
    expect(run).toEqual({
      state: 'cancelled',
      stop_reason: 'Stopped at 2 mismatches; what lies behind is not compared.',
    });
    expect(await found(table, runId)).toHaveLength(2);
  });

  it('compares the drawn keys of a sample alone, on both sides, and closes nothing that it did not look at', async () => {
    const table = await rig.table({ settings: { storeTimeoutMs: 300 } });
    const worker = await table.worker();
    const keys = Array.from({ length: 60 }, (_, at) => `k${at}`);
    for (const pk of keys) await table.put(Number(pk.slice(1)) % 2 === 0 ? 'source' : 'target', item(pk));
    const full = await found(table, await verify(table, worker));
    expect(full).toHaveLength(60);
    const sample = { ppm: 300_000, salt: 'drawn' };
    const drawn = keys.filter((pk) => isInSample(sample, idOf(pk)));
    const { runId, segmentIds } = await table.verification();
    await table.sql`update run set sample_ppm = ${sample.ppm}, sample_salt = ${sample.salt} where id = ${runId}`;
    for (const segmentId of segmentIds) await verifySegment(worker, { segmentId });
    await endFinishedRuns(table.sql);
    const rows = await found(table, runId);
    expect(rows.map((row) => row.key_id).sort()).toEqual(drawn.map(idOf).sort());
    expect(new Set(rows.map((row) => row.class))).toEqual(new Set(['missing', 'extra']));
    const [sum] = await table.sql`select sum(compared)::int as compared, sum(items_read)::int as read,
      sum(items_expired)::int as expired from segment where run_id = ${runId}`;
    expect(sum).toEqual({ compared: drawn.length, read: 60, expired: 0 });
    const [open] = await table.sql`select count(distinct key_id)::int as n from mismatch
      where plan_table_id = ${table.planTableId} and state <> 'gone'`;
    expect(open?.n).toBe(60);
  });

  it('leaves expired items apart on both sides', async () => {
    const table = await rig.table({ ttlAttribute: 'expires' });
    const past = { expires: { N: String(Math.floor(Date.now() / 1000) - 3_600) } };
    await table.put('source', item('a', past));
    await table.put('target', item('b', past));
    const runId = await verify(table, await table.worker());
    expect(await found(table, runId)).toEqual([]);
    const [sum] = await table.sql`select sum(items_expired)::int as expired, sum(compared)::int as compared
      from segment where run_id = ${runId}`;
    expect(sum).toEqual({ expired: 2, compared: 0 });
  });
});
