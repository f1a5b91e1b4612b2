import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pruneTrafficSamples } from '@/db/queries/process/prune';
import type { MismatchRowView } from '@/lib/contracts/views';
import { AppError } from '@/lib/domain/errors';
import { ADA, GRACE, openServiceRig, type RigTable, type ServiceRig, VIEWER } from '@/lib/testing/service-rig';
import { waitFor } from '@/lib/testing/wait-for';
import { TRAFFIC_KEPT_MS } from '../process/keep-house';
import { activityView } from './activity-view';
import { fleetView } from './fleet-view';
import { asCsvLine, asFile } from './mismatch-export';
import { mismatchFilterOf, mismatchListView, pageOf } from './mismatch-list';
import { IMAGE_PURPOSE, mismatchView } from './mismatch-view';
import { moveView } from './move-view';
import { planView } from './plan-view';
import { backfillView, mismatchPages, verificationView } from './run-view';
import { tableView } from './table-view';
import { trafficView } from './traffic-view';

let rig: ServiceRig;
let orders: RigTable;
let quiet: RigTable;

const codeOf = async (act: Promise<unknown>): Promise<string> => {
  const error = await act.then(
    () => null,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(AppError);
  return (error as AppError).code;
};

beforeAll(async () => {
  rig = await openServiceRig();
  quiet = await rig.newTable();
  orders = await rig.newTable({ stage: 'shift' });
  await orders.makeReady();
  await orders.makeVerified();
  await rig.sql`update plan_table set read_share_milli = 10000, share_since = now() - interval '10 minutes' where id = ${orders.id}`;
  await rig.sql`update routing set read_share_milli = 10000 where plan_table_id = ${orders.id}`;
  await rig.sql`insert into event (id, plan_id, plan_table_id, kind, sentence, actor_kind, actor, epoch, before, after)
    values ('evt_share', ${orders.planId}, ${orders.id}, 'move.set_read_share', 'Reads to 10 %.', 'person', 'Ada', 2,
      '{"readShareMilli":0}', '{"readShareMilli":10000}')`;
  const gateway = await orders.gateway('one');
  await gateway.acknowledge();
});
afterAll(async () => {
  await rig.close();
});

describe('the observed share', () => {
  test('is null without reads: nothing is painted as done before it is observed', async () => {
    const view = await tableView(rig.ctx, VIEWER, orders.id);
    expect(view.share).toMatchObject({ desiredMilli: 10_000, observedMilli: null, acknowledged: 1, registered: 1 });
    expect(view.sentence).toContain('no reads yet');
  });

  test('is what gateways did, with fall-backs in it and unroutable reads beside it', async () => {
    await orders.traffic({ reads_source: 880, reads_target: 100, reads_fallback_missing: 20, reads_unroutable: 7 });
    const view = await tableView(rig.ctx, VIEWER, orders.id);
    expect(view.share).toMatchObject({ observedMilli: 10_000, routableReads: 1_000, unroutableReads: 7 });
  });

  test('a silent gateway still counts and is named while it lags', async () => {
    const late = await orders.gateway('late');
    await rig.sql`update gateway set last_seen_at = now() - interval '1 hour' where id = ${late.id}`;
    const view = await tableView(rig.ctx, VIEWER, orders.id);
    expect(view.share).toMatchObject({ acknowledged: 1, registered: 2, lagging: ['late'] });
    expect(view.needs).not.toBeNull();
    await rig.sql`update gateway set state = 'goodbye' where id = ${late.id}`;
  });
});

describe('a table', () => {
  test('shows every move of its stage with gates and steps, to a viewer too', async () => {
    const view = await tableView(rig.ctx, VIEWER, orders.id);
    expect(view.moves.map((move) => move.verb)).toEqual([
      'set_read_share',
      'flip_writes',
      'reads_to_source',
      'abandon',
    ]);
    const flip = view.moves.find((move) => move.verb === 'flip_writes')!;
    expect(flip.allowed).toBe(false);
    expect(flip.refusal).toContain('role operator');
    expect(flip.gates.length).toBeGreaterThan(5);
    expect(flip.steps.map((step) => step.kind)).toContain('flip');
  });

  test('a dry run is what the table shows, and an unknown move is refused by name', async () => {
    const move = await moveView(rig.ctx, ADA, { tableId: orders.id, verb: 'set_read_share', readShareMilli: 0 });
    expect(move).toMatchObject({ allowed: true, gates: [] });
    expect(await codeOf(moveView(rig.ctx, ADA, { tableId: orders.id, verb: 'leap' }))).toBe('table.move_unknown');
    expect(await codeOf(moveView(rig.ctx, ADA, { tableId: 'tbl_nope', verb: 'abandon' }))).toBe('table.not_found');
  });

  test('shows an approval by another person as current until the steps change', async () => {
    const { planHash } = await moveView(rig.ctx, ADA, { tableId: orders.id, verb: 'flip_writes' });
    await rig.sql`insert into approval (id, plan_table_id, verb, plan_hash, approved_by, approved_by_name, expires_at)
      values ('apr_1', ${orders.id}, 'flip_writes', ${planHash}, ${GRACE.id}, 'Grace', now() + interval '1 hour')`;
    const before = await moveView(rig.ctx, ADA, { tableId: orders.id, verb: 'flip_writes' });
    expect(before.approval).toMatchObject({ by: 'Grace', current: true });
    await rig.sql`update plan_table set version = version + 1 where id = ${orders.id}`;
    const after = await moveView(rig.ctx, ADA, { tableId: orders.id, verb: 'flip_writes' });
    expect(after.approval).toMatchObject({ by: 'Grace', current: false });
  });

  test('that there is not is refused by name everywhere', async () => {
    for (const act of [tableView, backfillView, verificationView])
      expect(await codeOf(act(rig.ctx, VIEWER, 'tbl_nope'))).toBe('table.not_found');
    expect(await codeOf(trafficView(rig.ctx, VIEWER, { tableId: 'tbl_nope' }))).toBe('table.not_found');
    expect(await codeOf(planView(rig.ctx, VIEWER, 'pln_nope'))).toBe('plan.not_found');
  });
});

describe('the fleet', () => {
  test('puts what is wrong first, then what waits for a decision', async () => {
    await rig.sql`update plan_table set hold_kind = 'fault', hold_reason = 'The target lost items.', hold_by = 'Landfall',
      hold_since = now() where id = ${orders.id}`;
    const fleet = await fleetView(rig.ctx, VIEWER);
    expect(fleet.tables.map((table) => table.tableId)).toEqual([orders.id, quiet.id]);
    expect(fleet.tables[0]).toMatchObject({ needs: 'Fault: The target lost items.', hold: { kind: 'fault' } });
    expect(fleet.tables[1]?.needs).toBe('Assess this table.');
    expect(fleet.counts).toEqual({ needsPerson: 2, moving: 1, done: 0 });
    await rig.sql`update plan_table set hold_kind = null where id = ${orders.id}`;
  });

  test('of two hundred tables answers within two seconds', async () => {
    await rig.sql`insert into plan_table (id, plan_id, name, alias, target_name, stage, key_schema, shape, salt)
      select 'tbl_many_' || n, plan_id, 'many' || n, 'many' || n, 'many' || n, 'dual_write', key_schema, shape, 'many:v1'
      from plan_table, generate_series(1, 200) n where id = ${quiet.id}`;
    const before = performance.now();
    const fleet = await fleetView(rig.ctx, VIEWER);
    const tookMs = performance.now() - before;
    await rig.sql`delete from plan_table where id like 'tbl_many_%'`;
    expect(fleet.tables).toHaveLength(202);
    expect(tookMs).toBeLessThan(2_000);
  });
});

describe('traffic', () => {
  test('is per second, and a second without a report is a gap and never zero', async () => {
    const at = new Date(Date.now() - 60_000);
    await rig.sql`insert into traffic_sample (plan_table_id, gateway_id, epoch, at, span_ms, reads_source, reads_target, source_p50_us)
      values (${orders.id}, 'gw_test', 2, ${at}, 1000, 30, 10, 1500)`;
    const view = await trafficView(rig.ctx, VIEWER, { tableId: orders.id, rangeMs: 300_000 });
    expect(view.stepMs).toBe(2_000);
    expect(view.points.length).toBe(150);
    const filled = view.points.filter((point) => point.readsSource !== null);
    expect(filled.length).toBeGreaterThan(0);
    expect(
      view.points.filter((point) => point.readsSource === null).every((point) => point.observedMilli === null),
    ).toBe(true);
    const bin = filled.find((point) => Math.abs(Date.parse(point.at) - at.getTime()) < 2_000);
    expect(bin).toMatchObject({ readsSource: 15, readsTarget: 5, observedMilli: 25_000, sourceP50Ms: 1.5 });
    const marked = async () => (await trafficView(rig.ctx, VIEWER, { tableId: orders.id, rangeMs: 300_000 })).marks;
    // A chart ends at the last whole step, so a move of this moment is on the next one.
    await waitFor(async () => (await marked()).some((mark) => mark.kind === 'stage'), { what: 'the mark of a stage' });
  });

  test('masks keys for a viewer', async () => {
    await rig.sql`insert into dirty_key (plan_table_id, key_id, key, cause, generation)
      values (${orders.id}, '["S#customer-7"]', '{"pk":{"S":"customer-7"}}', 'mirror_failed', 1)`;
    const forViewer = await trafficView(rig.ctx, VIEWER, { tableId: orders.id });
    expect(forViewer.dirtyKeys[0]?.key).toMatch(/^key [A-Za-z0-9_-]{22}$/);
    const forOperator = await trafficView(rig.ctx, ADA, { tableId: orders.id });
    expect(forOperator.dirtyKeys[0]?.key).toBe('customer-7');
    await rig.sql`delete from dirty_key`;
  });
});

describe('old samples', () => {
  test('go, but what used a closed source stays until the table is retired', async () => {
    const old = (id: string, reads: number) => rig.sql`
      insert into traffic_sample (plan_table_id, gateway_id, epoch, at, span_ms, reads_source, reads_target)
      values (${id}, 'gw_old', 1, now() - interval '9 days', 1000, ${reads}, 5)`;
    await rig.sql`update plan_table set stage = 'backup', backup_since = now() - interval '10 days' where id = ${quiet.id}`;
    await old(orders.id, 3);
    await old(quiet.id, 3);
    await old(quiet.id, 0);
    expect(await pruneTrafficSamples(rig.sql, TRAFFIC_KEPT_MS)).toBe(2);
    expect(await pruneTrafficSamples(rig.sql, TRAFFIC_KEPT_MS)).toBe(0);
    await rig.sql`update plan_table set stage = 'planned', backup_since = null where id = ${quiet.id}`;
  });
});

describe('a mismatch', () => {
  const insert = async () => {
    const [run] = await rig.sql<{ id: string }[]>`select id from run where plan_table_id = ${orders.id} limit 1`;
    const seal = (image: object) => rig.ctx.sealer.seal(JSON.stringify(image), IMAGE_PURPOSE);
    const [a, b] = [seal({ pk: { S: 'k' }, total: { N: '12' } }), seal({ pk: { S: 'k' }, total: { N: '13' } })];
    await rig.sql`insert into mismatch (id, run_id, plan_table_id, key_id, key, class, attributes, source_sealed, target_sealed)
      values ('mis_1', ${run!.id}, ${orders.id}, '["S#k"]', '{"pk":{"S":"k"}}', 'different',
        '[{"attribute":"total","class":"different"}]', ${a}, ${b})`;
  };

  test('shows values to operators and only types and sizes to viewers', async () => {
    await insert();
    const input = { tableId: orders.id, mismatchId: 'mis_1' };
    const seen = await mismatchView(rig.ctx, ADA, input);
    expect(seen.rows).toEqual([
      { attribute: 'total', class: 'different', source: '{"N":"12"}', target: '{"N":"13"}' },
      { attribute: 'pk', class: 'equal', source: '{"S":"k"}', target: '{"S":"k"}' },
    ]);
    const masked = await mismatchView(rig.ctx, VIEWER, input);
    expect(masked.masked).toBe(true);
    expect(masked.rows[0]).toEqual({ attribute: 'total', class: 'different', source: 'N, 2 B', target: 'N, 2 B' });
    expect(JSON.stringify(masked)).not.toContain('12"');
    expect(await codeOf(mismatchView(rig.ctx, ADA, { tableId: quiet.id, mismatchId: 'mis_1' }))).toBe(
      'mismatch.not_found',
    );
  });

  test('is listed and exported with its key for operators alone', async () => {
    const view = await verificationView(rig.ctx, VIEWER, orders.id);
    expect(view.freshness.isFresh).toBe(true);
    expect(view.evidence.settled).toBeNull();
    await rig.sql`insert into settle_count (plan_table_id, keys) values (${orders.id}, 10)`;
    await rig.sql`insert into run (id, plan_table_id, kind, generation, state, segments_total, started_by, keys_settled_before)
      values ('run_bf', ${orders.id}, 'backfill', 1, 'done', 1, 'test', 3)`;
    await rig.sql`insert into shadow_sample (id, plan_table_id, gateway_id, key_id, class, answered_by, operation, epoch)
      values ('shd_1', ${orders.id}, 'gw', '["S#k"]', 'missing', 'source', 'GetItem', 1)`;
    await orders.traffic({ shadow_compared: 40, shadow_missing: 2 });
    const { evidence, sqlReadBacks } = await verificationView(rig.ctx, VIEWER, orders.id);
    expect(evidence).toMatchObject({ settled: { keys: 7 }, dirty: { count: 0, oldestMs: null } });
    expect(evidence.shadow).toMatchObject({ window: { compared: 40, classes: { missing: 2 } }, kept: { missing: 1 } });
    expect(sqlReadBacks).toEqual({ isPossible: false, looks: [] });
    const list = (actor: typeof ADA, query: string) => {
      const given = new URLSearchParams(query);
      return mismatchListView(rig.ctx, actor, {
        tableId: orders.id,
        filter: mismatchFilterOf(given),
        page: pageOf(given),
      });
    };
    const [first] = (await list(VIEWER, '')).rows;
    expect(first?.key).not.toContain('k ');
    // What a viewer may not see cannot be searched for either.
    expect(await codeOf(list(VIEWER, 'key=k'))).toBe('auth.role_too_low');
    const ask = (filter: Parameters<typeof mismatchPages>[2]['filter'] = {}) => ({ tableId: orders.id, filter });
    expect(await codeOf(mismatchPages(rig.ctx, VIEWER, ask()))).toBe('auth.role_too_low');
    await rig.sql`insert into mismatch (id, run_id, plan_table_id, key_id, key, class)
      select 'mis_n' || n, (select run_id from mismatch where id = 'mis_1'), ${orders.id}, '["S#=cmd' || n || '"]', '{}', 'extra'
      from generate_series(1, 1200) n`;
    const file = async (filter: Parameters<typeof mismatchPages>[2]['filter'], format: 'csv' | 'jsonl') => {
      const chunks: string[] = [];
      const utf8 = new TextDecoder();
      for await (const bytes of asFile(await mismatchPages(rig.ctx, ADA, ask(filter)), format))
        chunks.push(utf8.decode(bytes));
      return chunks;
    };
    const page = await list(ADA, 'class=extra&key=cmd1&page=2');
    expect(page).toMatchObject({ found: 312, all: 1_201, open: 1_201, page: 2, pageRows: 50 });
    expect(page.openByClass).toEqual({ missing: 0, extra: 1_200, different: 1, type: 0 });
    expect(page.openSince).not.toBeNull();
    expect(page.rows).toHaveLength(50);
    expect(page.rows.every((row) => row.key.startsWith('=cmd1'))).toBe(true);
    expect((await list(ADA, 'key=%3Dcmd7%22')).found).toBe(0);
    expect((await list(ADA, 'key=cmd1&page=99')).rows).toEqual([]);
    // In pages, so that the memory of the web process knows nothing of their number.
    const all = await file({}, 'csv');
    expect(all.length).toBeGreaterThanOrEqual(4);
    const lines = all.join('').trimEnd().split('\r\n');
    expect(lines).toHaveLength(1_202);
    expect(lines.filter((line) => line.includes(",'=cmd"))).toHaveLength(1_200);
    expect(await file({ class: 'different' }, 'jsonl')).toHaveLength(1);
    const [one] = (await file({ keyParts: ['=cmd7"'] }, 'jsonl')).map((line) => JSON.parse(line));
    expect(one).toMatchObject({ key: '=cmd7', class: 'extra', repair: { does: 'deletes', side: 'target' } });
    await rig.sql`delete from mismatch where id like 'mis_n%'`;
    const formula: MismatchRowView = { ...one, key: '=cmd|"x"' };
    expect(asCsvLine(formula)).toContain(`"'=cmd|""x"""`);
  });
});

describe('the record', () => {
  test('is newest first, a page at a time, without losing or repeating an entry', async () => {
    await rig.sql`insert into event (id, kind, sentence, actor_kind, actor, at)
      select 'evt_' || lpad(n::text, 4, '0'), 'test.happened', 'Number ' || n, 'system', 'Landfall', now()
      from generate_series(1, 120) n`;
    const seen: string[] = [];
    let before: string | null = null;
    do {
      const page = await activityView(rig.ctx, VIEWER, { kind: 'test', before });
      seen.push(...page.events.map((event) => event.id));
      before = page.before;
    } while (before !== null && seen.length < 500);
    expect(seen.length).toBe(120);
    expect(new Set(seen).size).toBe(120);
    expect(await codeOf(activityView(rig.ctx, VIEWER, { before: "'; drop" }))).toBe('input.invalid');
  });

  test('is filtered by table and text, and says whether its chain is whole', async () => {
    const own = await activityView(rig.ctx, VIEWER, { tableId: orders.id });
    expect(own.events.map((event) => event.id)).toEqual(['evt_share']);
    expect((await activityView(rig.ctx, VIEWER, { text: '100%' })).events).toEqual([]);
    expect(own.chain.verified).toBe(true);
  });
});
