import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { markKeys } from '@/db/queries/dirty';
import { recordWorkerExit } from '@/db/queries/worker';
import { keyId } from '@/lib/domain/item/key';
import { createTestDatabase, type TestDatabase } from '@/lib/testing/database';
import { startTestSource, startTestTarget } from '@/lib/testing/emulator';
import { insertPlan, insertRun } from '@/lib/testing/plan-fixture';
import {
  contents,
  deleteOne,
  keyText,
  putItems,
  putOne,
  sortedText,
  watchRequests,
} from '@/lib/testing/store-contents';
import { waitFor } from '@/lib/testing/wait-for';
import { spawnWorker, type WorkerProcess } from '@/lib/testing/worker-process';

const SCHEMA = { partition: { name: 'pk', type: 'S' as const }, sort: { name: 'sk', type: 'N' as const } };
const KEYS = ['pk', 'sk'];
const ITEMS = 6_000;
const SEGMENTS = 4;
const itemOf = (at: number, version: number) => ({
  pk: { S: `p${at % 101}` },
  sk: { N: String(at) },
  version: { N: String(version) },
  // A store ends a page at 1 MB; each segment is to have several.
  body: { S: 'x'.repeat(1_500) },
});

/** What the application was told: the text of each item that must be there; a missing entry must be absent. */
class Acknowledged {
  readonly items = new Map<string, string>();
  readonly deleted = new Set<string>();
  put(item: ReturnType<typeof itemOf>): void {
    this.items.set(keyText(item, KEYS), sortedText(item));
    this.deleted.delete(keyText(item, KEYS));
  }
  delete(item: ReturnType<typeof itemOf>): void {
    this.items.delete(keyText(item, KEYS));
    this.deleted.add(keyText(item, KEYS));
  }
}

