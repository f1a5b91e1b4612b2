import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startAlertReceiver } from './alert-receiver';
import { Engine } from './engine';
import { loadSampleData, SAMPLE_COUNTS, SAMPLE_TABLES } from './sample-data';

const NOW_S = 1_800_000_000;

describe('the sample data', () => {
  const path = mkdtempSync(join(tmpdir(), 'landfall-sample-'));
  let engine: Engine;
  const ask = async (operation: string, input: object) =>
    JSON.parse((await engine.execute(operation, JSON.stringify(input))).body);

  beforeAll(async () => {
    engine = new Engine({ path });
    await loadSampleData(engine, NOW_S);
  });
  afterAll(async () => {
    await engine.close();
    rmSync(path, { recursive: true });
  });

  test('fills every table, once', async () => {
    expect(await loadSampleData(engine, NOW_S)).toBeNull();
    for (const table of SAMPLE_TABLES) {
      const { Table } = await ask('DescribeTable', { TableName: table });
      expect(Table.ItemCount).toBe(SAMPLE_COUNTS[table]);
    }
  });

  test('holds every type of attribute, a 38-digit number and an attribute named __proto__', async () => {
    const { body } = await engine.execute(
      'Scan',
      JSON.stringify({ TableName: 'orders', FilterExpression: 'attribute_exists(ledger)', Limit: 20_000 }),
    );
    expect(body).toMatch(/"ledger":\{"N":"\d{38}"\}/);
    for (const type of ['S', 'N', 'BOOL', 'L', 'M', 'SS', 'NS', 'B', 'BS']) expect(body).toContain(`{"${type}":`);
    const zero = await ask('Query', {
      TableName: 'orders',
      KeyConditionExpression: 'tenant = :t',
      ExpressionAttributeValues: { ':t': { S: 'tenant#0' } },
    });
    expect(zero.Items.some((item: object) => Object.hasOwn(item, '__proto__'))).toBe(true);
  });

  test('has sessions past their time and sessions before it', async () => {
    const { Items } = await ask('Scan', { TableName: 'sessions' });
    const expired = Items.filter((item: { expires: { N: string } }) => Number(item.expires.N) < NOW_S).length;
    expect(expired).toBe(SAMPLE_COUNTS.sessions / 5);
    const { TimeToLiveDescription } = await ask('DescribeTimeToLive', { TableName: 'sessions' });
    expect(TimeToLiveDescription).toEqual({ AttributeName: 'expires', TimeToLiveStatus: 'ENABLED' });
  });
});

test('the receiver of alerts takes what is signed and refuses what is not', async () => {
  const receiver = await startAlertReceiver({ port: 0, secret: 'a secret of the demo' });
  const body = JSON.stringify({ sentence: 'Test' });
  const signed = (at: number, secret = 'a secret of the demo') => {
    const hmac = createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
    return { 'x-landfall-timestamp': String(at), 'x-landfall-signature': `sha256=${hmac}` };
  };
  const post = async (headers: Record<string, string>) =>
    (await fetch(receiver.url, { method: 'POST', body, headers })).status;
  const nowS = Math.floor(Date.now() / 1000);
  expect(await post(signed(nowS))).toBe(204);
  expect(await post(signed(nowS, 'another'))).toBe(401);
  expect(await post(signed(nowS - 3_600))).toBe(401);
  expect(await post({})).toBe(401);
  expect(receiver.received).toMatchObject([
    { isSigned: true, body: { sentence: 'Test' } },
    { isSigned: false },
    {},
    {},
  ]);
  await receiver.close();
});
