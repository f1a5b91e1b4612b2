import { join } from 'node:path';
import {
  CreateTableCommand,
  DeleteTableCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STAGE_ENTRIES, type StaticRig, startStaticRig } from '@/lib/testing/static-rig';
import { contents, putOne } from '@/lib/testing/store-contents';
import { waitFor } from '@/lib/testing/wait-for';

let rig: StaticRig;
beforeAll(async () => {
  rig = await startStaticRig();
});
afterAll(() => rig.stop());

const plain = (name: string, sort = false) =>
  new CreateTableCommand({
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      ...(sort ? [{ AttributeName: 'sk', AttributeType: 'N' as const }] : []),
      { AttributeName: 'other', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      ...(sort ? [{ AttributeName: 'sk', KeyType: 'RANGE' as const }] : []),
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'by_other',
        KeySchema: [{ AttributeName: 'other', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  });

const both = async (table: string, keys: string[]) => ({
  source: await contents(rig.source.running.engine, table, keys),
  target: await contents(rig.target.running.engine, table, keys),
});

describe('a gateway on a routing document', () => {
  it('learns a table that its client makes, makes it on the target without indexes, and writes both stores', async () => {
    const gateway = await rig.gateway({ '*': STAGE_ENTRIES.dual_write });
    const client = rig.clientOf(gateway.url);
    await client.send(plain('made', true));
    await client.send(
      new PutItemCommand({ TableName: 'made', Item: { pk: { S: 'a' }, sk: { N: '1' }, other: { S: 'o' } } }),
    );
    await client.send(
      new UpdateItemCommand({
        TableName: 'made',
        Key: { pk: { S: 'a' }, sk: { N: '1' } },
        UpdateExpression: 'ADD hits :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
      }),
    );
    const found = await client.send(
      new QueryCommand({
        ...{ TableName: 'made', IndexName: 'by_other', KeyConditionExpression: '#o = :o' },
        ExpressionAttributeNames: { '#o': 'other' },
        ExpressionAttributeValues: { ':o': { S: 'o' } },
      }),
    );
    expect(found.Items?.[0]?.hits?.N).toBe('1');
    await waitFor(
      async () => {
        const { source, target } = await both('made', ['pk', 'sk']);
        return source.size === 1 && JSON.stringify([...source]) === JSON.stringify([...target]);
      },
      { what: 'the image on the target' },
    );
    await waitFor(() => gateway.dirty() === 0, { what: 'nothing dirty' });
  });

  it('forgets what a table was when it is made anew with another key, and none of its old items come back', async () => {
    const gateway = await rig.gateway({ '*': STAGE_ENTRIES.dual_write });
    const client = rig.clientOf(gateway.url);
    await client.send(plain('again'));
    await client.send(new PutItemCommand({ TableName: 'again', Item: { pk: { S: 'old' } } }));
    await client.send(new DeleteTableCommand({ TableName: 'again' }));
    await waitFor(
      () =>
        client.send(plain('again', true)).then(
          () => true,
          () => false,
        ),
      { what: 'the table to be made again' },
    );
    await client.send(new PutItemCommand({ TableName: 'again', Item: { pk: { S: 'new' }, sk: { N: '7' } } }));
    await waitFor(async () => (await both('again', ['pk', 'sk'])).target.size === 1, { what: 'the new item' });
    expect([...(await both('again', ['pk', 'sk'])).target.keys()]).toEqual(['[{"S":"new"},{"N":"7"}]']);
  });

  it('gives the refusal of the store for a table that is not there', async () => {
    const gateway = await rig.gateway({ '*': STAGE_ENTRIES.dual_write });
    const client = rig.clientOf(gateway.url);
    await expect(client.send(new GetItemCommand({ TableName: 'nowhere', Key: { pk: { S: 'a' } } }))).rejects.toThrow(
      /Requested resource not found/,
    );
  });

  it('settles by itself what the target did not take, and what a killed gateway left open', async () => {
    await rig.source.createTable('settled', { partition: { name: 'pk', type: 'S' } });
    await rig.target.createTable('settled', { partition: { name: 'pk', type: 'S' } });
    const folder = join(rig.folder, 'killed');
    const entries = { settled: { ...STAGE_ENTRIES.dual_write, deltaMs: 200, storeTimeoutMs: 300 } };
    const first = await rig.gateway(entries, { folder });
    const fault = rig.target.running.faults.add({ kind: 'server_error', operations: ['PutItem', 'BatchWriteItem'] });
    const client = rig.clientOf(first.url);
    await client.send(new PutItemCommand({ TableName: 'settled', Item: { pk: { S: 'a' }, v: { N: '1' } } }));
    await waitFor(() => first.dirty() === 1, { what: 'a dirty key' });
    await first.crash();
    rig.target.running.faults.remove(fault.id);
    expect((await both('settled', ['pk'])).target.size).toBe(0);

    const second = await rig.gateway(entries, { folder });
    expect(second.dirty()).toBe(1);
    await waitFor(() => second.dirty() === 0, { what: 'the key settled by the next process' });
    const { source, target } = await both('settled', ['pk']);
    expect(target).toEqual(source);
  });

  it('refuses to turn authority round while a key of the former direction is not settled', async () => {
    await rig.source.createTable('turned', { partition: { name: 'pk', type: 'S' } });
    const folder = join(rig.folder, 'turned');
    const first = await rig.gateway({ '*': STAGE_ENTRIES.dual_write }, { folder });
    const client = rig.clientOf(first.url);
    // The target lacks the table, so the key stays dirty.
    await client.send(new PutItemCommand({ TableName: 'turned', Item: { pk: { S: 'a' } } }));
    await waitFor(() => first.dirty() === 1, { what: 'a dirty key' });
    await first.close();
    await expect(rig.gateway({ '*': STAGE_ENTRIES.target_first }, { folder })).rejects.toThrow(/other direction/);
  });

  it('falls back to the source for what the target lacks, and then the target has it', async () => {
    await rig.source.createTable('missed', { partition: { name: 'pk', type: 'S' } });
    await rig.target.createTable('missed', { partition: { name: 'pk', type: 'S' } });
    await putOne(rig.source.running.engine, 'missed', { pk: { S: 'a' }, v: { S: 'only there' } });
    const gateway = await rig.gateway({ missed: STAGE_ENTRIES.shift_100 });
    const client = rig.clientOf(gateway.url);
    const { Item } = await client.send(new GetItemCommand({ TableName: 'missed', Key: { pk: { S: 'a' } } }));
    expect(Item?.v?.S).toBe('only there');
    await waitFor(async () => (await both('missed', ['pk'])).target.size === 1, { what: 'the settled key' });
  });

  it('obeys another document at once', async () => {
    await rig.source.createTable('reread', { partition: { name: 'pk', type: 'S' } });
    await rig.target.createTable('reread', { partition: { name: 'pk', type: 'S' } });
    const gateway = await rig.gateway({ '*': STAGE_ENTRIES.source });
    const client = rig.clientOf(gateway.url);
    await client.send(new PutItemCommand({ TableName: 'reread', Item: { pk: { S: 'a' } } }));
    await gateway.take(rig.document({ '*': STAGE_ENTRIES.dual_write }));
    await client.send(new PutItemCommand({ TableName: 'reread', Item: { pk: { S: 'b' } } }));
    expect([...(await both('reread', ['pk'])).target.keys()]).toEqual(['[{"S":"b"}]']);
  });

  it('verifies the keys that the document names', async () => {
    const key = { accessKeyId: 'APPLICATION', secretAccessKey: 'its secret' };
    const gateway = await rig.gateway(
      { '*': STAGE_ENTRIES.source },
      { document: { verifySignatures: true, applicationKeys: [{ ...key, tables: ['made'] }] } },
    );
    const read = new GetItemCommand({ TableName: 'made', Key: { pk: { S: 'a' }, sk: { N: '1' } } });
    await expect(rig.clientOf(gateway.url, key).send(read)).resolves.toBeDefined();
    await expect(rig.clientOf(gateway.url, { ...key, secretAccessKey: 'wrong' }).send(read)).rejects.toThrow(/token/);
  });

  it('has the numbers, the breaker and the notice of an end that a gateway of a plan has', async () => {
    for (const name of ['spared', 'flipped']) {
      await rig.source.createTable(name, { partition: { name: 'pk', type: 'S' } });
      await rig.target.createTable(name, { partition: { name: 'pk', type: 'S' } });
    }
    const entry = { storeTimeoutMs: 1_000, mirrorWaitMsMax: 0, deltaMs: 200 };
    const shift = { spared: { ...STAGE_ENTRIES.shift_100, ...entry } };
    const gateway = await rig.gateway(shift, { metrics: { host: '127.0.0.1', port: 0, token: null }, drainMs: 600 });
    const client = rig.clientOf(gateway.url);
    const numbers = async () => await (await fetch(gateway.metricsUrl as string)).text();
    const ready = async () => (await fetch(`${gateway.url}/ready`)).status;
    const put = (TableName: string, id: string) =>
      client.send(new PutItemCommand({ TableName, Item: { pk: { S: id } } }));

    const fault = rig.target.running.faults.add({ kind: 'server_error' });
    for (let n = 0; n < 8; n += 1) await put('spared', `k${n}`);
    await waitFor(async () => /breaker_state\{store="target"\} [12]\n/.test(await numbers()), { what: 'the breaker' });
    // The source is the truth: nobody sees it, and nobody is sent away.
    expect(await ready()).toBe(200);
    expect(await numbers()).toContain('requests_total{operation="PutItem",outcome="ok"} 8\n');
    expect(await numbers()).toMatch(
      /store_attempts_total\{store="target",operation="\w+",outcome="server_error"\} [1-9]/,
    );
    expect(await numbers()).toMatch(/landfall_gateway_dirty_keys [1-9]/);

    await gateway.take(rig.document({ ...shift, flipped: { ...STAGE_ENTRIES.target, ...entry } }));
    expect(await ready()).toBe(200);
    rig.target.running.faults.remove(fault.id);
    await waitFor(async () => (await numbers()).includes('landfall_gateway_dirty_keys 0\n'), { what: 'all settled' });

    const closed = gateway.close();
    await waitFor(async () => (await ready()) === 503, { what: 'the notice' });
    await put('flipped', 'served while it ends');
    await closed;
    await expect(fetch(`${gateway.url}/live`)).rejects.toThrow();
    await expect(fetch(gateway.metricsUrl as string)).rejects.toThrow();
  });

  it('sends nobody here while its only truth is a target that does not answer', async () => {
    const keySchema = { partition: { name: 'pk', type: 'S' } };
    const gateway = await rig.gateway({ flipped: { ...STAGE_ENTRIES.target, storeTimeoutMs: 1_000, keySchema } });
    const client = rig.clientOf(gateway.url);
    const ready = async () => (await fetch(`${gateway.url}/ready`)).status;
    const fault = rig.target.running.faults.add({ kind: 'server_error' });
    const read = new GetItemCommand({ TableName: 'flipped', Key: { pk: { S: 'a' } } });
    for (let n = 0; n < 5; n += 1) await client.send(read).catch(() => {});
    expect(await ready()).toBe(503);
    rig.target.running.faults.remove(fault.id);
    await waitFor(async () => (await ready()) === 200, { what: 'ready again', timeoutMs: 20_000 });
  });
});
