/** Where tables, stores and fences meet inside one gateway: trouble of one is no trouble of the next. */
import { BatchWriteItemCommand, GetItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { routingOf } from '@/lib/domain/plan/steps';
import { type GatewayRig, type RigGateway, startGatewayRig } from '@/lib/testing/gateway-rig';
import { waitFor } from '@/lib/testing/wait-for';

const S = (text: string) => ({ S: text });
const KEYS = { partition: { name: 'pk', type: 'S' as const } };
const ARN = 'arn:aws:dynamodb:eu-central-1:123456789012:table/';

describe('a gateway', () => {
  let rig: GatewayRig;
  let gateway: RigGateway;
  beforeEach(async () => {
    rig = await startGatewayRig({ settings: { holdMsMax: 20_000, storeTimeoutMs: 900, mirrorWaitMsMax: 200 } });
    gateway = await rig.gateway('one');
  });
  afterEach(() => rig.stop());

  const put = (TableName: string, pk: string) =>
    gateway.client.send(new PutItemCommand({ TableName, Item: { pk: S(pk) } }));
  const on = async (side: 'source' | 'target', TableName: string, pk: string) =>
    ((await rig[side].running.engine.run('GetItem', { TableName, Key: { pk: S(pk) } })) as { Item?: object }).Item ??
    null;

  it('is quiet for a fence while a request on a table that no plan speaks of is under way', async () => {
    const table = await rig.table('orders', KEYS);
    await rig.source.createTable('elsewhere', KEYS);
    await rig.stageEverywhere(table, 'shift');
    rig.source.running.faults.add({ kind: 'delay', operations: ['Scan'], delayMs: 8_000 });
    let isAnswered = false;
    const scanning = gateway.client.send(new ScanCommand({ TableName: 'elsewhere' })).then(() => {
      isAnswered = true;
    });
    await waitFor(() => rig.source.running.faults.list()[0]?.hit === 1, { what: 'the scan to be under way' });
    const epoch = await rig.publish(table, { ...routingOf('dual_write', 'shift', 0), writes: 'held' });
    await rig.acknowledged(epoch);
    expect(isAnswered).toBe(false);
    await scanning;
  });

  it('acknowledges no epoch while a write is under way that began before its table came under a plan', async () => {
    rig.source.running.faults.add({ kind: 'delay', operations: ['PutItem'], delayMs: 2_500 });
    let isAnswered = false;
    const writing = put('later', 'a').then(
      () => {
        isAnswered = true;
      },
      () => {
        isAnswered = true;
      },
    );
    await waitFor(() => rig.source.running.faults.list()[0]?.hit === 1, { what: 'the write to be under way' });
    const table = await rig.table('later', KEYS);
    await rig.acknowledged(await rig.stage(table, 'dual_write'));
    expect(isAnswered).toBe(true);
    await writing;
  });

  it('lets a held write go within a second though nobody told it of the release', async () => {
    const table = await rig.table('orders', KEYS);
    await rig.stageEverywhere(table, 'shift');
    await rig.acknowledged(await rig.publish(table, { ...routingOf('dual_write', 'shift', 0), writes: 'held' }));
    let isWritten = false;
    const writing = put('orders', 'a').then(() => {
      isWritten = true;
    });
    // A release whose notification is lost.
    await rig.database.sql.begin(async (tx) => {
      await tx`update routing_head set epoch = epoch + 1`;
      await tx`update routing set writes = 'source_target', epoch = (select epoch from routing_head)
        where plan_table_id = ${table}`;
    });
    await waitFor(() => isWritten, { what: 'the write', timeoutMs: 1_500 });
    await writing;
  });

  it('proves the channel of one table though the canary of another cannot be written', async () => {
    const [first, second] = [await rig.table('a-broken', KEYS), await rig.table('b-whole', KEYS)];
    for (const table of [first, second]) await rig.stageEverywhere(table, 'dual_write');
    rig.source.running.faults.add({ kind: 'throttle_dynamodb', operations: ['PutItem'], bodyIncludes: 'a-broken' });
    await rig.canary(first, 'nonce-a');
    await rig.canary(second, 'nonce-b');
    await waitFor(
      async () =>
        (
          await rig.database
            .sql`select 1 from gateway_table where plan_table_id = ${second} and canary_nonce = 'nonce-b'`
        ).length === 1,
      { what: 'the canary of the second table' },
    );
  });

  it('answers a write, marks its key and clears its intent, though the other side cannot even be asked', async () => {
    const table = await rig.table('orders', KEYS);
    await rig.stageEverywhere(table, 'dual_write');
    await rig.database.sql`update connection set credential_sealed = 'unreadable' where id = ${rig.targetConnectionId}`;
    await rig.stageEverywhere(table, 'dual_write');
    await put('orders', 'a');
    expect(await on('source', 'orders', 'a')).toEqual({ pk: S('a') });
    await waitFor(async () => (await rig.dirty(table)).length === 1, { what: 'the key to be marked' });
    await waitFor(async () => (await rig.database.sql`select 1 from gateway where intents_open > 0`).length === 0, {
      what: 'its intent to be cleared',
    });
  });

  it('never drops entries of a batch that names one table in two ways', async () => {
    const table = await rig.table('orders', KEYS);
    await rig.stageEverywhere(table, 'target_first');
    const entry = (pk: string) => [{ PutRequest: { Item: { pk: S(pk) } } }];
    const asked = new BatchWriteItemCommand({
      RequestItems: { orders: entry('by-name'), [`${ARN}orders`]: entry('by-arn') },
    });
    const said = await gateway.client.send(asked).then(
      () => 'written',
      (error: { name: string }) => error.name,
    );
    const there = [await on('target', 'orders', 'by-name'), await on('target', 'orders', 'by-arn')];
    expect(said === 'written' ? there.every((item) => item !== null) : there.every((item) => item === null)).toBe(true);
    await gateway.client.send(new GetItemCommand({ TableName: `${ARN}orders`, Key: { pk: S('by-arn') } }));
  });
});
