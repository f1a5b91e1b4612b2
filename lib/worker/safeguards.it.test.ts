/**
 * Each rule that workers obey, proven both ways: with every rule on the sides end equal; with that one rule off the same
 * interleaving ends wrong. A rule whose test cannot turn red protects nothing.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { markKeys } from '@/db/queries/dirty';
import type { WireItem, WireOutcome } from '@/lib/adapters/ports';
import { ALL_SAFEGUARDS, type SafeguardSet, without } from '@/lib/domain/safeguards';
import { waitFor } from '@/lib/testing/wait-for';
import { afterRequest, type Hook, RIG_SCHEMA, type Rig, startRig } from '@/lib/testing/worker-rig';
import { obeyFences } from './loops/control';
import { holdsRound } from './loops/holds';
import { backfillSegment } from './tasks/backfill-segment';
import { settle } from './tasks/settle';
import { verifySegment } from './tasks/verify-segment';

const item = (pk: string, version: number, more: WireItem = {}): WireItem => ({
  pk: { S: pk },
  version: { N: String(version) },
  ...more,
});
const idOf = (pk: string) => JSON.stringify([`S#${pk}`]);

describe('with a rule of the protocol off, its interleaving goes wrong', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig();
  });
  afterAll(() => rig.stop());

  /** Runs `scene` with all rules on (must give nothing) and with the rule off (must give a violation). */
  async function proves(off: SafeguardSet, scene: (safeguards: SafeguardSet) => Promise<unknown[]>): Promise<void> {
    expect(await scene(ALL_SAFEGUARDS)).toEqual([]);
    expect(await scene(off)).not.toEqual([]);
  }

  it('confirm: a key deleted between scan and write does not come back', async () => {
    await proves(without('confirm'), async (safeguards) => {
      const table = await rig.table();
      await table.put('source', item('a', 1));
      // The application's delete, mirrored and confirmed while the page is on its way.
      const hook = afterRequest({ side: 'source', operation: 'Scan' }, async () => {
        await table.remove('source', 'a');
        await table.remove('target', 'a');
      });
      const worker = await table.worker({ safeguards, hook });
      await backfillSegment(worker, { segmentId: await table.backfill() });
      await table.converge(worker);
      return await table.divergent();
    });
  });

  it('unknownOutcomes: a write that nobody answered for is not taken for done', async () => {
    await proves(without('unknownOutcomes'), async (safeguards) => {
      const table = await rig.table();
      await table.put('source', item('a', 1));
      const fault = table.faults.target.add({
        kind: 'drop_before',
        operations: ['BatchWriteItem'],
        bodyIncludes: table.name,
        times: 1,
      });
      const worker = await table.worker({ safeguards });
      await backfillSegment(worker, { segmentId: await table.backfill() });
      await table.converge(worker);
      table.faults.target.remove(fault.id);
      return await table.divergent();
    });
  });

  it('holdUntil: a write that arrives late does not overwrite what was settled meanwhile', async () => {
    await proves(without('holdUntil'), async (safeguards) => {
      const table = await rig.table({ settings: { storeTimeoutMs: 300, deltaMs: 2_500 } });
      await table.put('source', item('a', 1));
      const late = { kind: 'late' as const, operations: ['BatchWriteItem'], bodyIncludes: table.name, delayMs: 1_500 };
      const fault = table.faults.target.add({ ...late, times: 1 });
      const worker = await table.worker({ safeguards });
      await backfillSegment(worker, { segmentId: await table.backfill() });
      await table.put('source', item('a', 2));
      await table.put('target', item('a', 2));
      await table.converge(worker);
      await waitFor(async () => (await table.items('target')).size > 0);
      // The late write has landed, whenever the row went: 1.5 s after it was sent.
      await waitUntilLanded(worker.clock.monotonicMs() + 1_600);
      table.faults.target.remove(fault.id);
      return await table.divergent();
    });
  });

  it('settleConfirm: a settle does not leave an older image over a newer mirror', async () => {
    await proves(without('settleConfirm'), async (safeguards) => {
      const table = await rig.table();
      await table.put('source', item('a', 1));
      const hook = afterRequest({ side: 'source', operation: 'BatchGetItem' }, async () => {
        await table.put('source', item('a', 2));
        await table.put('target', item('a', 2));
      });
      const worker = await table.worker({ safeguards, hook });
      await mark(table, 'a');
      await table.converge(worker);
      return await table.divergent();
    });
  });

  it('generations: a mark that comes during a settle outlives it', async () => {
    await proves(without('generations'), async (safeguards) => {
      const table = await rig.table();
      await table.put('source', item('a', 1));
      // After the confirming read: a write whose mirror failed.
      const hook = afterRequest({ side: 'source', operation: 'BatchGetItem', nth: 2 }, async () => {
        await table.put('source', item('a', 2));
        await mark(table, 'a');
      });
      const worker = await table.worker({ safeguards, hook });
      await mark(table, 'a');
      await table.converge(worker);
      return await table.divergent();
    });
  });

  it.each([
    ['takeOverMarks', without('takeOverMarks')],
    ['pageKeys', without('pageKeys')],
  ] as const)('%s: what a dead worker wrote and did not confirm is settled by its heir', async (_, off) => {
    await proves(off, async (safeguards) => {
      const table = await rig.table({ settings: { storeTimeoutMs: 1_000 } });
      await table.put('source', item('a', 1));
      let isDead = false;
      const dies: Hook = async (sent) => {
        if (isDead || (sent.side === 'source' && sent.operation === 'BatchGetItem')) {
          isDead = true;
          throw new Error('the process was killed between a write and its confirmation');
        }
        const outcome = await sent.next();
        if (sent.operation === 'Scan') {
          await table.remove('source', 'a');
          await table.remove('target', 'a');
        }
        return outcome;
      };
      const dead = await table.worker({ safeguards, hook: dies, limits: { leaseMs: 3_000 } });
      const segmentId = await table.backfill();
      await expect(backfillSegment(dead, { segmentId })).rejects.toThrow('killed');
      const heir = await table.worker({ safeguards });
      await waitFor(
        async () => {
          await backfillSegment(heir, { segmentId });
          return (await table.sql`select 1 from segment where id = ${segmentId} and state = 'done'`).length === 1;
        },
        { what: 'the heir to finish the segment', everyMs: 200 },
      );
      if (safeguards.takeOverMarks && safeguards.pageKeys) {
        expect((await table.dirty()).map((row) => row.hold_open_for)).toEqual([dead.workerId]);
      }
      await table.exited(dead);
      await table.converge(heir);
      return await table.divergent();
    });
  });

  it('closes the hold of a former holder that lives once everything it had in hand has ended', async () => {
    const table = await rig.table({ settings: { storeTimeoutMs: 1_000 } });
    await table.put('source', item('a', 1));
    const breaks: Hook = async (sent) => {
      if (sent.side === 'source' && sent.operation === 'BatchGetItem') throw new Error('something broke');
      return await sent.next();
    };
    const former = await table.worker({ hook: breaks, limits: { leaseMs: 2_500 } });
    const segmentId = await table.backfill();
    await expect(backfillSegment(former, { segmentId })).rejects.toThrow('broke');
    const heir = await table.worker();
    await waitFor(
      async () => {
        await backfillSegment(heir, { segmentId });
        return (await table.dirty()).length === 1;
      },
      { what: 'the heir to mark the page', everyMs: 200 },
    );
    const inHand = former.gates.enter(table.planTableId);
    const acknowledging = holdsRound(former);
    await settle(heir, { planTableId: table.planTableId });
    expect((await table.dirty()).map((row) => row.hold_open_for)).toEqual([former.workerId]);
    inHand?.();
    await acknowledging;
    expect((await table.dirty()).map((row) => row.hold_open_for)).toEqual([null]);
    await table.converge(heir);
    expect(await table.divergent()).toEqual([]);
  });

  it('leaseCheck: a holder that slept past its lease sends nothing more', async () => {
    await proves(without('leaseCheck'), async (safeguards) => {
      const table = await rig.table();
      await table.put('source', item('a', 1));
      let sleptMs = 0;
      const sent: string[] = [];
      const hook: Hook = async (request) => {
        if (request.side === 'target') sent.push(request.operation);
        const outcome = await request.next();
        if (request.operation === 'Scan') sleptMs = 60_000;
        return outcome;
      };
      const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() + sleptMs };
      const worker = await table.worker({ safeguards, hook, clock });
      await backfillSegment(worker, { segmentId: await table.backfill() });
      return sent;
    });
  });

  it('consistentScan: what a replica has not seen yet is copied all the same', async () => {
    await proves(without('consistentScan'), async (safeguards) => {
      const table = await rig.table();
      await table.put('source', item('a', 1));
      await table.put('source', item('b', 1));
      const hook: Hook = async (sent) => {
        const outcome = await sent.next();
        const isStale = sent.operation === 'Scan' && sent.input.ConsistentRead !== true;
        return isStale ? withoutItem(outcome, 'b') : outcome;
      };
      const worker = await table.worker({ safeguards, hook });
      await backfillSegment(worker, { segmentId: await table.backfill() });
      await table.converge(worker);
      return await table.divergent();
    });
  });

  it('expiredAbsent: an expired item is not brought to the target', async () => {
    await proves(without('expiredAbsent'), async (safeguards) => {
      const table = await rig.table({ ttlAttribute: 'expires' });
      const seconds = Math.floor(Date.now() / 1000);
      await table.put('source', item('old', 1, { expires: { N: String(seconds - 3_600) } }));
      await table.put('source', item('new', 1, { expires: { N: String(seconds + 3_600) } }));
      const worker = await table.worker({ safeguards });
      const segmentId = await table.backfill();
      await backfillSegment(worker, { segmentId });
      if (safeguards.expiredAbsent) {
        const [row] = await table.sql`select items_read::int as read, items_written::int as written,
          items_expired::int as expired from segment where id = ${segmentId}`;
        expect(row).toEqual({ read: 2, written: 1, expired: 1 });
      }
      return [...(await table.items('target')).keys()].filter((key) => key.includes('old'));
    });
  });

  it('recheck: a mirror on its way is no mismatch', async () => {
    await proves(without('recheck'), async (safeguards) => {
      const table = await rig.table({ settings: { storeTimeoutMs: 900 } });
      await table.put('source', item('a', 1));
      // Behind the page's look and the look at both sides at one time, before the one that the rule asks for.
      const last = { side: 'target', operation: 'BatchGetItem', nth: 2 } as const;
      const hook = afterRequest(last, () => table.put('target', item('a', 1)));
      const worker = await table.worker({ safeguards, hook });
      const { runId, segmentIds } = await table.verification();
      for (const segmentId of segmentIds) await verifySegment(worker, { segmentId });
      return [...(await table.sql`select class from mismatch where run_id = ${runId}`)];
    });
  });

  it('workersStop: a worker says that it stopped only when nothing of it is in flight', async () => {
    await proves(without('workersStop'), async (safeguards) => {
      const table = await rig.table();
      await table.put('source', item('a', 1));
      let release = () => {};
      const isHeld = new Promise<void>((done) => {
        release = done;
      });
      let isInFlight = false;
      const hook: Hook = async (sent) => {
        if (sent.side === 'target') {
          isInFlight = true;
          await isHeld;
        }
        return await sent.next().finally(() => {
          if (sent.side === 'target') isInFlight = false;
        });
      };
      const worker = await table.worker({ safeguards, hook });
      await mark(table, 'a');
      const settling = settle(worker, { planTableId: table.planTableId });
      await waitFor(() => isInFlight, { what: 'the settle to be in flight' });
      const fenceId = await openFence(table);
      const early: string[] = [];
      const obeying = obeyFences(worker).then(() => {
        if (isInFlight) early.push('said stopped while a write was in flight');
      });
      await Promise.race([obeying, waitFor(() => worker.gates.isStopped(table.planTableId))]);
      release();
      await Promise.all([settling, obeying]);
      expect(await table.sql`select worker_id from fence_worker where fence_id = ${fenceId}`).toHaveLength(1);
      await mark(table, 'b');
      await settle(worker, { planTableId: table.planTableId });
      if (safeguards.workersStop) expect((await table.dirty()).some((row) => row.key_id === idOf('b'))).toBe(true);
      return early;
    });
  });

  const mark = (table: Awaited<ReturnType<Rig['table']>>, pk: string) =>
    markKeys(table.sql, { planTableId: table.planTableId, schema: RIG_SCHEMA, keyIds: [idOf(pk)], cause: 'operator' });

  const waitUntilLanded = (atMs: number) =>
    waitFor(() => performance.now() >= atMs, { what: 'the late write to land', everyMs: 50 });

  async function openFence(table: Awaited<ReturnType<Rig['table']>>): Promise<string> {
    const fenceId = `fnc_${table.name}`;
    await table.sql`insert into fence (id, plan_table_id, plan_id, verb, step, plan_hash, hold_epoch, opened_by, reason,
        bound_at)
      select ${fenceId}, t.id, t.plan_id, 'flip_writes', 'settled', 'hash', 3, 'test', 'test', now() + interval '1 minute'
      from plan_table t where t.id = ${table.planTableId}`;
    return fenceId;
  }

  function withoutItem(outcome: WireOutcome, pk: string): WireOutcome {
    if (outcome.kind !== 'ok') return outcome;
    const page = JSON.parse(outcome.body.toString()) as { Items: WireItem[]; Count: number; ScannedCount: number };
    page.Items = page.Items.filter((one) => (one.pk as { S: string }).S !== pk);
    page.Count = page.Items.length;
    return { ...outcome, body: Buffer.from(JSON.stringify(page)) };
  }
});
