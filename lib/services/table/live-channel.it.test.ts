import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADA, openServiceRig, type ServiceRig, VIEWER } from '@/lib/testing/service-rig';
import { backfillView } from '../view/run-view';
import { dryRun } from './dry-run';
import { setLiveChannel } from './live-channel';
import { streamLost } from './stream-lost';

describe('the live channel of a table', () => {
  let rig: ServiceRig;
  beforeAll(async () => {
    rig = await openServiceRig();
  });
  afterAll(async () => {
    await rig.close();
  });
  const gatesOf = async (tableId: string) =>
    (await dryRun(rig.ctx, ADA, { tableId, verb: 'begin_backfill' })).gates.map((gate) => gate.gate);

  it('is chosen while the table is planned, by an operator, and adds its gates', async () => {
    const table = await rig.newTable();
    const choice = { tableId: table.id, liveChannel: 'gateway_stream' as const };
    await expect(setLiveChannel(rig.ctx, VIEWER, choice)).rejects.toMatchObject({ code: 'auth.role_too_low' });
    await setLiveChannel(rig.ctx, ADA, choice);
    const { stream, source } = await backfillView(rig.ctx, VIEWER, table.id);
    expect(stream).toMatchObject({ state: 'opening', lagMs: null, headroomMs: null, besideGateway: 0, shards: [] });
    expect(source).toMatchObject({ isOpen: true, export: null });
    await rig.sql`update plan_table set stage = 'dual_write' where id = ${table.id}`;
    expect(await gatesOf(table.id)).toContain('stream_proven');
    await expect(setLiveChannel(rig.ctx, ADA, choice)).rejects.toMatchObject({ code: 'table.move_refused' });
  });

  it('says lag and headroom from the oldest record that is not settled, waiting shards included', async () => {
    const table = await rig.newTable({ stage: 'dual_write' });
    await rig.sql`update plan_table set live_channel = 'gateway_stream' where id = ${table.id}`;
    await rig.sql`insert into table_stream (plan_table_id, arn, view, state, position_at, canary_seen_at)
      values (${table.id}, 'arn', 'KEYS_ONLY', 'open', now(), now())`;
    await rig.sql`insert into stream_shard (plan_table_id, shard_id, parent_id, state, through_at) values
      (${table.id}, 'a', null, 'done', now() - interval '9 hours'), (${table.id}, 'b', 'a', 'reading', now()),
      (${table.id}, 'c', 'b', 'waiting', now() - interval '2 hours')`;
    const { stream } = await backfillView(rig.ctx, VIEWER, table.id);
    expect(stream?.lagMs).toBeGreaterThan(7_199_000);
    expect(stream?.headroomMs).toBeLessThan(22.01 * 3_600_000);
    expect(stream?.shards.map((shard) => shard.id)).toEqual(['c', 'b']);
  });

  it('that lost records holds the table, and no gate lets it go on', async () => {
    const table = await rig.newTable({ stage: 'dual_write' });
    await rig.sql`update plan_table set live_channel = 'gateway_stream' where id = ${table.id}`;
    await rig.sql`insert into table_stream (plan_table_id, state, fault, lost_at)
      values (${table.id}, 'lost', 'Trimmed. Seed the table again.', now())`;
    await streamLost(rig.ctx, { tableId: table.id, sentence: 'Trimmed. Seed the table again.' });
    expect(await table.look()).toMatchObject({ hold_kind: 'fault' });
    await rig.sql`update plan_table set hold_kind = null where id = ${table.id}`;
    const { gates } = await dryRun(rig.ctx, ADA, { tableId: table.id, verb: 'begin_backfill' });
    expect(gates.find((gate) => gate.gate === 'stream_proven')).toMatchObject({
      met: false,
      observed: 'Trimmed. Seed the table again.',
    });
  });
});