describe('a worker killed in the middle of a page', () => {
  let database: TestDatabase;
  let source: Awaited<ReturnType<typeof startTestSource>>;
  let target: Awaited<ReturnType<typeof startTestTarget>>;
  const workers: WorkerProcess[] = [];

  beforeAll(async () => {
    [database, source, target] = await Promise.all([createTestDatabase(), startTestSource(), startTestTarget()]);
    await Promise.all([source.createTable('orders', SCHEMA), target.createTable('orders', SCHEMA)]);
  });
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await Promise.all([source.stop(), target.stop()]);
    await database.drop();
  });

  /** Ended before the stores are, whatever became of the test. */
  const running: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((application) => application.stop()));
  });

  it('loses nothing, brings no deleted item back, and costs at most one page a segment', {
    timeout: 120_000,
  }, async () => {
    const { sql } = database;
    const acknowledged = new Acknowledged();
    const first = Array.from({ length: ITEMS }, (_, at) => itemOf(at, 0));
    await putItems(source.running.engine, 'orders', first);
    for (const item of first) acknowledged.put(item);
    const settings = { storeTimeoutMs: 2_500, deltaMs: 2_000 };
    const stores = { source: source.target, target: target.target };
    const { planTableId } = await insertPlan(sql, { ...stores, table: 'orders', schema: SCHEMA, settings });
    // The stage stays, so that no verification scans the source before the pages are counted.
    await sql`update plan_table set hold_kind = 'gate', hold_reason = 'test' where id = ${planTableId}`;
    const scans = countScans();
    // Slow enough that the kill falls between the first write of a page and its confirmation.
    target.running.faults.add({ kind: 'delay', operations: ['BatchWriteItem'], delayMs: 15 });
    const { runId } = await insertRun(sql, planTableId, { kind: 'backfill', segments: SEGMENTS });
    const application = runApplication(planTableId, acknowledged);
    running.push(application);

    const victim = await spawnWorker({ databaseUrl: database.url });
    workers.push(victim);
    const open = await waitFor(
      async () => {
        const rows = await sql`select id from segment where run_id = ${runId} and pages >= 1 and page_keys is not null
          and lease_owner = ${victim.workerId}`;
        return rows.length > 0 ? rows : null;
      },
      { what: 'an open page after a stored checkpoint', timeoutMs: 40_000, everyMs: 5 },
    );
    await victim.kill();
    scans.killed();
    expect(open.length).toBeGreaterThan(0);
    const left = await sql<{ id: string; keys: number }[]>`select id, jsonb_array_length(page_keys) as keys
      from segment where run_id = ${runId} and page_keys is not null`;
    expect(left.length).toBeGreaterThan(0);

    const heir = await spawnWorker({ databaseUrl: database.url });
    workers.push(heir);
    await waitFor(
      async () =>
        (await sql`select 1 from segment where run_id = ${runId} and lease_owner = ${heir.workerId}`).length > 0,
      { what: 'the other worker to take a segment over', timeoutMs: 20_000 },
    );
    // Marked at the take-over, and open until somebody has seen the former process end: its supervisor, or, here, the
    // other worker of the same machine.
    await waitFor(
      async () =>
        (await sql`select 1 from dirty_key where hold_open_for = ${victim.workerId} or hold_until is not null`).length >
        0,
      { what: 'the keys of the open page to be marked' },
    );
    await recordWorkerExit(sql, victim.workerId);

    await waitFor(async () => (await sql`select 1 from run where id = ${runId} and state = 'done'`).length === 1, {
      what: 'the run to be done',
      timeoutMs: 60_000,
    });
    await application.stop();
    await waitFor(async () => (await sql`select 1 from dirty_key limit 1`).length === 0, {
      what: 'every dirty key to be settled',
      timeoutMs: 30_000,
    });

    const [there, truth] = await Promise.all([
      contents(target.running.engine, 'orders', KEYS),
      contents(source.running.engine, 'orders', KEYS),
    ]);
    expect(truth).toEqual(acknowledged.items);
    expect(there.size).toBe(truth.size);
    expect([...there].filter(([key, item]) => truth.get(key) !== item)).toEqual([]);
    expect([...acknowledged.deleted].filter((key) => there.has(key))).toEqual([]);
    expect(acknowledged.deleted.size).toBeGreaterThan(10);
    const repeats = scans.repeatedAfterKill();
    expect(repeats.size).toBeGreaterThan(0);
    expect(Math.max(...repeats.values())).toBe(1);
    const [sum] = await sql`select sum(items_read)::int as read,
      sum(items_written + items_expired + items_set_aside + items_marked)::int as accounted from segment
      where run_id = ${runId}`;
    expect(sum?.read).toBe(sum?.accounted);
  });

  /** Writes, overwrites and deletes as a gateway whose mirror fails: source first, then the mark, then the answer. */
  function runApplication(planTableId: string, acknowledged: Acknowledged): { stop(): Promise<void> } {
    let isOver = false;
    let version = 1;
    const running = (async () => {
      while (!isOver) {
        const at = Math.floor(Math.random() * ITEMS * 1.02);
        const item = itemOf(at, version);
        version += 1;
        const isDelete = Math.random() < 0.4;
        if (isDelete) await deleteOne(source.running.engine, 'orders', { pk: item.pk, sk: item.sk });
        else await putOne(source.running.engine, 'orders', item);
        const id = keyId(item, SCHEMA);
        if (!id.ok) throw new Error('the item has a key');
        const marks = { planTableId, schema: SCHEMA, keyIds: [id.value], cause: 'mirror_failed' as const };
        await markKeys(database.sql, marks);
        if (isDelete) acknowledged.delete(item);
        else acknowledged.put(item);
      }
    })();
    return {
      stop: async () => {
        isOver = true;
        await running;
      },
    };
  }

  /** Pages that the heir asked for although the victim had already, by segment. */
  function countScans(): { killed(): void; repeatedAfterKill(): Map<number, number> } {
    const before = new Set<string>();
    const after = new Set<string>();
    let asked = before;
    watchRequests(source.running.engine, (operation, input) => {
      if (operation === 'Scan') asked.add(`${input.Segment}|${JSON.stringify(input.ExclusiveStartKey ?? null)}`);
    });
    return {
      killed: () => {
        asked = after;
      },
      repeatedAfterKill: () => {
        const repeated = new Map<number, number>();
        for (const page of after) {
          if (!before.has(page)) continue;
          const segment = Number(page.split('|')[0]);
          repeated.set(segment, (repeated.get(segment) ?? 0) + 1);
        }
        return repeated;
      },
    };
  }
});
