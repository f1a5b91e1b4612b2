/** Keys as long and as odd as DynamoDB allows, on the gateway's way to Postgres. */
import { createHash } from 'node:crypto';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GatewayRig, type RigGateway, startGatewayRig } from '@/lib/testing/gateway-rig';
import { waitFor } from '@/lib/testing/wait-for';

const S = (text: string) => ({ S: text });

describe('a key of full length with NUL in it', () => {
  let rig: GatewayRig;
  let gateway: RigGateway;
  let table: string;
  beforeAll(async () => {
    rig = await startGatewayRig({ settings: { storeTimeoutMs: 500, mirrorWaitMsMax: 100 } });
    gateway = await rig.gateway('one');
    table = await rig.table('orders', { partition: { name: 'pk', type: 'S' }, sort: { name: 'sk', type: 'S' } });
    await rig.stageEverywhere(table, 'dual_write');
  });
  afterAll(() => rig.stop());

  it('is marked like any other, stands in no other key’s way, and its intent is cleared', async () => {
    const odd = (length: number) => {
      let text = String.fromCharCode(0);
      for (let at = 0; text.length < length; at += 1) {
        for (const byte of createHash('sha512').update(`${length} ${at}`).digest())
          text += String.fromCharCode(byte & 127);
      }
      return text.slice(0, length);
    };
    rig.target.running.faults.add({ kind: 'drop_before' });
    const put = (pk: string, sk: string) =>
      gateway.client.send(new PutItemCommand({ TableName: 'orders', Item: { pk: S(pk), sk: S(sk) } }));
    await Promise.all([put(odd(2_048), odd(1_024)), put('short', 'key')]);
    await waitFor(async () => (await rig.dirty(table)).length === 2, { what: 'both keys to be marked' });
    await put('short', 'again');
    await waitFor(async () => (await rig.dirty(table)).length === 3, { what: 'the third key to be marked' });
    const open = () => rig.database.sql`select 1 from gateway where intents_open > 0`;
    await waitFor(async () => (await open()).length === 0, { what: 'every intent to be cleared' });
    expect((await rig.dirty(table)).every((row) => row.held)).toBe(true);
  });
});
